"""Whoever rewrites the event history, be it the owner of the tables, is found out."""

import json
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from iam import events
from iam.errors import IamError
from iam.models import Event, EventChain, EventCursor, EventLink, EventResource
from iam.operations import perform
from iam.operations.event_chain import HistoryRewrittenError, lay_chain
from iam.queries.event_chain import head_file, history_key
from iam.queries.event_verification import check_history
from tests.factories import make_account, make_user, root_of

pytestmark = pytest.mark.django_db
TABLES = ("iam_event", "iam_eventlink", "iam_eventresource")


@pytest.fixture(autouse=True)
def heads(tmp_path, settings):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def history():
    """Two accounts with chained events: 12 of one, fewer of the other. Its triggers are off, as an owner can do."""
    account, other = make_account(), make_account()
    make_user(account, "alice")
    make_user(other, "bob")
    for number in range(6):
        perform(root_of(account), "ListUsers" if number % 2 else "GetAccountSummary")
    for name in ("dave", "erin", "frank"):
        make_user(account, name)
    with pytest.raises(IamError):
        perform(root_of(account), "GetUser", UserName="nobody")
    perform(root_of(other), "ListRoles")
    events.record(events.event_of_call(root_of(account), "ListGroups", is_read_only=True))
    lay_chain()
    with connection.cursor() as sql:
        for table in TABLES:
            sql.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    return account


@contextmanager
def undone():
    """Roll back what happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def faults():
    return [checked.fault for checked in check_history(history_key()) if checked.fault]


def records(account):
    return list(Event.objects.filter(account_id=account.pk).order_by("id"))


def test_an_untouched_history_has_no_fault(history):
    checked = {found.account_id: found for found in check_history(history_key())}

    assert [found.fault for found in checked.values()] == ["", ""]
    assert checked[history.pk].records == Event.objects.filter(account_id=history.pk).count() == 12


# What could be written into each column instead.
FORGED = {
    "event_id": "gen_random_uuid()",
    "account_id": "'999999999999'",
    "at": "at + interval '1 microsecond'",
    "source": "'sts.amazonaws.com'",
    "name": "'ListPolicies'",
    "is_read_only": "NOT is_read_only",
    "user_identity": "jsonb_set(user_identity, '{accountId}', '\"1\"')",
    "source_ip": "'203.0.113.9'",
    "user_agent": "user_agent || ' '",
    "request_id": "gen_random_uuid()",
    "request_parameters": '\'{"UserName": "eve"}\'',
    "response_elements": "'{\"x\": 1}'",
    "additional_event_data": "'{}'",
    "resources": 'resources || \'[{"ARN": "arn:aws:iam::1:user/eve"}]\'',
    "error_code": "error_code || 'x'",
    "error_message": "error_message || ' '",
}


def test_every_column_can_be_forged_here():
    assert set(FORGED) == {field.attname for field in Event._meta.concrete_fields} - {"id"}


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=24)
@given(number=st.integers(0, 11), column=st.sampled_from(sorted(FORGED)))
def test_an_edited_record_is_named(history, number, column):
    with undone():
        event = records(history)[number]
        with connection.cursor() as sql:
            sql.execute(f"UPDATE iam_event SET {column} = {FORGED[column]} WHERE id = %s", [event.pk])

        found = [checked for checked in check_history(history_key()) if checked.account_id == history.pk]

    assert f"record {number + 1}, " in found[0].fault


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=12)
@given(number=st.integers(0, 11), with_link=st.booleans(), renumbered=st.booleans())
@example(number=11, with_link=True, renumbered=True)
def test_a_removed_record_is_found(history, number, with_link, renumbered):
    with undone():
        event = records(history)[number]
        EventResource.objects.filter(event_id=event.pk).delete()
        Event.objects.filter(pk=event.pk).delete()
        if with_link:
            EventLink.objects.filter(event_id=event.pk).delete()
            if renumbered:
                for link in EventLink.objects.filter(account_id=history.pk, sequence__gt=number + 1).order_by(
                    "sequence"
                ):
                    EventLink.objects.filter(pk=link.pk).update(sequence=link.sequence - 1)
                EventChain.objects.filter(pk=history.pk).update(sequence=11)

        found = faults()

    assert f"record {number + 1}" in found[0]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10)
@given(pair=st.lists(st.integers(0, 11), min_size=2, max_size=2, unique=True), ids=st.booleans())
def test_records_that_changed_places_are_found(history, pair, ids):
    """By their links, or by the ids of their rows, which order the page."""
    with undone():
        first, second = (records(history)[number].pk for number in sorted(pair))
        for old, new in ((first, 0), (second, first), (0, second)):
            EventLink.objects.filter(event_id=old).update(event_id=new)
            EventResource.objects.filter(event_id=old).update(event_id=new)
            if ids:
                Event.objects.filter(id=old).update(id=new)

        found = faults()

    assert f"record {min(pair) + 1}, " in found[0] or f"record {min(pair) + 2}, " in found[0]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8)
@given(number=st.integers(0, 11), linked=st.booleans())
def test_an_inserted_record_is_found(history, number, linked):
    with undone():
        event = records(history)[number]
        EventCursor.objects.update(position=10**9)
        Event.objects.filter(pk=event.pk).update(id=10**9 + 1)
        forged = Event.objects.get(pk=10**9 + 1)
        Event.objects.filter(pk=forged.pk).update(id=event.pk)
        forged.pk, forged.event_id, forged.name = 10**8, forged.request_id, "DeleteUser"
        forged.save(force_insert=True)
        if linked:
            link = EventLink.objects.get(event_id=event.pk)
            link.event_id, link.sequence = forged.pk, 13
            link.save(force_insert=True)

        found = faults()

    assert "DeleteUser" in found[0]
    assert "was inserted" in found[0]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8)
@given(left=st.integers(0, 11))
def test_a_truncated_history_is_found(history, left):
    """The newest records are gone with everything that the database knows of them."""
    with undone():
        cut(history, left)

        found = faults()

    assert f"record {left + 1} was removed, with all after it" in found[0]


def cut(account, left):
    gone = [event.pk for event in records(account)[left:]]
    EventResource.objects.filter(event_id__in=gone).delete()
    EventLink.objects.filter(event_id__in=gone).delete()
    Event.objects.filter(pk__in=gone).delete()
    last = EventLink.objects.filter(account_id=account.pk).order_by("-sequence").first()
    if last:
        EventChain.objects.filter(pk=account.pk).update(sequence=last.sequence, hash=last.hash, noted_sequence=left)
        EventCursor.objects.update(position=last.event_id)
    else:
        EventChain.objects.filter(pk=account.pk).delete()


@pytest.mark.parametrize("column", ["actor", "name", "source", "error_code", "principal_id", "access_key_id"])
def test_a_record_that_was_hidden_from_a_search_is_found(history, column):
    EventLink.objects.filter(event_id=records(history)[3].pk).update(**{column: "other"})

    assert "record 4" in faults()[0]


def test_a_record_that_was_hidden_from_a_resource_is_found(history):
    EventResource.objects.filter(account_id=history.pk, name="dave").delete()

    assert "search terms were changed" in faults()[0]


@pytest.mark.parametrize("left", [0, 5])
def test_a_history_that_was_cut_is_never_chained_anew(history, left):
    """Else a worker would sign whatever stands there by now."""
    noted = head_file(history.pk).read_text()
    cut(history, left)
    events.record(events.event_of_call(root_of(history), "DeleteUser", is_read_only=False))

    with pytest.raises(HistoryRewrittenError, match="verify_events"):
        lay_chain()

    assert head_file(history.pk).read_text() == noted
    assert faults()


def test_a_chain_that_was_laid_with_another_key_is_found(history, settings):
    settings.EVENTS_KEY = "other"

    with pytest.raises(HistoryRewrittenError, match="EVENTS_KEY"):
        lay_chain()


def test_a_head_of_somebody_elses_is_void(history):
    head = json.loads(head_file(history.pk).read_text())
    head_file(history.pk).write_text(json.dumps({**head, "sequence": 3}))

    assert "void" in faults()[0]


def test_the_command_tells_of_every_account_and_fails(history):
    EventLink.objects.filter(event_id=records(history)[3].pk).update(actor="x")
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError, match="tampered"):
        call_command("verify_events", stdout=out, stderr=err)

    assert f"account {history.pk}: record 4" in err.getvalue()
    assert "records, as they were written" in out.getvalue()


def test_the_command_makes_no_key(settings, tmp_path):
    settings.EVENTS_KEY_FILE = tmp_path / "events.key"

    with pytest.raises(CommandError, match="EVENTS_KEY"):
        call_command("verify_events")

    assert not settings.EVENTS_KEY_FILE.exists()


def test_checking_takes_the_same_queries_for_more_records(history, django_assert_num_queries):
    """Two accounts: five queries for each, and five before for the names of accounts."""
    with django_assert_num_queries(15):
        assert faults() == []
    for _ in range(30):
        perform(root_of(history), "ListUsers")
    lay_chain()
    with django_assert_num_queries(15):
        assert faults() == []
