"""`manage.py restore_account`: rebuild a local account from the files of its backend."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from iam.management.refusals import refusals_told
from iam.sync.restoring import restore_account


class Command(BaseCommand):
    """Works with and without what the tables have of the account: secrets that they still have stay."""

    help = "Make a local account what its files say, and print as JSON what is restored and what is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account's id, where its files are, and how far to go."""
        parser.add_argument("account_id", metavar="ID", help="the account's 12 digits")
        parser.add_argument(
            "--from",
            dest="folder",
            type=Path,
            metavar="PATH",
            help="the folder with account.json; DATA_DIR/accounts/ID unless given",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be restored")
        parser.add_argument(
            "--discard-pending", action="store_true", help="give up changes that the files do not have yet"
        )
        parser.add_argument(
            "--root-password-stdin",
            action="store_true",
            help="read a new root password from standard input; without this the root user keeps the one in the "
            "tables, if there is one",
        )

    def handle(self, *args: Any, account_id: str, folder: Path | None, **options: Any) -> None:
        """Restore the account."""
        password = sys.stdin.readline().rstrip("\r\n") if options["root_password_stdin"] else None
        with refusals_told():
            restored = restore_account(
                account_id,
                folder,
                is_dry_run=options["dry_run"],
                discards_pending=options["discard_pending"],
                root_password=password,
            )
        told: dict[str, Any] = {
            "account_id": account_id,
            "restored": restored.counts,
            "not_restored": [note._asdict() for note in restored.not_restored],
        }
        if any(note.member == "HasRootLoginProfile" for note in restored.not_restored):
            told["next"] = f"Set a root password: manage.py root_password {account_id} reads it from standard input."
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
