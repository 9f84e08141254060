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
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from iam import sealing

LIFETIME = timedelta(minutes=15)
SESSION_KEY = "downloads"
MOST_OFFERED = 10
# Spreadsheets run a cell that begins with one of these as a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")
# An apostrophe before the value keeps a spreadsheet from running it, but a secret with one more character is no secret.
# What we generate never begins with a risky character; a password somebody chose that does is left out of the file.
EXACT_COLUMNS = frozenset({"Password", "Access key ID", "Secret access key"})


class DownloadGoneError(Exception):
    """The file was fetched already, is too old, or belongs to another session."""


def _cell(column: str, value: str) -> str:
    if not value.startswith(RISKY):
        return value
    return "" if column in EXACT_COLUMNS else f"'{value}"


def csv_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a CSV file as IAM writes it: comma separated, a header, no byte order mark, safe in a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(column, value) for column, value in zip(header, row, strict=True)])
    return file.getvalue()


def offer_csv(request: HttpRequest, name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the sealed word that `read_offer` turns into the file, for this session only and once."""
    ticket = secrets.token_urlsafe(16)
    request.session[SESSION_KEY] = [*request.session.get(SESSION_KEY, []), ticket][-MOST_OFFERED:]
    until = (timezone.now() + LIFETIME).timestamp()
    return sealing.seal(json.dumps([ticket, until, name, csv_text(header, rows)])).decode()


def read_offer(request: HttpRequest, word: str) -> HttpResponse:
    """Return the file of a sealed word as an attachment. Raises DownloadGoneError."""
    try:
        ticket, until, name, text = json.loads(sealing.unseal(word.encode()))
    except ValueError:
        raise DownloadGoneError from None
    offered = request.session.get(SESSION_KEY, [])
    if ticket not in offered or timezone.now().timestamp() > until:
        raise DownloadGoneError
    request.session[SESSION_KEY] = [other for other in offered if other != ticket]
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
