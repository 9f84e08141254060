"""`manage.py delegation_notifications`: what a partner's notification channels are to be told."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations.delegation_requests import notifications


class Command(BaseCommand):
    """Prints tokens that give access: pipe them to the partner's channel and nowhere else."""

    help = "Print the notifications about an account's delegation requests, one JSON object per line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account that made the requests."""
        parser.add_argument("account_id", metavar="ID", help="the partner account's 12 digits")

    def handle(self, *args: Any, account_id: str, **options: Any) -> None:
        """Print them, oldest request first."""
        with refusals_told():
            found = notifications(account_id)
        for notification in found:
            self.stdout.write(json.dumps(notification))
