"""Sessions of browsers: what ends them, and what does not miss any."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import ConsoleSession, Event, User
from iam.operations import console_sessions, perform, root_passwords
from iam.queries.console_sessions import find_session, sessions_of
from tests.factories import (
    SOURCE,
    USER_PASSWORD,
    allow,
    deny,
    give_password,
    make_account,
    make_mfa_device,
    make_user,
    principal_of,
    root_of,
)

FRESH = "Fresh-Battery-3"
ALICE = "arn:aws:iam::*:user/alice"
IDLE = timedelta(hours=1)


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture
def alice(account):
    user = make_user(account)
    give_password(user)
    return user


def signed_in(person):
    """Return a person with the session that has begun."""
    return replace(person, console_session=console_sessions.begin(person))


def open_sessions():
    return set(ConsoleSession.objects.values_list("pk", flat=True))


def reset(account, alice):
    perform(root_of(account), "UpdateLoginProfile", UserName="alice", Password=FRESH)


def take_password(account, alice):
    perform(root_of(account), "DeleteLoginProfile", UserName="alice")


def take_device(account, alice):
    perform(root_of(account), "DeactivateMFADevice", UserName="alice", SerialNumber=alice.mfa_devices.get().pk)


def take_user(account, alice):
    take_device(account, alice)
    take_password(account, alice)
    alice.inline_policies.all().delete()
    perform(root_of(account), "DeleteVirtualMFADevice", SerialNumber=account.mfa_devices.get().pk)
    perform(root_of(account), "DeleteUser", UserName="alice")


@pytest.mark.parametrize("change", [reset, take_password, take_device, take_user])
def test_change_of_credentials_ends_all_sessions_of_their_owner_alone(account, alice, change):
    make_mfa_device(alice)
    bob = make_user(account, "bob")
    give_password(bob)
    signed_in(principal_of(alice))
    signed_in(principal_of(alice))
    others = {signed_in(person).console_session for person in (principal_of(bob), root_of(account))}

    change(account, alice)

    assert open_sessions() == others


def test_own_new_password_leaves_the_session_that_set_it(account, alice):
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    signed_in(principal_of(alice))
    here = signed_in(principal_of(alice))

    perform(here, "ChangePassword", OldPassword=USER_PASSWORD, NewPassword=FRESH)

    assert open_sessions() == {here.console_session}


def test_password_left_as_it_is_ends_nothing(account, alice):
    here = signed_in(principal_of(alice))

    perform(root_of(account), "UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    with pytest.raises(IamError):
        perform(root_of(account), "UpdateLoginProfile", UserName="alice", Password="short")

    assert open_sessions() == {here.console_session}


def test_new_root_password_ends_the_sessions_of_root(account, alice):
    signed_in(root_of(account))
    of_alice = signed_in(principal_of(alice)).console_session

    root_passwords.set_root_password(account.pk, FRESH)

    assert open_sessions() == {of_alice}


def test_session_does_not_begin_with_a_password_that_was_changed_meanwhile(account, alice):
    proved = principal_of(alice)
    reset(account, alice)

    with pytest.raises(IamError, match="Your password has been changed"):
        console_sessions.begin(proved)
    root = root_of(account)
    root_passwords.set_root_password(account.pk, FRESH)
    with pytest.raises(IamError, match="Your password has been changed"):
        console_sessions.begin(root)

    assert not open_sessions()


@pytest.mark.django_db(transaction=True)
def test_sign_in_during_a_reset_is_refused():
    account = make_account()
    alice = make_user(account)
    give_password(alice)
    proved, refused = principal_of(alice), []

    def begin():
        try:
            console_sessions.begin(proved)
        except IamError as error:
            refused.append(error.code)
        finally:
            connection.close()

    with transaction.atomic():
        reset(account, alice)
        thread = Thread(target=begin)
        thread.start()
        # The other one waits for this transaction, or comes after it: refused either way.
        thread.join(0.2)
    thread.join()

    assert refused == ["AuthFailure"]
    assert not open_sessions()


def test_found_session_knows_its_person_by_the_present_name(account, alice):
    here = signed_in(replace(principal_of(alice), mfa_authenticated_at=timezone.now()))
    perform(root_of(account), "UpdateUser", UserName="alice", NewUserName="eve", NewPath="/team/")

    found = find_session(here.console_session, source=SOURCE)

    assert found
    assert (found.person.name, found.person.arn) == ("eve", f"arn:aws:iam::{account.pk}:user/team/eve")
    assert found.person == replace(here, name="eve", arn=found.person.arn)
    root = signed_in(root_of(account))
    assert find_session(root.console_session, source=root.source).person == root
    assert find_session("unknown", source=SOURCE) is None


def test_the_oldest_session_makes_way(account, alice):
    person = principal_of(alice)
    oldest = signed_in(person).console_session
    later = replace(person, session_issued_at=timezone.now() + timedelta(seconds=1))

    for _ in range(console_sessions.MOST_SESSIONS):
        console_sessions.begin(later)

    assert len(open_sessions()) == console_sessions.MOST_SESSIONS
    assert oldest not in open_sessions()


def test_own_sessions_are_listed_and_ended_and_no_others(account, alice):
    bob = make_user(account, "bob")
    give_password(bob)
    of_bob = signed_in(principal_of(bob)).console_session
    here, there, elsewhere = (signed_in(principal_of(alice)) for _ in range(3))
    listed = {session.id for session in sessions_of(account.pk, alice.pk, idle=IDLE)}
    assert listed == {here.console_session, there.console_session, elsewhere.console_session}

    assert console_sessions.end_own(here, of_bob) == 0
    assert console_sessions.end_own(here, there.console_session) == 1
    assert console_sessions.end_own(here) == 1

    assert open_sessions() == {here.console_session, of_bob}
    events = Event.objects.filter(name="EndConsoleSessions")
    assert [event.response_elements for event in events] == [{"endedSessions": 1}] * 2


def test_sessions_whose_time_is_over_are_not_listed(account, alice):
    for age in ({"began_at": timedelta(hours=12)}, {"seen_at": IDLE}):
        session = signed_in(principal_of(alice)).console_session
        name, before = age.popitem()
        ConsoleSession.objects.filter(pk=session).update(**{name: timezone.now() - before})

    assert sessions_of(account.pk, alice.pk, idle=IDLE) == []


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ([], "AccessDenied"),
        ([allow("iam:UpdateLoginProfile"), deny("iam:UpdateLoginProfile", resource=ALICE)], "AccessDenied"),
        ([allow("iam:UpdateLoginProfile", resource=ALICE)], None),
    ],
)
def test_who_may_set_a_password_may_end_the_sessions(account, alice, statements, code):
    signed_in(principal_of(alice))
    helper = principal_of(make_user(account, "helper", statements=statements))

    if code is None:
        assert console_sessions.end_all_of_user(helper, "ALICE") == 1
    else:
        with pytest.raises(IamError, match="iam:UpdateLoginProfile"):
            console_sessions.end_all_of_user(helper, "alice")

    assert len(open_sessions()) == (0 if code is None else 1)
    event = Event.objects.get(name="EndConsoleSessions")
    assert event.error_code == (code or "")
    assert event.resources[0]["ARN"] == User.objects.get(name="alice").arn


def test_sessions_of_another_account_cannot_be_ended(account, alice):
    signed_in(principal_of(alice))
    other = root_of(make_account())

    with pytest.raises(IamError, match="cannot be found"):
        console_sessions.end_all_of_user(other, "alice")

    assert len(open_sessions()) == 1
