"""Appending reads to the event history."""

import pytest
from django.db import connection

from iam import events
from iam.errors import IamError
from iam.models import Event
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def read():
    principal = factories.root_of(factories.make_account())
    refusal = IamError("AccessDenied", "No.")
    return events.event_of_call(
        principal, "GetUser", is_read_only=True, parameters={"UserName": "Zoë"}, resources=["arn:a"], error=refusal
    )


def test_reads_are_recorded_with_every_column(read):
    events.record_reads(read)

    kept = Event.objects.get(event_id=read.event_id)
    names = [field.attname for field in Event._meta.concrete_fields if not field.primary_key]
    assert {name: getattr(kept, name) for name in names} == {name: getattr(read, name) for name in names}


def test_absent_values_of_reads_are_null(read):
    events.record_reads(read)

    assert Event.objects.filter(event_id=read.event_id, response_elements__isnull=True).exists()


def test_several_reads_take_one_statement_that_does_not_wait_for_the_disk(read, django_assert_num_queries):
    other = events.event_of_call(factories.root_of(factories.make_account()), "ListUsers", is_read_only=True)

    with django_assert_num_queries(1):
        events.record_reads(read, other)

    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",)


@pytest.mark.django_db(transaction=True)
def test_commits_after_reads_wait_for_the_disk_again(read):
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        events.record_reads(read)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_reads_of_a_page_are_recorded_like_other_events():
    principal = factories.root_of(factories.make_account())
    arn, refusal = "arn:aws:iam::111122223333:user/Zoë", IamError("AccessDenied", "No\0.")
    reads = [events.Read("ListUsers", "iam", (), None), events.Read("GetUser", "iam", (arn,), refusal)]

    events.record_reads_of_page(principal, reads)

    names = [field.attname for field in Event._meta.concrete_fields if field.attname not in ("id", "event_id")]
    for read, kept in zip(reads, Event.objects.order_by("id"), strict=True):
        event = events.event_of_call(
            principal, read.name, is_read_only=True, resources=read.resources, error=read.error
        )
        event.at = read.at
        assert {name: getattr(kept, name) for name in names} == {name: getattr(event, name) for name in names}


@pytest.mark.parametrize(("refused", "kept"), [("a\0b", "a\ufffdb"), ("a\ud800b", "a?b")])
def test_what_the_database_cannot_keep_is_replaced_in_a_message(refused, kept):
    principal = factories.root_of(factories.make_account())
    error = IamError("ValidationError", refused)

    events.record(events.event_of_call(principal, "ListUsers", is_read_only=True, error=error))

    assert Event.objects.latest("id").error_message == kept
