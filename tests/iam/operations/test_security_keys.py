"""Passkeys and security keys, and what else only a page can hand over with a call: registered, listed, refused."""

import json

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from iam.errors import IamError
from iam.models import Event, MfaDevice, SecurityKey
from iam.operations import Step, accounts, mfa_codes, perform, perform_change_set, security_keys
from iam.operations.security_keys import KeyAnswer, Site
from iam.queries.documents import canonical, documents_of
from tests import authenticators
from tests.authenticators import base64url
from tests.factories import (
    allow,
    code_of,
    deny,
    make_account,
    make_mfa_device,
    make_security_key,
    make_user,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
SITE = Site("localhost", authenticators.ORIGIN)
MEMBERS = st.sampled_from(["id", "response", "clientDataJSON", "attestationObject", "transports"])
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


@pytest.fixture
def alice(account):
    return make_user(account, "alice")


def answer_of(key=None, challenge=b"c" * 32):
    key = key or authenticators.SecurityKey()
    return KeyAnswer(SITE, challenge, key.create({"challenge": base64url(challenge)}))


def enable(principal, answer=None, name="alice", **parameters):
    serial_number = security_keys.new_serial_number(principal.account_id, name, "key")
    given = {"UserName": name, "SerialNumber": serial_number, **parameters}
    perform_change_set(principal, [Step("EnableMFADevice", given, {"security_key": answer or answer_of()})])
    return given["SerialNumber"]


def enable_token(principal, serial_number="GAHT-001234", *, seed=SEED):
    step = mfa_codes.step_at(timezone.now())
    codes = {
        "AuthenticationCode1": mfa_codes.code_at(SEED, step - 1),
        "AuthenticationCode2": mfa_codes.code_at(SEED, step),
    }
    parameters = {"UserName": "alice", "SerialNumber": serial_number, **codes}
    perform_change_set(principal, [Step("EnableMFADevice", parameters, {"seed": seed})])


def outcome(read):
    """Return the code of a refusal, empty where there is none."""
    try:
        read()
    except IamError as error:
        return error.code
    return ""


def code(refused):
    return refused.value.code


def test_key_is_a_device_like_any_other(root, alice):
    serial_number = enable(root)

    listed = perform(root, "ListMFADevices", UserName="alice")["MFADevices"]
    assert [device["SerialNumber"] for device in listed] == [serial_number]
    found = perform(root, "GetMFADevice", UserName="alice", SerialNumber=serial_number)
    assert found["UserName"] == "alice"
    assert "Certifications" not in found
    assert perform(root, "ListVirtualMFADevices")["VirtualMFADevices"] == []
    summary = perform(root, "GetAccountSummary")["SummaryMap"]
    assert (summary["MFADevices"], summary["MFADevicesInUse"], summary["AccountMFAEnabled"]) == (1, 1, 0)


def test_document_of_the_user_tells_of_the_key_and_not_its_record(account, root, alice):
    key = authenticators.SecurityKey()
    serial_number = enable(root, answer_of(key))

    text = canonical(documents_of(account.pk, [("user", "alice")])[("user", "alice")])

    assert serial_number in str(text)
    assert "Security key" in str(text)
    assert base64url(key.id) not in str(text)


def test_deactivated_key_is_forgotten_and_can_be_assigned_again(root, alice):
    key = authenticators.SecurityKey()
    serial_number = enable(root, answer_of(key))
    with pytest.raises(IamError) as refused:
        perform(root, "DeleteUser", UserName="alice")
    assert code(refused) == "DeleteConflict"

    perform(root, "DeactivateMFADevice", UserName="alice", SerialNumber=serial_number)

    assert not SecurityKey.objects.exists()
    enable(root, answer_of(key))


@pytest.mark.parametrize("operation", ["EnableMFADevice", "ResyncMFADevice"])
def test_codes_are_nothing_to_a_key(root, alice, operation):
    serial_number = enable(root)
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}

    with pytest.raises(IamError) as refused:
        perform(root, operation, UserName="alice", SerialNumber=serial_number, **codes)

    assert code(refused) in {"EntityAlreadyExists", "NoSuchEntity"}


def test_codes_stay_required_where_no_key_comes_along(root, alice):
    with pytest.raises(IamError, match="Value null at 'authenticationCode1'"):
        perform(root, "EnableMFADevice", UserName="alice", SerialNumber="GAHT-001234")


def test_credential_belongs_to_one_device_in_all_accounts(root, alice):
    key = authenticators.SecurityKey()
    enable(root, answer_of(key))
    other = make_account()
    make_user(other, "alice")

    with pytest.raises(IamError) as refused:
        enable(root_of(other), answer_of(key))

    assert code(refused) == "EntityAlreadyExists"


def test_ninth_device_of_any_kind_is_too_many(root, alice):
    for number in range(4):
        make_mfa_device(alice, f"phone-{number}")
        make_security_key(alice, f"key-{number}")

    with pytest.raises(IamError) as refused:
        enable(root)

    assert code(refused) == "LimitExceeded"


@pytest.mark.parametrize(
    ("statements", "is_allowed"),
    [
        ([allow("iam:EnableMFADevice", resource="arn:aws:iam::*:user/bob")], True),
        ([allow("iam:EnableMFADevice", resource="arn:aws:iam::*:user/alice")], False),
        (
            [allow("iam:*"), deny("iam:EnableMFADevice", Condition={"Null": {"iam:RegisterSecurityKey": "false"}})],
            False,
        ),
        ([allow("iam:*", Condition={"StringEquals": {"iam:FIDO-certification": "L1"}})], False),
    ],
)
def test_registering_takes_the_permission_on_the_user(account, alice, statements, is_allowed):
    bob = principal_of(make_user(account, "bob", statements=statements))

    if is_allowed:
        enable(bob, name="bob")
    else:
        with pytest.raises(IamError, match="not authorized to perform: iam:EnableMFADevice"):
            enable(bob, name="bob")
    assert MfaDevice.objects.exists() == is_allowed


def test_wrong_answer_is_refused_and_recorded(root, alice):
    with pytest.raises(IamError) as refused:
        enable(root, KeyAnswer(SITE, b"d" * 32, answer_of().text))

    assert code(refused) == "InvalidAuthenticationCode"
    assert Event.objects.get(name="EnableMFADevice").error_code == "InvalidAuthenticationCode"


def test_right_answer_is_accepted_once_for_one_owner(account, alice):
    key = make_security_key(alice, step=0)
    challenge = security_keys.new_challenge()
    answer = KeyAnswer(SITE, challenge, key.get({"challenge": base64url(challenge)}))
    bob = make_user(account, "bob")
    with pytest.raises(IamError):
        security_keys.check_answer(account.pk, bob.pk, answer)
    with pytest.raises(IamError):
        security_keys.check_answer(account.pk, None, answer)

    assert security_keys.check_answer(account.pk, alice.pk, answer).serial_number == MfaDevice.objects.get().pk

    with pytest.raises(IamError):
        security_keys.check_answer(account.pk, alice.pk, answer)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_answer_is_refused_in_one_way(data):
    key, challenge = authenticators.SecurityKey(), b"c" * 32
    good = json.loads(answer_of(key, challenge).text)
    name = data.draw(st.sampled_from(["clientDataJSON", "attestationObject"]))
    text = good["response"][name]
    at = data.draw(st.integers(0, len(text) - 1))
    replaced = data.draw(st.one_of(st.text(max_size=8), st.sampled_from("ABab09-_")))
    if replaced == text[at]:
        return
    good["response"][name] = text[:at] + replaced + text[at + 1 :]

    # What changes nothing that counts, such as the bits of padding or a model's number, may well be accepted.
    answer = KeyAnswer(SITE, challenge, json.dumps(good))
    assert outcome(lambda: security_keys.read_new_key(answer)) in {"", "InvalidAuthenticationCode"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=5),
        max_leaves=12,
    )
)
def test_any_json_is_refused_in_one_way(answer):
    with pytest.raises(IamError) as refused:
        security_keys.read_new_key(KeyAnswer(SITE, b"c" * 32, json.dumps(answer)))

    assert code(refused) == "InvalidAuthenticationCode"


def test_token_comes_with_its_seed_and_goes_for_good(root, alice):
    enable_token(root)
    device = MfaDevice.objects.get()
    assert (device.kind, device.user) == ("Hardware", alice)
    assert code_of(device)

    perform(root, "DeactivateMFADevice", UserName="alice", SerialNumber=device.pk)

    assert not MfaDevice.objects.exists()


@pytest.mark.parametrize(
    ("serial_number", "seed", "expected"),
    [
        ("GAHT-001234", "A" * 32, "InvalidAuthenticationCode"),
        ("arn:aws:iam::123456789012:mfa/alice", SEED, "ValidationError"),
        ("ARN:aws:iam::123456789012:u2f/user/alice/k", SEED, "ValidationError"),
    ],
)
def test_token_with_another_seed_or_an_arn_is_refused(root, alice, serial_number, seed, expected):
    with pytest.raises(IamError) as refused:
        enable_token(root, serial_number, seed=seed)

    assert code(refused) == expected
    assert not MfaDevice.objects.exists()


def test_token_belongs_to_one_owner(root, alice):
    enable_token(root)

    with pytest.raises(IamError) as refused:
        enable_token(root, "gaht-001234")

    assert code(refused) == "EntityAlreadyExists"


@pytest.mark.parametrize(
    ("text", "is_hexadecimal"),
    [
        (SEED, False),
        (SEED.lower(), False),
        (f"{SEED}====", False),
        ("gezd gnbv-GY3TQOJQ GEZDGNBVGY3TQOJQ", False),
        ("31323334353637383930" * 2, True),
    ],
)
def test_seed_is_read_as_vendors_write_it(text, is_hexadecimal):
    assert mfa_codes.read_seed(text, is_hexadecimal=is_hexadecimal) == SEED


@given(st.text(max_size=200), st.booleans())
def test_seed_that_is_none_is_refused_in_one_way(text, is_hexadecimal):
    assert outcome(lambda: mfa_codes.read_seed(text, is_hexadecimal=is_hexadecimal)) in {"", "InvalidInput"}


def test_reset_account_keeps_the_keys_of_root_alone(account, root, alice):
    make_security_key(account)
    make_security_key(alice)

    accounts.reset_account(account.pk)

    assert [device.user for device in MfaDevice.objects.all()] == [None]
    assert SecurityKey.objects.count() == 1
