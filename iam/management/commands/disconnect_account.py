"""`manage.py disconnect_account`: forget an AWS account and the connection to it; AWS itself is not touched."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.errors import IamError
from iam.management.commands.connect_account import root_of
from iam.management.refusals import refusals_told
from iam.models import Connection
from iam.operations import connections


class Command(BaseCommand):
    """Refuses while changes have not reached AWS, unless they are to be discarded."""

    help = "Disconnect an AWS account: delete its mirror and the connection, and leave AWS as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the AWS account's id."""
        parser.add_argument("account_id", metavar="ID", help="the 12 digits of the AWS account")
        parser.add_argument("--discard", action="store_true", help="discard changes that have not reached AWS")

    def handle(self, *args: Any, account_id: str, discard: bool, **options: Any) -> None:
        """Disconnect it."""
        with refusals_told():
            connection = Connection.objects.filter(account=account_id).first()
            if connection is None:
                raise IamError("NoSuchEntity", f"No connection leads to the account {account_id}.")
            connections.disconnect(root_of(connection.owner_id), connection.pk, discards=discard)
