"""Signing in with a code of an MFA device: the password alone opens nothing, and every attempt is recorded."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event, LoginProfile, MfaDevice, RootUser, SignInThrottle, User
from iam.operations import mfa_codes, perform, signin, throttles
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    USER_PASSWORD,
    code_of,
    give_password,
    make_account,
    make_mfa_device,
    make_user,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
WRONG = "This code is not right, or was used already. Wait for the next one."


@pytest.fixture
def account():
    """An account with the alias `acme` and the user alice, who has a password."""
    account = make_account(alias="acme")
    give_password(make_user(account))
    return account


@pytest.fixture
def alice(account):
    return User.objects.get(name="alice")


@pytest.fixture
def device(alice):
    return make_mfa_device(alice)


def enter_password():
    return signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)


def refusal_of(principal, *codes) -> IamError:
    with pytest.raises(IamError) as caught:
        signin.sign_in_with_code(principal, *codes)
    return caught.value


def wrong_code(device) -> str:
    return code_of(device, ahead=900)


def second_device(alice, name="tablet") -> MfaDevice:
    make_mfa_device(alice)
    MfaDevice.objects.update(serial_number=f"arn:aws:iam::{alice.account_id}:mfa/{name}")
    return MfaDevice.objects.get()


def test_right_password_is_not_enough_for_whoever_has_a_device(device):
    entered = enter_password()

    assert entered.needs_code
    assert entered.principal.mfa_authenticated_at is None
    assert User.objects.get(name="alice").password_last_used_at is None
    assert not Event.objects.filter(name="ConsoleLogin").exists()


def test_code_signs_in_with_mfa_from_that_moment_on(device):
    pending = enter_password().principal

    entered = signin.sign_in_with_code(pending, code_of(device))

    assert not entered.needs_code
    assert entered.principal.session_issued_at == entered.principal.mfa_authenticated_at > pending.session_issued_at
    assert User.objects.get(name="alice").password_last_used_at is not None


def test_root_is_asked_too(account):
    device = make_mfa_device(account)
    entered = signin.sign_in_root(account.root_user.email, ROOT_PASSWORD, SOURCE)
    assert entered.needs_code
    assert RootUser.objects.get(account=account).password_last_used_at is None

    entered = signin.sign_in_with_code(entered.principal, code_of(device))

    assert entered.principal.is_root
    assert entered.principal.mfa_authenticated_at
    assert RootUser.objects.get(account=account).password_last_used_at


def test_a_device_that_nobody_uses_or_that_somebody_else_has_asks_nobody(account, alice):
    make_mfa_device(account)
    make_mfa_device(make_user(account, "bob"))
    perform(root_of(account), "CreateVirtualMFADevice", VirtualMFADeviceName="spare")

    assert not enter_password().needs_code


def test_code_of_any_of_the_owners_devices_counts(alice):
    tablet = second_device(alice)
    phone = make_mfa_device(alice)

    for device in (tablet, phone):
        assert signin.sign_in_with_code(enter_password().principal, code_of(device)).principal.mfa_authenticated_at
    assert refusal_of(enter_password().principal, code_of(tablet)).message == WRONG


def test_code_of_somebody_elses_device_is_wrong(account, device):
    make_mfa_device(account)
    others = [make_mfa_device(make_user(account, "bob")), MfaDevice.objects.get(user=None)]
    foreign = make_account(alias="other")
    others.append(make_mfa_device(make_user(foreign, "alice")))

    for other in others:
        assert refusal_of(enter_password().principal, code_of(other)).message == WRONG


def test_code_counts_once_even_for_another_half_session(device):
    first, second = enter_password().principal, enter_password().principal
    code = code_of(device)
    signin.sign_in_with_code(first, code)

    assert refusal_of(second, code).message == WRONG


@pytest.mark.django_db(transaction=True)
def test_a_code_used_by_two_at_once_lets_one_in(device):
    pending, code = enter_password().principal, code_of(device)

    def enter(_number):
        try:
            return bool(signin.sign_in_with_code(pending, code))
        except IamError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(enter, range(4))) == 1


def test_wrong_codes_make_their_owner_wait_however_often_the_password_is_entered(device):
    for number in range(throttles.CODES_PER_OWNER):
        pending = signin.sign_in_user("acme", "alice", USER_PASSWORD, replace(SOURCE, ip=f"198.51.100.{number}"))
        assert refusal_of(pending.principal, wrong_code(device)).code == "InvalidAuthenticationCode"

    assert refusal_of(enter_password().principal, code_of(device)).code == "Throttling"
    SignInThrottle.objects.update(blocked_until=timezone.now())
    assert signin.sign_in_with_code(enter_password().principal, code_of(device))


def test_codes_of_the_api_and_of_the_door_are_counted_together(device, alice):
    for _ in range(throttles.CODES_PER_OWNER):
        with pytest.raises(IamError):
            perform(principal_of(alice), "GetSessionToken", SerialNumber=device.pk, TokenCode=wrong_code(device))

    assert refusal_of(enter_password().principal, code_of(device)).code == "Throttling"


def test_device_that_was_taken_away_meanwhile_opens_nothing(account, device):
    pending = enter_password().principal
    code = code_of(device)
    perform(root_of(account), "DeactivateMFADevice", UserName="alice", SerialNumber=device.pk)

    assert refusal_of(pending, code).message == WRONG
    assert not enter_password().needs_code


@pytest.mark.parametrize("change", ["password", "no password"])
def test_password_that_was_changed_meanwhile_counts_no_more(account, device, change):
    pending = enter_password().principal
    if change == "password":
        perform(root_of(account), "UpdateLoginProfile", UserName="alice", Password="Fresh-Battery-3")
    else:
        perform(root_of(account), "DeleteLoginProfile", UserName="alice")

    assert refusal_of(pending, code_of(device)).code == "AuthFailure"
    assert Event.objects.get(name="ConsoleLogin").error_code == "AuthFailure"


def test_roots_password_that_was_changed_meanwhile_counts_no_more(account):
    device = make_mfa_device(account)
    pending = signin.sign_in_root(account.root_user.email, ROOT_PASSWORD, SOURCE).principal
    RootUser.objects.update(password_changed_at=timezone.now())

    assert refusal_of(pending, code_of(device)).code == "AuthFailure"


def test_password_is_judged_after_the_code(account, device):
    perform(root_of(account), "UpdateAccountPasswordPolicy", MaxPasswordAge=30)
    LoginProfile.objects.update(password_changed_at=timezone.now() - timedelta(days=31))
    pending = enter_password()
    assert not pending.must_change_password

    assert signin.sign_in_with_code(pending.principal, code_of(device)).must_change_password

    perform(root_of(account), "UpdateAccountPasswordPolicy", MaxPasswordAge=30, HardExpiry=True)
    error = refusal_of(enter_password().principal, code_of(device, ahead=1))
    assert error.code == "PasswordExpired"
    assert Event.objects.filter(name="ConsoleLogin").latest("id").error_message == "Password expired"


def test_every_step_is_recorded(device):
    pending = enter_password().principal
    refusal_of(pending, wrong_code(device))
    signin.sign_in_with_code(pending, code_of(device))

    asked, bad, good = Event.objects.filter(source="signin.amazonaws.com").order_by("id")

    assert (asked.name, asked.response_elements) == ("CheckMfa", {"CheckMfa": "Success"})
    assert (bad.name, bad.error_message) == ("ConsoleLogin", "Failed authentication")
    assert bad.response_elements == {"ConsoleLogin": "Failure"}
    assert bad.additional_event_data == {"MFAUsed": "Yes"}
    assert "sessionContext" not in bad.user_identity
    assert good.response_elements == {"ConsoleLogin": "Success"}
    assert good.additional_event_data == {"MFAUsed": "Yes", "MFAIdentifier": device.pk}
    assert good.user_identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


def test_sign_in_without_a_device_says_so(account):
    enter_password()

    assert Event.objects.get(name="ConsoleLogin").additional_event_data == {"MFAUsed": "No"}


def test_codes_are_in_no_event(device):
    pending, code = enter_password().principal, code_of(device)
    signin.sign_in_with_code(pending, code)
    refusal_of(pending, code)

    assert code not in str([(event.additional_event_data, event.error_message) for event in Event.objects.all()])


def test_two_codes_in_a_row_set_a_wrong_clock_right(device):
    pending = enter_password().principal
    assert refusal_of(pending, code_of(device, ahead=40)).message == WRONG

    entered = signin.sign_in_with_code(pending, code_of(device, ahead=40), code_of(device, ahead=41))

    assert entered.principal.mfa_authenticated_at
    assert signin.sign_in_with_code(enter_password().principal, code_of(device, ahead=42))


def test_codes_that_are_not_in_a_row_or_were_used_set_nothing(device):
    pending = enter_password().principal
    signin.sign_in_with_code(pending, code_of(device))
    step = mfa_codes.step_at(timezone.now())

    assert refusal_of(pending, code_of(device, ahead=1), code_of(device, ahead=3)).code == "InvalidAuthenticationCode"
    assert refusal_of(pending, code_of(device, ahead=-5), code_of(device, ahead=-4)).code == "InvalidAuthenticationCode"

    device.refresh_from_db()
    assert device.clock_offset == 0
    assert device.last_step in {step, step + 1, step - 1}


@pytest.mark.parametrize("has_device", [True, False])
def test_without_the_password_nobody_learns_of_a_device(alice, has_device, django_assert_num_queries):
    if has_device:
        make_mfa_device(alice)

    with django_assert_num_queries(20), pytest.raises(IamError, match="Your authentication information is incorrect"):
        signin.sign_in_user("acme", "alice", "Wrong-Horse-1", SOURCE)

    assert not Event.objects.filter(name="CheckMfa").exists()
