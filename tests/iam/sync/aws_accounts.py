"""An AWS account behind a proxy that injects faults, the mirror of it, and what one has and the other has not."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from django.db import connection as database

from iam import sealing
from iam.models import Account, Change, Connection
from iam.principals import Principal
from iam.queries.document_parts import key_of
from iam.queries.documents import documents_of, entities_of, name_of
from iam.sync import carrying
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.reading import read_account
from iam.sync.compare import differences
from iam.sync.made_by_aws import without_what_aws_makes
from tests.factories import allow, connection_session, make_account, make_connection, make_user, principal_of


def connect(owner: Account, url: str, account_id: str = "", **details: Any) -> Connection:
    """Connect an account to one of its own in a simulated AWS, by a role there."""
    account_id = account_id or str(secrets.randbelow(9 * 10**11) + 10**11)
    return make_connection(
        owner,
        account_id,
        **{
            "source": Connection.Source.KEYS,
            "access_key_id": "AKIAIOSFODNN7EXAMPLE",
            "sealed_keys": sealing.seal(json.dumps({"secret_access_key": "secret"})),
            "role_arn": f"arn:aws:iam::{account_id}:role/console",
            "endpoint_url": url,
            **details,
        },
    )


def administrator(connection: Connection, name: str = "alice") -> Principal:
    """Return somebody who has entered the AWS account."""
    user = make_user(connection.owner, name, statements=[allow("sts:AssumeRole")])
    return connection_session(connection, principal_of(user))


def new_mirror(url: str) -> tuple[Connection, Principal]:
    """Return a connection to an AWS account that is empty, and somebody who has entered it."""
    connection = connect(make_account(), url)
    return connection, administrator(connection)


def client_of(connection: Connection, url: str) -> Any:
    """Return a client of IAM that is somebody else's, straight at AWS."""
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
    there = {"region_name": "us-east-1", "endpoint_url": url}
    sts = boto3.client("sts", **keys, **there)
    session = sts.assume_role(RoleArn=connection.role_arn, RoleSessionName="somebody-else")["Credentials"]
    return boto3.client(
        "iam",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        **there,
    )


def drain(connection: Connection) -> None:
    """Carry all that can be carried now, whatever its time."""
    account_id = str(connection.account_id)
    for _ in range(10):
        Change.objects.filter(account=account_id).update(next_attempt_at=connection.created_at)
        Connection.objects.filter(pk=connection.pk).update(retry_at=None)
        carrying.drain(account_id)
        if not Change.objects.filter(account=account_id, state__in=["pending", "applying", "applied"]).exists():
            return


@contextmanager
def worker(connection: Connection) -> Iterator[None]:
    """Carry changes beside what the test does, as a worker would."""
    ends = threading.Event()

    def carry() -> None:
        while not ends.wait(0.02):
            carrying.drain(str(connection.account_id))
        database.close()

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def unlike_aws(connection: Connection) -> dict[Any, Any]:
    """Return what the mirror and AWS have differently, by entity."""
    account_id = str(connection.account_id)
    ours = documents_of(account_id, entities_of(account_id))
    theirs = {}
    for page in read_account(Clients(connection), {}):
        theirs.update({key_of(each.kind, name_of(each.kind, each.document)): each.document for each in page.snapshots})
    found = {}
    for key in ours.keys() | theirs.keys():
        if key[0] != "account" and (
            different := differences(without_what_aws_makes(ours.get(key)), without_what_aws_makes(theirs.get(key)))
        ):
            found[key] = different
    return found
