"""`manage.py verify_events`: find any record of the event history that is not as it was written."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iam.management.refusals import refusals_told
from iam.queries.event_chain import HistoryKeyMissingError, existing_history_key
from iam.queries.event_exports import FaultyExportError, check_export
from iam.queries.event_verification import check_history, waiting_events


class Command(BaseCommand):
    """Needs the key of the history (EVENTS_KEY, or DATA_DIR/keys/events.key) and reads only."""

    help = (
        "Check the event history: every record that was edited, removed, inserted or moved is found, and the first of "
        "each account is named. Exits with 1 where there is one. docs/events.md tells what is checked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a file to check in place of the database."""
        parser.add_argument("--file", type=Path, help="check this export, JSON or CSV, instead; needs no database")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        """Check, and tell of every chain."""
        try:
            key = existing_history_key()
        except HistoryKeyMissingError as error:
            raise CommandError(str(error)) from error
        if file:
            self._check_file(key, file)
        else:
            self._check_database(key)

    def _check_file(self, key: bytes, file: Path) -> None:
        try:
            with file.open(encoding="utf-8", newline="") as export:
                self.stdout.write(str(check_export(key, export)))
        except (FaultyExportError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error

    def _check_database(self, key: bytes) -> None:
        faults = 0
        with refusals_told():
            for checked in check_history(key):
                faults += bool(checked.fault)
                (self.stderr if checked.fault else self.stdout).write(str(checked))
            self.stdout.write(f"not chained yet: {waiting_events()}")
        if faults:
            raise CommandError("The event history was tampered with.")
