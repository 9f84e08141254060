"""`manage.py root_password`: set the password of an account's root user, for who runs the installation."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations import root_passwords


class Command(BaseCommand):
    """Refuses where the root user's credentials were deleted: an administrator of the organization gives them back."""

    help = "Set the password of an account's root user to what standard input says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account's id."""
        parser.add_argument("account_id", metavar="ID", help="the account's 12 digits")

    def handle(self, *args: Any, account_id: str, **options: Any) -> None:
        """Set the password."""
        with refusals_told():
            root_passwords.set_root_password(account_id, sys.stdin.readline().rstrip("\r\n"))
