"""What lines of the log carry, and how they look."""

import json
import logging
import uuid
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from iam import logs
from iam.sources import source_of


def record_of(message="Done", *arguments, **extra):
    record = logging.LogRecord(
        "iam.test", logging.WARNING, __file__, 1, message, arguments, extra.pop("exc_info", None)
    )
    record.__dict__.update(extra)
    logs.ContextFilter().filter(record)
    return record


def test_line_carries_the_fields_of_the_blocks_around_it():
    with logs.bound(request_id="r-1"), logs.bound(change_id=7):
        logs.note(account_id="123456789012")
        line = logs.LineFormatter().format(record_of("Changed %s", "alice"))

    assert line.endswith("WARNING iam.test: Changed alice [request_id=r-1 change_id=7 account_id=123456789012]")


def test_fields_end_with_their_block():
    logs.note(account_id="nowhere")
    with logs.bound(request_id="r-1"):
        with logs.bound(change_id=7):
            pass
        assert record_of().context == {"request_id": "r-1"}

    assert record_of().context == {}


def test_json_line_is_one_object_with_every_field():
    with logs.bound(request_id=uuid.UUID(int=1)):
        line = logs.JsonFormatter().format(record_of("Two\nlines", details={"status": 200}))

    told = json.loads(line)
    assert "\n" not in line
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "WARNING",
        "logger": "iam.test",
        "message": "Two\nlines",
        "request_id": "00000000-0000-0000-0000-000000000001",
        "status": 200,
    }


@pytest.mark.parametrize("formatter", [logs.LineFormatter(), logs.JsonFormatter()])
def test_traceback_is_part_of_what_is_told(formatter):
    try:
        raise RuntimeError("A fault of ours")
    except RuntimeError as error:
        told = formatter.format(record_of(exc_info=(type(error), error, error.__traceback__)))

    assert "Traceback" in told
    assert "RuntimeError: A fault of ours" in told


@pytest.mark.parametrize("sent", ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\u2028b", "a\x85b"])
def test_what_somebody_sent_cannot_look_like_another_line(sent):
    line = logs.LineFormatter().format(record_of("No user %s", sent))

    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("match", "route"),
    [(SimpleNamespace(route="handover/<str:token>/"), "/handover/<str:token>/"), (None, "(no page)")],
)
def test_django_tells_no_path(match, route):
    request = SimpleNamespace(path="/handover/hidden-word/", resolver_match=match)

    record = record_of("%s: %s", "Not Found", request.path, request=request)

    assert record.getMessage() == f"Not Found: {route}"


def test_events_have_the_request_id_of_the_log():
    request, request_id = RequestFactory().get("/"), uuid.uuid4()

    with logs.bound(request_id=request_id):
        assert source_of(request).request_id == request_id
    assert source_of(request).request_id != request_id
