"""Retrying and discarding changes: who may, of which changes, and what is left behind."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, ChangeSet, Event
from iam.operations import changes, perform
from iam.operations.changes import discard_change, forget_old_changes, retry_change
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


def failed(account, operation):
    change = Change.objects.filter(account=account, operation=operation).latest("id")
    change.state, change.error_code = Change.State.FAILED, "AccessDenied"
    change.save()
    return change


def code_of(settle, principal, change):
    try:
        settle(principal, change.change_set_id, change.pk)
    except IamError as error:
        return error.code
    return ""


@pytest.mark.parametrize("settle", [retry_change, discard_change])
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (allow("iam:TagUser"), ""),
        (allow("iam:TagUser", resource="arn:aws:iam::*:user/bob"), ""),
        (allow("iam:TagUser", resource="arn:aws:iam::*:user/carol"), "AccessDenied"),
        (allow("iam:CreateUser", "iam:GetAccountAuthorizationDetails"), "AccessDenied"),
    ],
)
def test_settling_needs_what_the_operation_needs(account, settle, statement, code):
    make_user(account, "bob")
    perform(root_of(account), "TagUser", UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    operator = principal_of(make_user(account, "operator", statements=[statement]))

    assert code_of(settle, operator, failed(account, "TagUser")) == code


def test_call_about_oneself_is_judged_as_one_about_the_actor(account):
    bob = make_user(account, "bob", statements=[allow("iam:CreateAccessKey")])
    perform(principal_of(bob), "CreateAccessKey")
    own = allow("iam:CreateAccessKey", resource="arn:aws:iam::*:user/${aws:username}")
    stranger = principal_of(make_user(account, "stranger", statements=[own]))

    assert code_of(retry_change, stranger, failed(account, "CreateAccessKey")) == "AccessDenied"


@pytest.mark.parametrize("operation", ["CreateAccount", "CreateAccessKey"])
def test_what_only_root_did_only_root_settles(account, operation):
    if operation == "CreateAccessKey":
        perform(root_of(account), "CreateAccessKey")
    change = failed(account, operation)
    everything = principal_of(make_user(account, "operator", statements=[allow("*")]))

    assert code_of(retry_change, everything, change) == "AccessDenied"
    assert code_of(retry_change, root_of(account), change) == ""


@pytest.mark.parametrize("settle", [retry_change, discard_change])
@pytest.mark.parametrize("state", ["pending", "applying", "applied", "verified", "discarded"])
def test_change_that_did_not_fail_stays_as_it_is(account, settle, state):
    make_user(account)
    change = failed(account, "CreateUser")
    Change.objects.filter(pk=change.pk).update(state=state, error_code="")

    assert code_of(settle, root_of(account), change) == "InvalidInput"
    change.refresh_from_db()
    assert change.state == state


def test_change_of_another_account_is_unknown(account):
    make_user(account)
    change = failed(account, "CreateUser")

    assert code_of(retry_change, root_of(make_account()), change) == "NoSuchEntity"


def test_change_of_another_change_set_is_unknown(account):
    make_user(account)
    change = failed(account, "CreateUser")
    change.change_set_id = uuid4()

    assert code_of(discard_change, root_of(account), change) == "NoSuchEntity"


def test_settling_leaves_an_event_allowed_or_not(account):
    operator = principal_of(make_user(account, "operator"))
    change = failed(account, "CreateUser")
    code_of(discard_change, operator, change)
    code_of(retry_change, root_of(account), change)

    recorded = list(
        Event.objects.filter(source="console.amazonaws.com")
        .order_by("id")
        .values_list("name", "error_code", "request_parameters__ChangeId")
    )
    assert recorded == [("DiscardChange", "AccessDenied", change.pk), ("RetryChange", "", change.pk)]


def test_settling_wakes_a_worker_after_the_commit(account, django_capture_on_commit_callbacks):
    make_user(account)
    change = failed(account, "CreateUser")

    with django_capture_on_commit_callbacks() as callbacks:
        retry_change(root_of(account), change.change_set_id, change.pk)

    assert len(callbacks) == 1


@pytest.fixture
def old(account):
    """A change set of long ago, carried."""
    make_user(account)
    change_set = ChangeSet.objects.filter(account=account).latest("created_at")
    ChangeSet.objects.filter(pk=change_set.pk).update(created_at=timezone.now() - timedelta(days=366))
    change_set.changes.update(state=Change.State.VERIFIED)
    return change_set


@pytest.mark.parametrize("state", ["verified", "discarded"])
def test_old_change_sets_that_are_done_with_are_forgotten(old, state):
    old.changes.update(state=state)

    forget_old_changes()

    assert not ChangeSet.objects.filter(pk=old.pk).exists()
    assert Event.objects.filter(request_id=old.request_id, name="CreateUser").exists()


@pytest.mark.parametrize("state", ["pending", "applying", "applied", "failed"])
def test_old_change_sets_that_are_not_done_stay(old, state):
    old.changes.update(state=state)

    forget_old_changes()

    assert ChangeSet.objects.filter(pk=old.pk).exists()


def test_young_change_sets_stay_and_all_do_where_none_is_to_go(account, old, settings):
    make_user(account, "bob")
    Change.objects.filter(account=account).update(state=Change.State.VERIFIED)
    count = ChangeSet.objects.filter(account=account).count()

    settings.CHANGES_KEPT_DAYS = 0
    forget_old_changes()
    assert ChangeSet.objects.filter(account=account).count() == count
    settings.CHANGES_KEPT_DAYS = 365
    forget_old_changes()

    assert ChangeSet.objects.filter(account=account).count() == count - 1


def test_forgetting_is_bounded_and_leaves_what_undid(account, old, monkeypatch):
    monkeypatch.setattr(changes, "MOST_FORGOTTEN", 1)
    young = ChangeSet.objects.filter(account=account).exclude(pk=old.pk).earliest("created_at")
    ChangeSet.objects.filter(pk=young.pk).update(created_at=timezone.now() - timedelta(days=367), undoes=old)
    young.changes.update(state=Change.State.VERIFIED)

    forget_old_changes()
    assert ChangeSet.objects.filter(pk__in=[old.pk, young.pk]).get() == old
    ChangeSet.objects.filter(account=account).exclude(pk=old.pk).update(undoes=old)
    forget_old_changes()

    assert not ChangeSet.objects.filter(account=account, undoes__isnull=False).exists()
