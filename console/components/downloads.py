"""CSV files of credentials that are shown once: safe in a spreadsheet, and kept nowhere in the clear.

The page that shows the secret carries the file's content sealed, in a form of its own. Posting that form back, in the
same browser session, within a quarter of an hour and once, returns the file; it works without script, and nothing of
it stands in a URL, in the session or in a table.
"""

import csv
import io
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from iam import sealing
from iam.queries.spreadsheets import RISKY, shown

LIFETIME = timedelta(minutes=15)
SESSION_KEY = "downloads"
MOST_OFFERED = 10
# An apostrophe before the value keeps a spreadsheet from running it, but a secret with one more character is no secret.
# What we generate never begins with a risky character; a password somebody chose that does is left out of the file.
EXACT_COLUMNS = frozenset({"Password", "Access key ID", "Secret access key"})


class DownloadGoneError(Exception):
    """The file was fetched already, is too old, or belongs to another session."""


def _cell(column: str, value: str) -> str:
    if not value.startswith(RISKY):
        return value
    return "" if column in EXACT_COLUMNS else shown(value)


def csv_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a CSV file as IAM writes it: comma separated, a header, no byte order mark, safe in a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(column, value) for column, value in zip(header, row, strict=True)])
    return file.getvalue()


def _holder(request: HttpRequest) -> str:
    """Who is offered a file: what somebody made in one role is not theirs in another."""
    return str(request.principal.unique_id)  # type: ignore[attr-defined]


def offer_csv(
    request: HttpRequest, name: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, user_name: str = ""
) -> str:
    """Return the sealed word that `read_offer` turns into the file, for this session only and once.

    The rows are about `user_name`, or each about the user whom its first column names.
    """
    ticket = secrets.token_urlsafe(16)
    request.session[SESSION_KEY] = [*request.session.get(SESSION_KEY, []), ticket][-MOST_OFFERED:]
    until = (timezone.now() + LIFETIME).timestamp()
    return sealing.seal(
        json.dumps([ticket, until, _holder(request), name, user_name, list(header), [list(row) for row in rows]])
    ).decode()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a sealed word stands for: a file's name, its header and its rows, not yet made safe for a spreadsheet."""

    ticket: str
    name: str
    user_name: str
    header: list[str]
    rows: list[list[str]]

    @property
    def by_user(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The values that there are, with their columns, for each user."""
        described = [
            [(column, value) for column, value in zip(self.header, row, strict=True) if value] for row in self.rows
        ]
        return [(self.user_name or row[0], values) for row, values in zip(self.rows, described, strict=True)]


def look_at_offer(request: HttpRequest, word: str) -> Offer:
    """Return what a sealed word of this session stands for, without taking it. Raises DownloadGoneError."""
    try:
        ticket, until, holder, name, user_name, header, rows = json.loads(sealing.unseal(word.encode()))
    except ValueError:
        raise DownloadGoneError from None
    is_ours = holder == _holder(request) and ticket in request.session.get(SESSION_KEY, [])
    if not is_ours or timezone.now().timestamp() > until:
        raise DownloadGoneError
    return Offer(ticket, name, user_name, header, rows)


def take_offer(request: HttpRequest, word: str) -> Offer:
    """Return what a sealed word of this session stands for, this once. Raises DownloadGoneError."""
    offer = look_at_offer(request, word)
    request.session[SESSION_KEY] = [ticket for ticket in request.session[SESSION_KEY] if ticket != offer.ticket]
    return offer


def csv_response(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> HttpResponse:
    """Return a file of secrets as an attachment that no cache keeps."""
    return HttpResponse(
        csv_text(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def read_offer(request: HttpRequest, word: str) -> HttpResponse:
    """Return the file of a sealed word as an attachment. Raises DownloadGoneError."""
    offer = take_offer(request, word)
    return csv_response(offer.name, offer.header, offer.rows)
