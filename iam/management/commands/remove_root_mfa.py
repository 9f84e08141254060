"""`manage.py remove_root_mfa`: let a root user in without the lost MFA devices, for who runs the installation."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.errors import IamError
from iam.management.refusals import refusals_told
from iam.models import RootUser
from iam.operations import perform
from iam.principals import root_principal


class Command(BaseCommand):
    """Users need no such way: an administrator of their account takes a device from them."""

    help = "Deactivate all MFA devices of an account's root user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account's id."""
        parser.add_argument("account_id", metavar="ID", help="the account's 12 digits")

    def handle(self, *args: Any, account_id: str, **options: Any) -> None:
        """Deactivate them, and print their serial numbers."""
        with refusals_told():
            root = RootUser.objects.filter(account=account_id).first()
            if root is None:
                raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.")
            principal = root_principal(account_id, root.email)
            for device in perform(principal, "ListMFADevices")["MFADevices"]:
                perform(principal, "DeactivateMFADevice", SerialNumber=device["SerialNumber"])
                self.stdout.write(device["SerialNumber"])
