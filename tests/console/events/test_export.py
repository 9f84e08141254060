"""Exports: what is in them, and that nothing can be done to one without being found."""

import csv
import io
import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.events import views
from iam import events
from iam.models import Event, EventLink
from iam.operations.event_chain import lay_chain
from iam.queries.event_chain import history_key
from iam.queries.event_exports import FaultyExportError, check_export
from tests.factories import allow, make_account, principal_of, root_of

pytestmark = pytest.mark.django_db
QUIET = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)


@pytest.fixture(autouse=True)
def data_dir(tmp_path, settings):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def history(root):
    """Six events, one of another account among them; three are reads."""
    for number in range(6):
        source = replace(root.source, user_agent=f"=cmd|'/c calc'!A{number}")
        events.record(events.event_of_call(replace(root, source=source), f"Call{number}", is_read_only=number % 2 == 1))
    events.record(events.event_of_call(root_of(make_account()), "Elsewhere", is_read_only=False))
    lay_chain()


def export(client, kind, **query):
    response = client.get(f"/events/export/{kind}/", query)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Disposition"].startswith('attachment; filename="event-history-')
    return b"".join(response.streaming_content).decode()


def check(text):
    return check_export(history_key(), io.StringIO(text, newline=""))


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_an_export_has_what_the_filters_leave_and_can_be_checked(client, history, kind):
    everything, writes, one = (
        export(client, kind, **query) for query in ({"events": "all"}, {}, {"event": "Call3", "events": "all"})
    )

    assert check(everything).records >= 6
    assert "the whole history" in str(check(everything))
    assert check(writes).records == 3
    assert check(one).records == 1
    assert "Elsewhere" not in everything


def test_json_is_what_cloudtrail_writes(client, history):
    document = json.loads(export(client, "json", event="Call4"))

    (record,) = document["Records"]
    assert record["eventName"] == "Call4"
    assert record["integrity"]["sequence"] == EventLink.objects.get(name="call4").sequence
    assert document["End"]["filters"] == {"event": "Call4", "events": "write"}


def test_csv_cells_are_no_formulas(client, root):
    names = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]
    for name in names:
        key = replace(root, access_key_id=name)
        events.record(events.event_of_call(key, name, service=name, is_read_only=False, resources=[name]))
    lay_chain()

    text = export(client, "csv")

    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {cell[0] for row in rows for cell in row if cell} & set("=+-@\t\r") == set()
    assert check(text).records == 6


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_any_change_of_a_file_is_found(client, history, kind):
    lines = export(client, kind, events="all").splitlines(keepends=True)
    last = len(lines) - 2

    @QUIET
    @given(
        position=st.integers(1, last),
        other=st.integers(1, last),
        how=st.sampled_from(["remove", "repeat", "swap", "edit", "cut", "add"]),
        data=st.data(),
    )
    def tampering(position, other, how, data):
        changed = list(lines)
        if how == "remove":
            del changed[position]
        elif how == "repeat":
            changed.insert(other, changed[position])
        elif how == "swap":
            changed[position], changed[other] = changed[other], changed[position]
        elif how == "edit":
            at = data.draw(st.integers(0, len(changed[position]) - 2))
            letter = data.draw(st.sampled_from('aZ09"{,'))
            changed[position] = changed[position][:at] + letter + changed[position][at + 1 :]
        elif how == "cut":
            del changed[position:]
        else:
            changed.append(changed[position])
        if [line.strip().strip(",") for line in changed] == [line.strip().strip(",") for line in lines]:
            return

        try:
            found = check("".join(changed))
        except FaultyExportError:
            return
        # What reads the same is the same: a separator that moved, or a cell of the last row that says nothing.
        assert found == check("".join(lines))
        assert how in {"edit", "swap"}

    tampering()


def test_an_edited_record_is_named(client, history):
    text = export(client, "json", events="all")
    record = next(each for each in json.loads(text)["Records"] if each["eventName"] == "Call2")

    with pytest.raises(FaultyExportError, match=record["eventID"]):
        check(text.replace('"eventName":"Call2"', '"eventName":"Call9"'))


def test_a_cell_that_was_edited_is_found(client, history):
    with pytest.raises(FaultyExportError, match="a cell was changed"):
        check(export(client, "csv").replace(",Call2,", ",Call9,"))


@pytest.mark.parametrize(("name", "told"), [("call2", "the record before it is gone"), ("call5", "was missing")])
def test_what_was_missing_in_the_database_is_told_by_a_whole_export(client, history, name, told):
    with connection.cursor() as sql:
        sql.execute("ALTER TABLE iam_eventlink DISABLE TRIGGER USER")
    EventLink.objects.filter(name=name).delete()

    with pytest.raises(FaultyExportError, match=told):
        check(export(client, "json", events="all"))


def test_an_export_of_another_installation_is_refused(client, history, settings):
    text = export(client, "json")
    settings.EVENTS_KEY = "another key"

    with pytest.raises(FaultyExportError, match="was changed"):
        check(text)


@pytest.mark.parametrize("text", ["", "{}", "x" * 1000, '{"Records":[\n' + "[" * 100_000, '{"Records":[\n1\n', "\0"])
def test_what_is_no_export_is_refused(text):
    with pytest.raises(FaultyExportError):
        check(text)


def test_an_export_is_bounded_and_says_so(client, history, monkeypatch):
    monkeypatch.setattr(views, "MOST_EXPORTED", 2)

    found = check(export(client, "json", events="all"))

    assert (found.records, found.is_cut) == (2, True)


def test_a_long_export_reads_on(client, root, monkeypatch):
    monkeypatch.setattr("iam.queries.event_history.ROWS_AT_ONCE", 3)
    for number in range(8):
        events.record(events.event_of_call(root, f"Call{number}", is_read_only=False))
    lay_chain()

    assert check(export(client, "csv")).records == 8


def test_who_may_not_look_up_events_exports_their_own(client, account, signed_in_as):
    carol = signed_in_as(allow("iam:ListUsers"))
    events.record(events.event_of_call(principal_of(carol), "Mine", is_read_only=False))
    lay_chain()

    text = export(client, "json")

    assert [record["eventName"] for record in json.loads(text)["Records"]] == ["Mine"]
    assert "part of the history" in str(check(text))


def test_there_is_no_other_kind(client, root):
    assert client.get("/events/export/xml/").status_code == 404


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_the_command_checks_a_file_without_the_database(client, history, tmp_path, kind, capsys):
    file = tmp_path / f"export.{kind}"
    file.write_text(export(client, kind, events="all"), newline="")
    call_command("verify_events", file=file)
    assert "as they were written" in capsys.readouterr().out

    file.write_text(file.read_text().replace("Call1", "Call7"), newline="")

    with pytest.raises(CommandError, match="was changed"):
        call_command("verify_events", file=file)


def test_the_command_tells_of_a_file_that_is_not_there(tmp_path):
    history_key()

    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_events", file=tmp_path / "none.json")


def test_the_worker_chained_everything(history):
    assert EventLink.objects.count() == Event.objects.count()
