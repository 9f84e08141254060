"""Workers that create users by the hundred: one at a time, once, and whatever happens to them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event, LoginProfile, Onboarding, OnboardingProgress, User
from iam.operations import onboarding, perform
from iam.operations.onboarding import NewUser, carry_out_next, fetch_credentials, request_onboarding
from iam.principals import Session, principal_from_text, principal_to_text, role_session_principal
from iam.queries.onboarding import find_onboarding, is_onboarding_waiting
from tests.factories import SOURCE, allow, make_account, make_role, make_user, principal_of, root_of


def request(principal, *names, has_console_access=True):
    users = [NewUser(name, has_console_access=has_console_access) for name in names]
    return request_onboarding(principal, users, requires_reset=False, attaches_change_password=True, first=lambda: None)


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_change_set_is_not_committed(monkeypatch):
    monkeypatch.setattr(onboarding, "_ANNOUNCED_EVERY", 0)
    root = root_of(make_account())
    asked = request(root, "a", "b", "c")
    aside = connection.copy()
    seen = []

    def look(password):
        with aside.cursor() as cursor:
            cursor.execute("SELECT done FROM iam_onboardingprogress")
            progress = cursor.fetchone()[0]
            cursor.execute("SELECT count(*) FROM iam_user")
            seen.append((progress, cursor.fetchone()[0]))
        return "hash"

    monkeypatch.setattr("iam.operations.login_profiles.hash_password", look)
    carry_out_next()
    aside.close()

    assert seen == [(0, 0), (1, 0), (2, 0)]
    assert find_onboarding(root.account_id, root.unique_id, asked).created_count == 3


@pytest.mark.django_db(transaction=True)
def test_worker_that_dies_leaves_everything_to_the_next():
    root = root_of(make_account())
    request(root, "a", "b")
    with transaction.atomic():
        carry_out_next()
        # As a connection that breaks before the commit.
        transaction.set_rollback(True)

    assert not User.objects.exists()
    assert is_onboarding_waiting()
    assert carry_out_next()
    assert User.objects.count() == 2
    assert not is_onboarding_waiting()
    assert not carry_out_next()


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_share_one():
    request(root_of(make_account()), "a")
    aside = connection.copy()
    with aside.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM iam_onboarding FOR UPDATE")
        assert not carry_out_next()
        cursor.execute("ROLLBACK")
    aside.close()

    assert carry_out_next()


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SELECT 1 / 0", "SELECT 'x'::integer"])
def test_fault_of_ours_does_not_wait_for_ever(monkeypatch, statement):
    root = root_of(make_account())
    asked = request(root, "a")

    def fail(*arguments, **parameters):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    monkeypatch.setattr(onboarding, "perform_change_set", fail)
    carry_out_next()
    found = find_onboarding(root.account_id, root.unique_id, asked)

    assert found.state == "failed"
    assert "division" not in found.error_message
    assert not is_onboarding_waiting()


@pytest.mark.django_db
def test_refusal_is_in_the_event_history():
    account = make_account()
    request(principal_of(make_user(account, "mallory")), "a")
    carry_out_next()

    assert Event.objects.get(account_id=account.pk, name="CreateUser", error_code="AccessDenied")
    assert Onboarding.objects.get().error_code == "AccessDenied"


@pytest.mark.django_db
def test_user_who_was_deleted_meanwhile_creates_nobody():
    account = make_account()
    admin = make_user(account, "admin", statements=[allow("*")])
    request(principal_of(admin), "a")
    perform(root_of(account), "DeleteUserPolicy", UserName="admin", PolicyName="test")
    perform(root_of(account), "DeleteUser", UserName="admin")
    carry_out_next()

    assert not User.objects.filter(name="a").exists()


@pytest.mark.django_db
def test_only_so_many_at_once():
    with pytest.raises(IamError, match="1000"):
        request(root_of(make_account()), *(f"user{number}" for number in range(1001)))


@pytest.mark.django_db
def test_passwords_that_nobody_fetches_are_erased():
    root = root_of(make_account())
    asked = request(root, "a")
    carry_out_next()
    Onboarding.objects.update(finished_at=timezone.now() - timedelta(days=1, seconds=1))
    onboarding.forget()

    assert bytes(Onboarding.objects.get().sealed_credentials) == b""
    with pytest.raises(IamError, match="older than a day"):
        fetch_credentials(root, asked)
    Onboarding.objects.update(finished_at=timezone.now() - timedelta(days=8))
    onboarding.forget()
    assert not OnboardingProgress.objects.exists()


@pytest.mark.django_db
def test_thousand_generated_passwords_are_quick_to_hash_and_no_password_is_kept():
    root = root_of(make_account())
    asked = request(root, "a")
    carry_out_next()
    password = fetch_credentials(root, asked)["a"]
    profile = LoginProfile.objects.get()

    assert "m=1024,t=1,p=1" in profile.password
    assert password not in profile.password
    assert password not in str(list(Event.objects.values()))


@pytest.mark.django_db
def test_principals_come_back_as_they_were():
    account = make_account()
    user = principal_of(make_user(account))
    role = make_role(account)
    session = Session("alice", role.unique_id, role.arn, timezone.now(), policies=("{}",), tags={"team": "Blue"})
    held = role_session_principal(account.pk, session, source=SOURCE, session_issued_at=timezone.now())
    for principal in (root_of(account), user, held, replace(user, mfa_authenticated_at=timezone.now())):
        assert principal_from_text(principal_to_text(principal)) == principal


@pytest.mark.django_db
def test_principals_that_another_version_wrote_come_back():
    root = root_of(make_account())
    written = json.loads(principal_to_text(root))

    assert principal_from_text(json.dumps({**written, "of_another_version": None})) == root
    assert "at_hand" not in written
