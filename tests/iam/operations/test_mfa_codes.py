"""One-time codes: accepted once, within their time, from their owner; and what a call gains by one."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from iam import sealing
from iam.errors import IamError
from iam.models import Event, MfaDevice, SignInThrottle
from iam.operations import mfa_codes, perform, session_tokens
from tests.factories import (
    SOURCE,
    allow,
    code_of,
    make_account,
    make_mfa_device,
    make_role,
    make_user,
    principal_of,
    trust_document,
)

pytestmark = pytest.mark.django_db
REFUSED = ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def alice(account):
    return make_user(account, "alice", statements=[allow("sts:AssumeRole")])


@pytest.fixture
def device(alice):
    return make_mfa_device(alice)


def refusal_of(device, code, *, user=None, **changed):
    owner = {"account_id": device.account_id, "user_pk": device.user_id, "serial_number": device.pk, **changed}
    with pytest.raises(IamError) as refused:
        mfa_codes.check_code(**owner, code=code)
    return refused.value.code, refused.value.message


def check(device, code):
    return mfa_codes.check_code(device.account_id, device.user_id, device.pk, code)


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_code_is_accepted_one_step_early_or_late(device, ahead):
    at = check(device, code_of(device, ahead=ahead))

    assert abs(timezone.now() - at) < timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [-3, 3])
def test_code_of_another_time_is_refused(device, ahead):
    assert refusal_of(device, code_of(device, ahead=ahead)) == REFUSED


def test_code_counts_once_and_no_older_one_after_it(device):
    check(device, code_of(device))

    assert refusal_of(device, code_of(device)) == REFUSED
    assert refusal_of(device, code_of(device, ahead=-1)) == REFUSED
    assert check(device, code_of(device, ahead=1))


def test_device_of_somebody_else_of_nobody_or_of_another_account_is_refused(account, device):
    bob = make_user(account, "bob")
    code = code_of(device)

    refusals = {
        refusal_of(device, code, user_pk=bob.pk),
        refusal_of(device, code, user_pk=None),
        refusal_of(device, code, account_id=make_account().pk),
        refusal_of(device, code, serial_number="arn:aws:iam::123456789012:mfa/ghost"),
    }
    MfaDevice.objects.filter(pk=device.pk).update(user=None, enabled_at=None)
    refusals |= {refusal_of(device, code), refusal_of(device, code, user_pk=None)}

    assert refusals == {REFUSED}


def test_root_has_devices_too(account):
    device = make_mfa_device(account)

    assert check(device, code_of(device))


def test_security_key_shows_no_codes(device):
    MfaDevice.objects.filter(pk=device.pk).update(kind="Security key", sealed_seed=None)

    assert refusal_of(device, "123456") == REFUSED


def test_guessing_is_slowed_down_for_one_owner_alone(account, device):
    root_device = make_mfa_device(account)
    for _ in range(5):
        assert refusal_of(device, code_of(device, ahead=9)) == REFUSED

    assert refusal_of(device, code_of(device)) == REFUSED
    assert check(root_device, code_of(root_device))
    SignInThrottle.objects.update(blocked_until=timezone.now())
    assert check(device, code_of(device))


def test_right_code_forgets_the_wrong_ones(device):
    for ahead in range(2):
        for _ in range(4):
            refusal_of(device, "000000" if code_of(device) != "000000" else "000001")
        check(device, code_of(device, ahead=ahead))


@given(offset=st.integers(-mfa_codes.LARGEST_OFFSET + 2, mfa_codes.LARGEST_OFFSET - 1))
def test_two_codes_in_a_row_tell_how_far_off_a_clock_is(offset):
    seed = mfa_codes.new_seed()
    device = MfaDevice(sealed_seed=sealing.seal(seed))
    newest = mfa_codes.step_at(timezone.now()) + offset

    mfa_codes.synchronize(device, *(mfa_codes.code_at(seed, step) for step in (newest - 1, newest)))

    assert device.last_step == newest
    # The clock may have ticked in between.
    assert device.clock_offset in ({0} if abs(offset) <= 1 else {offset, offset - 1, 0})


def test_codes_that_are_not_in_a_row_or_were_used_tell_nothing(device):
    step = mfa_codes.step_at(timezone.now())
    device.last_step = step
    for first, second in ((0, 2), (2, 1), (1, 1), (0, 1)):
        with pytest.raises(IamError) as refused:
            mfa_codes.synchronize(device, code_of(device, ahead=first), code_of(device, ahead=second))
        assert refused.value.code == "InvalidAuthenticationCode"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_code_follows_rfc_6238(seconds, code):
    # Appendix B, SHA-1, of which the last six digits count.
    seed = base64.b32encode(b"12345678901234567890").decode()

    assert mfa_codes.code_at(seed, mfa_codes.step_at(datetime.fromtimestamp(seconds, UTC))) == code


def assume(principal, role, **parameters):
    return perform(principal, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice", **parameters)


def with_mfa(account, **condition):
    operator, values = condition.popitem() if condition else ("Bool", {"aws:MultiFactorAuthPresent": "true"})
    return make_role(
        account, trust=trust_document({"AWS": f"arn:aws:iam::{account.pk}:root"}, Condition={operator: values})
    )


@pytest.fixture
def key_holder(alice):
    """Alice as her access key makes her: without a session."""
    return replace(principal_of(alice), session_issued_at=None)


@pytest.mark.parametrize(
    "condition",
    [{"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}],
)
def test_role_that_asks_for_mfa_is_assumed_with_a_code(account, device, key_holder, condition):
    role = with_mfa(account, **condition)

    with pytest.raises(IamError) as refused:
        assume(key_holder, role)
    result = assume(key_holder, role, SerialNumber=device.pk, TokenCode=code_of(device))

    assert refused.value.code == "AccessDenied"
    session = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal
    assert session.mfa_authenticated_at


def test_session_without_mfa_gains_it_by_a_code(account, alice, device):
    assert assume(principal_of(alice), with_mfa(account), SerialNumber=device.pk, TokenCode=code_of(device))


def test_code_is_used_up_by_a_refused_call_and_never_recorded(account, alice, device):
    role = make_role(account, trust=trust_document({"AWS": make_user(account, "other").arn}))
    code = code_of(device)

    for _ in range(2):
        with pytest.raises(IamError):
            assume(principal_of(alice), role, SerialNumber=device.pk, TokenCode=code)

    messages = list(Event.objects.filter(name="AssumeRole").order_by("id").values_list("error_message", flat=True))
    assert messages[1] == REFUSED[1] != messages[0]
    for event in Event.objects.filter(name="AssumeRole"):
        assert event.request_parameters["TokenCode"] != code
        assert event.request_parameters["SerialNumber"] == device.pk


@pytest.mark.parametrize("given", ["SerialNumber", "TokenCode"])
def test_serial_number_and_code_belong_together(account, alice, device, given):
    both = {"SerialNumber": device.pk, "TokenCode": code_of(device)}

    with pytest.raises(IamError) as refused:
        assume(principal_of(alice), make_role(account), **{given: both[given]})

    assert refused.value.message == (
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
    )


def test_malformed_code_is_a_validation_error_and_no_attempt(account, alice, device):
    with pytest.raises(IamError) as refused:
        assume(principal_of(alice), make_role(account), SerialNumber=device.pk, TokenCode="12345x")

    assert refused.value.code == "ValidationError"
    assert not SignInThrottle.objects.exists()


def test_session_of_a_role_has_no_device_not_even_roots(account, alice):
    device = make_mfa_device(account)
    role = make_role(account, statements=[allow("sts:AssumeRole")])
    session = session_tokens.read(assume(principal_of(alice), role)["Credentials"]["SessionToken"], SOURCE).principal

    with pytest.raises(IamError) as refused:
        assume(session, make_role(account, "next"), SerialNumber=device.pk, TokenCode=code_of(device))

    assert (refused.value.code, refused.value.message) == REFUSED
