"""`manage.py rotate_keys`: a new key for sealed secrets, for who runs the installation."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from iam.management.refusals import refusals_told
from iam.operations import key_rotation


class Command(BaseCommand):
    """While it runs, the console does, too: whoever seals or opens something looks at the keys each time."""

    help = (
        "Put a new key in front of the others and seal every secret anew with it. The old keys go on opening what was "
        "handed out; 36 hours later, --retire forgets them. Where SEALING_KEYS says the keys, put a new one in front "
        "there first, and restart: this then only seals anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do with old keys."""
        parser.add_argument("--retire", action="store_true", help="forget all keys but the newest, instead")
        parser.add_argument(
            "--now", action="store_true", help="with --retire: do not wait, as for a key that others know"
        )

    def handle(self, *args: Any, retire: bool, now: bool, **options: Any) -> None:
        """Rotate, or retire; exit with 1 where a value opens with no key."""
        if now and not retire:
            raise CommandError("--now goes with --retire.")
        with refusals_told():
            if retire:
                self.stdout.write(f"Old keys forgotten: {key_rotation.retire_old_keys(at_once=now)}.")
                return
            if not settings.SEALING_KEYS:
                key_rotation.add_key()
            done = key_rotation.reseal()
        self.stdout.write(f"Sealed anew: {done.changed} of {done.values} values.")
        if done.lost:
            raise CommandError(f"Values that open with no key: {', '.join(done.lost)}.")
