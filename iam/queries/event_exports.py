"""Exports of the event history, as JSON and as CSV, that can be checked without the database.

Each record carries its place in the account's chain; a second chain runs through the file, so that nothing can be taken
out of it. docs/events.md defines both formats.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from iam.models import EventLink
from iam.queries.event_chain import NOTHING, Head, canonical, is_signed, link_hash, sign
from iam.queries.event_history import EventRecord
from iam.queries.event_records import actor_of
from iam.queries.spreadsheets import shown

# Also how far a reader goes for the end of a line.
LONGEST_LINE = 4 * 1024 * 1024
COLUMNS = (
    *("Event time", "Event name", "Event source", "User name", "AWS access key", "Source IP address", "Read-only"),
    *("Resources", "Error code", "Event ID", "Record number", "Hash", "Export hash", "Event record"),
)
_BEGIN = '{"Records":['


class FaultyExportError(Exception):
    """The first thing in a file that is not as it was exported."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an export is of: the account, the filters as the page names them, and the moment."""

    account_id: str
    filters: Mapping[str, str]
    exported_at: str


class _Writer:
    """The chain of one file, and what stands at its end."""

    def __init__(self, key: bytes, selection: Selection) -> None:
        self.key = key
        self.selection = selection
        self.last = NOTHING
        self.count = 0

    def signed(self, event: EventRecord, previous: bytes) -> dict[str, Any]:
        """Return a record with its place in both chains."""
        self.last = _next(self.key, self.last, event.hash)
        self.count += 1
        place = {
            "account": self.selection.account_id,
            "exportHash": self.last.hex(),
            "hash": event.hash.hex(),
            "previousHash": previous.hex(),
            "sequence": event.sequence,
        }
        return {**event.record, "integrity": place}

    def end(self, head: Head | None, most: int) -> dict[str, Any]:
        """Return the end of the file."""
        plain: dict[str, Any] = {
            "account": self.selection.account_id,
            "exportHash": self.last.hex(),
            "exportedAt": self.selection.exported_at,
            "filters": dict(self.selection.filters),
            "head": head.document(self.key) if head else None,
            "isCut": self.count >= most,
            "records": self.count,
        }
        return {**plain, "signature": sign(self.key, {"export": plain}).hex()}


def _next(key: bytes, last: bytes, value: bytes) -> bytes:
    return sign(key, {"exportHash": last.hex(), "hash": value.hex()})


def json_lines(
    key: bytes, selection: Selection, events: Iterable[EventRecord], head: Head | None, most: int
) -> Iterator[str]:
    """Yield the file as JSON, one record a line, as CloudTrail's log files are: `{"Records": […]}`."""
    writer = _Writer(key, selection)
    yield _BEGIN + "\n"
    before = ""
    for event, previous in _with_previous(selection.account_id, events):
        yield before + canonical(writer.signed(event, previous)).decode()
        before = ",\n"
    yield '\n],"End":' + canonical(writer.end(head, most)).decode() + "}\n"


def csv_lines(
    key: bytes, selection: Selection, events: Iterable[EventRecord], head: Head | None, most: int
) -> Iterator[str]:
    """Yield the file as CSV, with the whole record in the last column and the end of the file in the last row."""
    writer = _Writer(key, selection)
    yield _csv_row(COLUMNS)
    for event, previous in _with_previous(selection.account_id, events):
        yield _csv_row(_cells(writer.signed(event, previous)))
    end = canonical(writer.end(head, most)).decode()
    yield _csv_row(["End of export", *[""] * (len(COLUMNS) - 2), end])


def _with_previous(account_id: str, events: Iterable[EventRecord]) -> Iterator[tuple[EventRecord, bytes]]:
    """Yield events with the hash before each, which is read for many at once."""
    batch: list[EventRecord] = []
    for event in events:
        batch.append(event)
        if len(batch) == 500:
            yield from _joined(account_id, batch)
            batch = []
    yield from _joined(account_id, batch)


def _joined(account_id: str, batch: list[EventRecord]) -> Iterator[tuple[EventRecord, bytes]]:
    numbers = [event.sequence - 1 for event in batch if event.sequence is not None]
    links = EventLink.objects.filter(account_id=account_id, sequence__in=numbers).values_list("sequence", "hash")
    hashes = {0: NOTHING} | {sequence: bytes(value) for sequence, value in links}
    for event in batch:
        if event.sequence is not None:
            yield event, hashes.get(event.sequence - 1, NOTHING)


def _csv_row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([shown(cell) for cell in cells])
    return line.getvalue()


def _cells(signed: Mapping[str, Any]) -> list[str]:
    place = signed["integrity"]
    identity = signed["userIdentity"]
    return [
        signed["eventTime"],
        signed["eventName"],
        signed["eventSource"],
        actor_of(identity),
        str(identity.get("accessKeyId", "")),
        signed["sourceIPAddress"] or "",
        "true" if signed["readOnly"] else "false",
        " ".join(str(resource.get("ARN", "")) for resource in signed["resources"]),
        signed.get("errorCode", ""),
        signed["eventID"],
        str(place["sequence"]),
        place["hash"],
        place["exportHash"],
        canonical(signed).decode(),
    ]


@dataclass(frozen=True, slots=True)
class CheckedExport:
    """A file that is as it was exported."""

    account_id: str
    records: int
    filters: Mapping[str, str]
    is_cut: bool
    exported_at: str

    def __str__(self) -> str:
        limits = [f"{name} {value}" for name, value in self.filters.items()] + (["cut"] if self.is_cut else [])
        part = f"part of the history ({', '.join(limits)})" if limits else "the whole history"
        return f"account {self.account_id}: {self.records} records, {part} on {self.exported_at}, as they were written"


def check_export(key: bytes, file: TextIO) -> CheckedExport:
    """Check an export line by line. Raises FaultyExportError with the first thing that is wrong."""
    first = file.readline(LONGEST_LINE)
    signed = _csv_records(file) if first.rstrip("\r\n") == _csv_row(COLUMNS).rstrip() else _json_records(first, file)
    checker = _Checker(key)
    for document in signed:
        if checker.end is not None:
            raise FaultyExportError("something stands after the end of the export")
        checker.take(document)
    return checker.finish()


class _Checker:
    def __init__(self, key: bytes) -> None:
        self.key = key
        self.last = NOTHING
        self.count = 0
        self.account_id: str | None = None
        self.sequences: set[int] = set()
        self.end: Mapping[str, Any] | None = None

    def take(self, document: Any) -> None:
        """Check the next record, or the end."""
        if isinstance(document, dict) and "integrity" not in document and "signature" in document:
            self.end = document
            return
        number = self.count + 1
        try:
            place = document["integrity"]
            record = {name: value for name, value in document.items() if name != "integrity"}
            value, sequence = bytes.fromhex(place["hash"]), int(place["sequence"])
            previous = bytes.fromhex(place["previousHash"])
            account_id = str(place["account"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise FaultyExportError(f"entry {number} is no record of an export") from None
        what = f"entry {number}, record {sequence}, event {record.get('eventID')} ({record.get('eventName')})"
        if link_hash(self.key, account_id, sequence, previous, record) != value:
            raise FaultyExportError(f"{what}, was changed, or the record before it is gone")
        self.last = _next(self.key, self.last, value)
        if self.last.hex() != place.get("exportHash"):
            raise FaultyExportError(f"{what}, does not follow the entry before: one was removed, inserted or moved")
        self.account_id, self.count = account_id, number
        self.sequences.add(sequence)

    def finish(self) -> CheckedExport:
        """Check the end, and whether a whole history is whole."""
        if self.end is None:
            raise FaultyExportError(f"the end is missing, after entry {self.count}: the file was cut off")
        plain = {name: value for name, value in self.end.items() if name != "signature"}
        if not is_signed(self.key, {"export": plain}, self.end["signature"]):
            raise FaultyExportError("the end of the export was changed")
        if (plain["exportHash"], plain["records"]) != (self.last.hex(), self.count):
            raise FaultyExportError(f"entries were removed after entry {self.count}: there were {plain['records']}")
        if not plain["filters"]:
            self._check_whole(plain)
        return CheckedExport(
            plain["account"], self.count, plain["filters"], bool(plain["isCut"]), str(plain["exportedAt"])
        )

    def _check_whole(self, plain: Mapping[str, Any]) -> None:
        """Numbers must have no gap: else a record was missing in the database when it was exported."""
        lowest = min(self.sequences, default=1) if plain["isCut"] else 1
        head = Head.read(plain["head"], self.key) if plain["head"] else None
        highest = max(self.sequences, default=0)
        highest = max(highest, head.sequence) if head else highest
        for sequence in range(lowest, highest + 1):
            if sequence not in self.sequences:
                raise FaultyExportError(f"record {sequence} was missing when the history was exported")


def _json_records(first: str, file: TextIO) -> Iterator[Any]:
    if first.strip() != _BEGIN:
        raise FaultyExportError("this is no export of the event history")
    ending = '],"End":'
    for line in iter(lambda: file.readline(LONGEST_LINE), ""):
        text = line.strip()
        if text.startswith(ending):
            yield _parsed(text[len(ending) :].removesuffix("}"))
        elif text:
            yield _parsed(text.removesuffix(","))


def _csv_records(file: TextIO) -> Iterator[Any]:
    csv.field_size_limit(LONGEST_LINE)
    rows = csv.reader(iter(lambda: file.readline(LONGEST_LINE), ""))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise FaultyExportError(f"line {rows.line_num} is no CSV: {error}") from None
        document = _parsed(row[-1] if row else "")
        if isinstance(document, dict) and "integrity" in document and row != _shown_cells(document):
            raise FaultyExportError(f"line {rows.line_num}: a cell was changed")
        yield document


def _shown_cells(document: Mapping[str, Any]) -> list[str]:
    try:
        return [shown(cell) for cell in _cells(document)]
    except (KeyError, TypeError, AttributeError):
        return []


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise FaultyExportError("a line is no JSON") from None


Lines = Callable[[bytes, Selection, Iterable[EventRecord], Head | None, int], Iterator[str]]
FORMATS: Mapping[str, tuple[Lines, str]] = {
    "json": (json_lines, "application/json"),
    "csv": (csv_lines, "text/csv; charset=utf-8"),
}
