"""The store of last uses follows the event history: in any order of commits, once, and for the right principal."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event, EventCursor, LastAccess
from iam.operations import last_accesses, perform
from iam.operations.last_accesses import follow_events, forget_old_accesses
from iam.principals import Session, role_session_principal
from iam.queries import settled_events
from tests.factories import allow, make_account, make_role, make_user, principal_of, root_of


def uses(principal_id):
    rows = LastAccess.objects.filter(principal_id=principal_id)
    return {f"{row.service}:{row.action}": row.at for row in rows}


@pytest.mark.django_db
def test_calls_are_noted_with_their_latest_time_allowed_or_not():
    account = make_account()
    user = principal_of(make_user(account, statements=[allow("iam:GetUser")]))
    perform(user, "GetUser")
    perform(user, "GetUser")
    perform(user, "GetCallerIdentity")
    with pytest.raises(IamError):
        perform(user, "ListUsers")

    follow_events()

    latest = Event.objects.filter(name="GetUser").latest("id").at
    assert set(uses(user.unique_id)) == {"iam:GetUser", "iam:ListUsers", "sts:GetCallerIdentity"}
    assert uses(user.unique_id)["iam:GetUser"] == latest
    assert uses(account.pk).keys() >= {"iam:CreateUser", "iam:PutUserPolicy"}


@pytest.mark.django_db
def test_what_a_session_does_is_its_roles_use():
    account = make_account()
    role = make_role(account)
    session = Session("watch", role.unique_id, role.arn, timezone.now() + timedelta(hours=1))
    principal = role_session_principal(account.pk, session, session_issued_at=timezone.now())

    perform(principal, "GetCallerIdentity")
    follow_events()

    assert set(uses(role.unique_id)) == {"sts:GetCallerIdentity"}


@pytest.mark.django_db
def test_events_are_taken_in_step_by_step_and_only_once(monkeypatch):
    account = make_account()
    root = root_of(account)
    # In one step past the numbers of all tests before.
    follow_events()
    for _ in range(5):
        perform(root, "ListUsers")
    monkeypatch.setattr(last_accesses, "_STEP", 2)

    follow_events()
    assert LastAccess.objects.exists()
    LastAccess.objects.all().delete()
    follow_events()

    assert EventCursor.objects.get().position == Event.objects.latest("id").pk
    assert not LastAccess.objects.exists()


@pytest.mark.django_db
def test_older_events_do_not_turn_a_last_use_back():
    account = make_account()
    root = root_of(account)
    perform(root, "ListUsers")
    later = timezone.now() + timedelta(days=1)
    follow_events()
    LastAccess.objects.filter(action="ListUsers").update(at=later)

    perform(root, "ListUsers")
    follow_events()

    assert uses(account.pk)["iam:ListUsers"] == later


@pytest.mark.django_db
def test_uses_before_the_tracking_period_are_forgotten():
    account = make_account()
    perform(root_of(account), "ListUsers")
    perform(root_of(account), "ListRoles")
    follow_events()
    LastAccess.objects.filter(action="ListUsers").update(at=timezone.now() - timedelta(days=402))

    forget_old_accesses()

    assert set(uses(account.pk)) == {"iam:ListRoles"}


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_committed_late_is_not_passed_over():
    account = make_account()
    slow, fast = principal_of(make_user(account, "slow")), principal_of(make_user(account, "fast"))
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            perform(slow, "GetCallerIdentity")
            written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    written.wait(10)
    perform(fast, "GetCallerIdentity")
    threading.Timer(0.2, may_commit.set).start()

    follow_events()
    writer.join()

    assert uses(slow.unique_id)
    assert uses(fast.unique_id)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_does_not_end_lets_the_cursor_stand(monkeypatch):
    monkeypatch.setattr(settled_events, "LONGEST_WAIT", 0.05)
    user = principal_of(make_user(make_account()))
    written, may_commit = threading.Event(), threading.Event()

    def write_and_wait():
        with transaction.atomic():
            perform(replace(user, access_key_id="AKIA"), "GetCallerIdentity")
            written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_and_wait)
    writer.start()
    written.wait(10)

    follow_events()
    waited = EventCursor.objects.exists()
    may_commit.set()
    writer.join()
    follow_events()

    assert not waited
    assert uses(user.unique_id)
