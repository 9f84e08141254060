"""`manage.py load_catalog`: bring the AWS managed policies into the database."""

from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations import aws_managed_policies


class Command(BaseCommand):
    """Loads what is new or changed; a second run changes nothing."""

    help = "Load the AWS managed policies that this version ships."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load them and tell how many were new or changed."""
        with refusals_told():
            changed = aws_managed_policies.load_catalog()
        self.stdout.write(f"{changed} AWS managed policies loaded.")
