"""Assigning an MFA device: nothing is there before the proof, and no secret is seen twice."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from console.signin import freshness
from iam import sealing
from iam.models import Change, ChangeSet, Event, MfaDevice, SecurityKey
from tests import authenticators
from tests.console.mfa.conftest import HERE, codes_of, options_on, seed_on, text
from tests.factories import allow, make_mfa_device, make_user, principal_of, sign_in

TOKEN_SEED = "3132333435363738393031323334353637383930"
TOKEN_SEED_BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def devices():
    return [(device.serial_number, device.kind, device.user and device.user.name) for device in MfaDevice.in_use.all()]


def test_app_is_assigned_by_two_codes_of_the_seed_shown(account, alice, root, client, begun):
    page = begun("app")
    shown = client.post(page, {"show-qr-code": "1"})
    assert "<svg" in text(shown)

    response = client.post(page, codes_of(seed_on(shown)))

    assert response.headers["Location"] == "/users/details/alice/security-credentials/"
    assert devices() == [(f"arn:aws:iam::{account.pk}:mfa/phone", "Virtual", "alice")]
    assert sealing.unseal(MfaDevice.objects.get().sealed_seed) == seed_on(shown)


def test_seed_is_in_no_later_page_and_in_no_row_in_the_clear(alice, root, client, begun):
    page = begun("app")
    shown = client.post(page, {"show-qr-code": "1"})
    seed = seed_on(shown)
    assert "no-store" in shown.headers["Cache-Control"]

    wrong = client.post(page, {"code": "000000", "following": "111111"})
    later = [client.get(page), wrong, client.post(page, codes_of(seed), follow=True), client.get(page, follow=True)]

    assert wrong.status_code == 422
    assert not any(seed in text(response) or 'qr-code" role' in text(response) for response in later)
    rows = [str(row) for model in (ChangeSet, Change, Event, MfaDevice) for row in model.objects.values()]
    assert not any(seed in row for row in [*rows, str(dict(client.session))])


def test_app_without_a_seed_shown_is_refused(alice, root, client, begun):
    response = client.post(begun("app"), {"code": "123456", "following": "654321"})

    assert "Show the QR code or the secret key first" in text(response)


def test_new_qr_code_makes_the_one_before_void(alice, root, client, begun):
    page = begun("app")
    before = seed_on(client.post(page, {"show-qr-code": "1"}))
    after = seed_on(client.post(page, {"show-qr-code": "1"}))

    assert client.post(page, codes_of(before)).status_code == 422
    assert client.post(page, codes_of(after)).status_code == 302


def test_wizard_that_is_left_leaves_no_device(alice, root, client, begun):
    page = begun("app")
    client.post(page, {"show-qr-code": "1"})

    client.post(page, {"code": "123456", "following": "654321"})

    assert not MfaDevice.objects.exists()
    assert Event.objects.filter(name="EnableMFADevice", error_code="InvalidAuthenticationCode").exists()


def test_wizard_assigns_once(alice, root, client, begun):
    page = begun("app")
    codes = codes_of(seed_on(client.post(page, {"show-qr-code": "1"})))
    assert client.post(page, codes).status_code == 302

    client.post(page, codes)

    assert MfaDevice.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("app", "", "Enter a name for the device"),
        ("app", "my phone", "contains a space"),
        ("app", "x" * 65, "at most 64 characters"),
        ("", "phone", "Choose what kind of device it is."),
        ("sms", "phone", "“sms” is no kind of device."),
        ("app", "PHONE", "An MFA device of this name exists already."),
    ],
)
def test_first_step_judges_name_and_kind(alice, root, client, kind, name, message):
    make_mfa_device(make_user(alice.account, "phone"))
    first = client.get("/users/details/alice/mfa/assign/").headers["Location"]

    response = client.post(first, {"name": name, "kind": kind})

    assert response.status_code == 422
    assert message in text(response)


@pytest.mark.parametrize(
    ("seed", "seed_format"),
    [(TOKEN_SEED, "hex"), (TOKEN_SEED_BASE32, "base32"), ("gezd gnbv GY3TQOJQGEZDGNBVGY3TQOJQ====", "base32")],
)
def test_hardware_token_is_assigned_with_its_seed(alice, root, client, begun, seed, seed_format):
    page = begun("token", name="")

    response = client.post(
        page, {"serial_number": "GAHT-001234", "seed_format": seed_format, "seed": seed, **codes_of(TOKEN_SEED_BASE32)}
    )

    assert response.status_code == 302, text(response)
    assert devices() == [("GAHT-001234", "Hardware", "alice")]
    assert sealing.unseal(MfaDevice.objects.get().sealed_seed) == TOKEN_SEED_BASE32
    assert not any(TOKEN_SEED_BASE32 in str(row) for model in (Change, Event) for row in model.objects.values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": "GEZDGNBV"}, "A seed is 16 to 64 bytes"),
        ({"seed": "0189!"}, "A seed is 16 to 64 bytes"),
        ({"seed": "xyz", "seed_format": "hex"}, "A seed is 16 to 64 bytes"),
        ({"serial_number": "short"}, "A serial number has 9 to 256"),
        ({"serial_number": "arn:aws:iam::123456789012:mfa/alice"}, "is no ARN"),
        ({"following": "12345"}, "A code has 6 digits"),
    ],
)
def test_bad_details_of_a_token_are_refused_and_the_seed_is_not_shown_again(alice, root, client, begun, given, message):
    whole = {"serial_number": "GAHT-001234", "seed_format": "base32", "seed": TOKEN_SEED_BASE32}

    response = client.post(begun("token"), {**whole, **codes_of(TOKEN_SEED_BASE32), **given})

    assert response.status_code == 422
    assert message in text(response)
    assert TOKEN_SEED_BASE32 not in text(response)
    assert not MfaDevice.objects.exists()


def test_security_key_is_assigned_by_its_answer(account, alice, root, client, assigned):
    key = assigned()

    ((serial_number, kind, owner),) = devices()
    assert serial_number.startswith(f"arn:aws:iam::{account.pk}:u2f/user/alice/yubikey-")
    assert (kind, owner) == ("Security key", "alice")
    record = SecurityKey.objects.get()
    assert bytes(record.credential_id) == key.id
    assert record.transports == ["usb"]
    event = Event.objects.get(name="EnableMFADevice")
    assert event.request_parameters == {"UserName": "alice", "SerialNumber": serial_number}


def test_security_key_of_somebody_is_not_offered_again(alice, root, client, begun, assigned):
    key = assigned()

    page = client.get(begun("security-key", name="second"), **HERE)

    assert [each["id"] for each in options_on(page)["excludeCredentials"]] == [authenticators.base64url(key.id)]


def test_same_security_key_cannot_be_somebody_elses_too(alice, root, client, begun, assigned):
    key = assigned()
    make_user(alice.account, "bob")
    page = begun("security-key", user="bob")

    response = client.post(page, {"answer": key.create(options_on(client.get(page, **HERE)))}, **HERE)

    assert response.status_code == 422
    assert "MFA Device is already in use." in text(response)


def test_answer_counts_once(alice, root, client, begun):
    page = begun("security-key")
    answer = authenticators.SecurityKey().create(options_on(client.get(page, **HERE)))
    assert client.post(page, {"answer": answer}, **HERE).status_code == 302
    again = begun("security-key", name="again")

    response = client.post(again, {"answer": answer}, **HERE)

    assert response.status_code == 422
    assert MfaDevice.objects.count() == 1


def test_answer_to_the_challenge_of_another_session_is_refused(alice, root, client, begun):
    other = sign_in(Client(), root)
    foreign = options_on(_second_step(other))
    page = begun("security-key")
    client.get(page, **HERE)

    response = client.post(page, {"answer": authenticators.SecurityKey().create(foreign)}, **HERE)

    assert "was not accepted" in text(response)
    assert Event.objects.filter(name="EnableMFADevice", error_code="InvalidAuthenticationCode").exists()


def _second_step(client):
    first = client.get("/users/details/alice/mfa/assign/", **HERE).headers["Location"]
    second = client.post(first, {"name": "key", "kind": "security-key"}, **HERE).headers["Location"]
    return client.get(second, **HERE)


def test_answer_to_the_challenge_of_another_wizard_is_refused(alice, root, client, begun):
    one, other = begun("security-key"), begun("security-key")
    options = options_on(client.get(one, **HERE))

    response = client.post(other, {"answer": authenticators.SecurityKey().create(options)}, **HERE)

    assert "another page asked for a key meanwhile" in text(response)


def test_answer_that_comes_late_is_refused(alice, root, client, begun):
    page = begun("security-key")
    answer = authenticators.SecurityKey().create(options_on(client.get(page, **HERE)))
    session = client.session
    stored = session["security-key-challenge"]
    session["security-key-challenge"] = {**stored, "at": stored["at"] - timedelta(minutes=6).total_seconds()}
    session.save()

    assert "This took too long" in text(client.post(page, {"answer": answer}, **HERE))


@pytest.mark.parametrize(
    "details",
    [{"origin": "https://evil.example"}, {"origin": "http://localhost:9000"}, {"host": "evil.example"}, {"flags": 0}],
)
def test_key_of_another_site_or_without_anybody_there_is_refused(alice, root, client, begun, details):
    page = begun("security-key")
    key = authenticators.SecurityKey(**details)

    response = client.post(page, {"answer": key.create(options_on(client.get(page, **HERE)))}, **HERE)

    assert "was not accepted" in text(response)
    assert not MfaDevice.objects.exists()


@pytest.mark.parametrize(
    "answer",
    ["x", "[]", "{}", "[" * 30_000, '{"id": 1, "response": {}}', '{"id": "é", "response": {}}', "1" * 40_000]
    + [
        json.dumps({"id": "AA", "response": {"clientDataJSON": text, "attestationObject": text}})
        for text in ("", "AA", "o")
    ],
)
def test_what_is_no_answer_is_refused(alice, root, client, begun, answer):
    page = begun("security-key")
    client.get(page, **HERE)

    response = client.post(page, {"answer": answer}, **HERE)

    assert response.status_code == 422
    assert not MfaDevice.objects.exists()


def test_key_is_not_asked_for_at_another_address(alice, root, client, begun):
    page = client.get(begun("security-key"))

    assert 'Open this console at <a href="http://localhost:8000">' in text(page)
    assert "data-options" not in text(page)


def test_key_is_not_offered_where_browsers_have_none(alice, root, client, settings):
    settings.PUBLIC_URL = "http://192.0.2.1:8000"
    first = client.get("/users/details/alice/mfa/assign/").headers["Location"]

    response = client.post(first, {"name": "key", "kind": "security-key"})

    assert "can set PUBLIC_URL so" in text(response)


def test_root_assigns_devices_of_its_own(account, root, client, begun, assigned):
    assigned(user="")
    page = begun("app", user="")
    client.post(page, codes_of(seed_on(client.post(page, {"show-qr-code": "1"}))))

    kinds = {kind: serial for serial, kind, owner in devices() if owner is None}
    assert kinds["Security key"].startswith(f"arn:aws:iam::{account.pk}:u2f/root-account/yubikey-")
    assert kinds["Virtual"] == f"arn:aws:iam::{account.pk}:mfa/phone"


def test_user_assigns_a_device_with_permissions_for_oneself_alone(account, client, signed_in_as, begun):
    own = "arn:aws:iam::*:user/${aws:username}"
    signed_in_as(
        allow("iam:EnableMFADevice", resource=own),
        allow("iam:CreateVirtualMFADevice", resource="arn:aws:iam::*:mfa/${aws:username}"),
    )
    page = begun("app", name="carol", user="")

    response = client.post(page, codes_of(seed_on(client.post(page, {"show-qr-code": "1"}))))

    assert response.status_code == 302, text(response)
    assert devices() == [(f"arn:aws:iam::{account.pk}:mfa/carol", "Virtual", "carol")]


@pytest.mark.parametrize(
    ("kind", "granted", "missing"),
    [
        ("app", ["iam:EnableMFADevice"], "iam:CreateVirtualMFADevice"),
        ("app", ["iam:CreateVirtualMFADevice"], "iam:EnableMFADevice"),
        ("token", ["iam:ListMFADevices"], "iam:EnableMFADevice"),
        ("security-key", ["iam:ListMFADevices"], "iam:EnableMFADevice"),
    ],
)
def test_missing_permission_is_told_before_anything_is_set_up(client, signed_in_as, kind, granted, missing):
    signed_in_as(allow(*granted))
    first = client.get("/security_credentials/mfa/assign/").headers["Location"]

    response = client.post(first, {"name": "phone", "kind": kind})

    assert response.status_code == 422
    assert f"is not authorized to perform: {missing}" in text(response)


@pytest.mark.parametrize(("phase", "status"), [("Create", 422), ("Activate", 422), (["Create", "Activate"], 302)])
def test_registering_security_keys_can_be_limited(client, signed_in_as, phase, status):
    condition = {"StringEquals": {"iam:RegisterSecurityKey": phase}}
    signed_in_as(allow("iam:EnableMFADevice", Condition=condition))
    first = client.get("/security_credentials/mfa/assign/", **HERE).headers["Location"]
    page = client.post(first, {"name": "key", "kind": "security-key"}, **HERE)
    if page.status_code == 302:
        url = page.headers["Location"]
        answer = authenticators.SecurityKey().create(options_on(client.get(url, **HERE)))
        page = client.post(url, {"answer": answer}, **HERE)

    assert page.status_code == status


def test_ninth_device_is_refused_before_and_after(account, root, client, begun):
    alice = make_user(account, "alice")
    page = begun("app")
    seed = seed_on(client.post(page, {"show-qr-code": "1"}))
    for number in range(8):
        make_mfa_device(alice, f"device-{number}")

    response = client.post(page, codes_of(seed))

    assert "Cannot exceed quota for MFADevicesPerUser: 8" in text(response)
    assert "At most eight MFA devices" in text(client.get("/users/details/alice/mfa/assign/", follow=True))


def test_draft_of_another_principal_is_nobody_elses(account, alice, root, client, begun):
    page = begun("app")
    client.post(page, {"show-qr-code": "1"})
    other = make_user(account, "admin", statements=[allow("iam:*")])
    sign_in(client, principal_of(other))

    response = client.get(page, follow=True)

    assert "This wizard was finished or cancelled" in text(response)


def test_old_proof_of_the_password_is_asked_for_again(alice, root, client, monkeypatch):
    monkeypatch.setattr(freshness, "OPENS_FOR", timedelta())

    for page in ("assign/", "resync/", "remove/"):
        assert client.get(f"/users/details/alice/mfa/{page}").headers["Location"].startswith("/signin/confirm/")
