"""`manage.py grant_web`: give the web server's database role what it needs, and no more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations.web_role import grant_web


class Command(BaseCommand):
    """Run it as the owner of the tables, after each `migrate`."""

    help = "Let a database role serve the console and the API without being able to rewrite the event history."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the role."""
        parser.add_argument("role", metavar="ROLE", help="an existing role of the database, with LOGIN")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        """Grant and revoke."""
        with refusals_told():
            grant_web(role)
