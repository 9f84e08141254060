"""`manage.py setup_link`: print the one-time link that creates the first account."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.operations import accounts


class Command(BaseCommand):
    """Prints nothing once there is an account; a new link replaces the one before it."""

    help = "Print the one-time link that creates the first account, or nothing where there is an account."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make a link and print it."""
        with refusals_told():
            path = accounts.new_setup_link()
        if path:
            self.stdout.write(f"{settings.PUBLIC_URL}{path}")
