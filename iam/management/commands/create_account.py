"""`manage.py create_account`: create an account without a browser, and print what is needed to use it as JSON."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from iam.management.refusals import refusals_told
from iam.operations import accounts, password_rules


class Command(BaseCommand):
    """Prints the root password only where it made one, and the key only where one was asked for."""

    help = "Create a local account with its root user and print it as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account's names and what its root user gets."""
        parser.add_argument("--account-id", metavar="ID", help="12 digits; random unless given")
        parser.add_argument("--alias", help="the account's alias, for its sign-in URL")
        parser.add_argument("--name", help="the account's name; the alias or the root email unless given")
        parser.add_argument("--root-email", required=True, metavar="EMAIL", help="the root user's email address")
        parser.add_argument(
            "--root-password-stdin",
            action="store_true",
            help="read the root password from standard input; without this one is made up and printed",
        )
        parser.add_argument("--root-access-key", action="store_true", help="give the root user an access key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account."""
        email, alias = options["root_email"], options["alias"]
        if options["root_password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = password_rules.default_rules(email).generate()
        with refusals_told():
            created = accounts.create_account(
                name=options["name"] or (alias or email)[:50],
                email=email,
                password=password,
                account_id=options["account_id"],
                alias=alias,
                with_root_access_key=options["root_access_key"],
            )
        account = created.account
        told = {
            "account_id": account.pk,
            "sign_in_url": settings.PUBLIC_URL + reverse("signin:account", args=[account.sign_in_name]),
            "root_email": email,
        }
        if not options["root_password_stdin"]:
            told["root_password"] = password
        told |= {"access_key_id": created.access_key_id, "secret_access_key": created.secret_access_key}
        self.stdout.write(json.dumps(told))
