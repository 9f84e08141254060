"""`manage.py connect_account`: connect an AWS account without a browser, and print how far that is as JSON."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iam.errors import IamError
from iam.management.refusals import refusals_told
from iam.models import Connection, RootUser
from iam.operations import connections
from iam.principals import Principal, root_principal
from iam.queries.connection_records import ConnectionRecord, find_connection
from iam.sync.testing_connections import test_connection

# A worker's own credentials are the worker's: it tests first, and only where none answers this process does.
WORKER_SECONDS = 10
POLL_SECONDS = 0.2


def root_of(account_id: str) -> Principal:
    """Return the root user of an account. Raises IamError NoSuchEntity."""
    root = RootUser.objects.filter(account=account_id).first()
    if root is None:
        raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.")
    return root_principal(account_id, root.email)


class Command(BaseCommand):
    """Exits with status 1 where the test of the connection fails, or the import does while it is waited for."""

    help = "Connect an AWS account to a local one, test the connection and start the import; print JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who manages the connection, and how workers reach the account."""
        parser.add_argument(
            "--owner", required=True, metavar="ID", help="the local account that manages the connection"
        )
        parser.add_argument("--name", default="AWS account", help="what the account is called in this console")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--environment", action="store_true", help="the credentials of the workers (the default)")
        source.add_argument("--profile", default="", metavar="NAME", help="a profile of the workers")
        source.add_argument("--access-key-id", default="", metavar="KEY", help="an access key; see --secret-stdin")
        parser.add_argument(
            "--secret-stdin",
            action="store_true",
            help="read the secret access key from standard input, and a session token from a second line",
        )
        parser.add_argument("--role-arn", default="", metavar="ARN", help="the role to assume with these credentials")
        parser.add_argument("--external-id", default="", help="the external ID of the role; made up unless given")
        parser.add_argument("--region", default="us-east-1")
        parser.add_argument("--endpoint-url", default="", metavar="URL", help="where to call instead of AWS")
        parser.add_argument("--read-only", action="store_true", help="refuse every change")
        parser.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="wait so long for the import")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the connection, test it, and tell."""
        owner = options["owner"]
        with refusals_told():
            connection = connections.create_connection(root_of(owner), **self._fields(options))
            record = self._tested(owner, connection)
            deadline = time.monotonic() + options["wait"]
            while self._is_importing(record) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
                record = self._find(owner, connection)
        self.stdout.write(json.dumps(_told(record)))
        if "error_code" in record.result:
            raise CommandError(f"{record.result['error_code']}: {record.result['error_message']}")
        if record.newest_import and record.newest_import.state == "failed" and options["wait"]:
            raise CommandError(f"{record.newest_import.error_code}: {record.newest_import.error_message}")

    def _fields(self, options: dict[str, Any]) -> dict[str, Any]:
        keys = None
        if options["access_key_id"]:
            if not options["secret_stdin"]:
                raise CommandError("The secret access key is read from standard input: add --secret-stdin.")
            secret, token = (sys.stdin.readline().strip() for _ in range(2))
            keys = connections.Keys(options["access_key_id"], secret, token)
        source = "keys" if keys else "profile" if options["profile"] else "environment"
        return {
            "name": options["name"],
            "source": source,
            "profile": options["profile"],
            "keys": keys,
            "assumes_role": bool(options["role_arn"] or options["external_id"]),
            "role_arn": options["role_arn"],
            "external_id": options["external_id"],
            "region": options["region"],
            "endpoint_url": options["endpoint_url"],
            "is_read_only": options["read_only"],
        }

    def _tested(self, owner: str, connection: Connection) -> ConnectionRecord:
        deadline = time.monotonic() + (0 if connection.source == Connection.Source.KEYS else WORKER_SECONDS)
        while (record := self._find(owner, connection)).is_testing:
            if time.monotonic() >= deadline and test_connection(connection.pk):
                continue
            time.sleep(POLL_SECONDS)
        return record

    def _find(self, owner: str, connection: Connection) -> ConnectionRecord:
        record = find_connection(owner, connection.pk)
        if record is None:
            raise IamError("NoSuchEntity", "The connection was deleted meanwhile.")
        return record

    def _is_importing(self, record: ConnectionRecord) -> bool:
        return record.newest_import is not None and record.newest_import.is_open


def _told(record: ConnectionRecord) -> dict[str, Any]:
    newest = record.newest_import
    return {
        "connection_id": str(record.id),
        "account_id": record.account_id,
        "entry_role_arn": record.entry_role_arn,
        "external_id": record.external_id,
        "caller_arn": record.result.get("caller_arn") or record.result.get("worker_arn", ""),
        "state": str(record.state),
        "denied": record.denied,
        "import": {"state": newest.state, "counts": dict(newest.counts)} if newest else None,
    }
