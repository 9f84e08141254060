"""`manage.py reset_account`: empty one account, for people who script test environments."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iam.management.refusals import refusals_told
from iam.operations import accounts


class Command(BaseCommand):
    """Keeps the account with its root user, the root user's password and keys, and the event history."""

    help = "Delete everything in an account but its root user with password and keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account's id and the confirmation."""
        parser.add_argument("account_id", metavar="ID", help="the account's 12 digits")
        parser.add_argument("--yes", action="store_true", help="confirm: what is deleted cannot be restored")

    def handle(self, *args: Any, account_id: str, yes: bool, **options: Any) -> None:
        """Reset the account."""
        if not yes:
            raise CommandError(f"Everything in account {account_id} would be deleted. Repeat with --yes.")
        with refusals_told():
            accounts.reset_account(account_id)
