"""The panel of MFA devices, and what it leads to: resynchronizing and removing."""

import pytest

from iam.models import MfaDevice
from tests.console.mfa.conftest import text
from tests.factories import allow, code_of, deny, make_account, make_mfa_device, make_user

TAB = "/users/details/alice/security-credentials/"
OF_ALICE = "/users/details/alice/mfa"
OWN = "/security_credentials/mfa"


@pytest.fixture
def phone(alice):
    return make_mfa_device(alice, "phone")


def two_codes(device, *, ahead=0):
    return {"code": code_of(device, ahead=ahead), "following": code_of(device, ahead=ahead + 1)}


def test_panel_tells_name_type_and_identifier(alice, root, phone, client, assigned):
    assigned(name="yubikey")

    page = text(client.get(TAB))

    assert '<th scope="row">phone</th><td class="is-nowrap">Virtual</td>' in page
    assert '<th scope="row">yubikey</th><td class="is-nowrap">Passkey or security key</td>' in page
    assert f'value="{phone.pk}" form="mfa-selection" aria-label="Select phone"' in page


def test_panel_without_devices_offers_to_assign_one(alice, root, client):
    page = text(client.get(TAB))

    assert "No MFA devices" in page
    assert f'href="{OF_ALICE}/assign/"' in page


def test_panel_with_eight_devices_has_no_room(alice, root, client):
    for number in range(8):
        make_mfa_device(alice, f"device-{number}")

    assert "At most eight MFA devices can be assigned." in text(client.get(TAB))


def test_devices_that_may_not_be_listed_are_told_nowhere(account, alice, phone, client, signed_in_as):
    signed_in_as(allow("iam:*"), deny("iam:ListMFADevices"))

    pages = [
        client.get(TAB),
        *(client.get(f"{OF_ALICE}/{page}/?device={phone.pk}", follow=True) for page in ("remove", "resync")),
    ]

    assert not any(phone.pk in text(page).replace("<wbr>", "") for page in pages)
    assert "iam:ListMFADevices" in text(pages[0])


def test_two_codes_set_a_clock_right(alice, root, phone, client):
    response = client.post(f"{OF_ALICE}/resync/?device={phone.pk}", two_codes(phone, ahead=20))

    assert response.headers["Location"] == TAB
    phone.refresh_from_db()
    assert phone.clock_offset == 21


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": "000000"}, "Authentication code for device is not valid."),
        ({"following": ""}, "Enter the 6 digits"),
        ({"following": "same"}, "The two codes are the same."),
    ],
)
def test_wrong_codes_are_refused_beside_the_field(alice, root, phone, client, change, message):
    codes = two_codes(phone)
    change = {"following": codes["code"]} if change == {"following": "same"} else change

    response = client.post(f"{OF_ALICE}/resync/?device={phone.pk}", {**codes, **change})

    assert response.status_code == 422
    assert message in text(response)


def test_security_key_is_not_resynchronized(alice, root, client, assigned):
    assigned()

    response = client.get(f"{OF_ALICE}/resync/?device={MfaDevice.objects.get().pk}", follow=True)

    assert "never needs to be resynchronized" in text(response)


@pytest.mark.parametrize("url", [f"{OF_ALICE}/remove/", f"{OF_ALICE}/resync/"])
@pytest.mark.parametrize("device", ["", "GAHT-nobody-has", "\x00", "theirs", "bobs"])
def test_device_of_somebody_else_is_none(alice, root, client, url, device):
    others = {
        "theirs": make_mfa_device(make_user(make_account(), "alice")),
        "bobs": make_mfa_device(make_user(alice.account, "bob")),
    }
    serial_number = others[device].pk if device in others else device

    for response in (
        client.get(url, {"device": serial_number}),
        client.post(f"{url}?device={serial_number}", {"code": "123456"}),
    ):
        assert response.headers["Location"] == TAB
    assert MfaDevice.in_use.count() == 2


def test_removed_virtual_device_is_gone_and_its_name_free(alice, root, phone, client):
    asked = text(client.get(f"{OF_ALICE}/remove/?device={phone.pk}"))
    assert "Remove phone?" in asked
    assert "It is the last device: alice is asked for nothing but the password afterwards." in asked

    response = client.post(f"{OF_ALICE}/remove/?device={phone.pk}")

    assert response.headers["Location"] == TAB
    assert not MfaDevice.objects.exists()


def test_removed_security_key_is_gone(alice, root, client, assigned):
    assigned()

    client.post(f"{OF_ALICE}/remove/?device={MfaDevice.objects.get().pk}")

    assert not MfaDevice.objects.exists()


def test_device_cannot_be_removed_without_permission(account, alice, phone, client, signed_in_as):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(f"{OF_ALICE}/remove/?device={phone.pk}")

    assert "is not authorized to perform: iam:DeactivateMFADevice" in text(response)
    assert MfaDevice.in_use.count() == 1


def test_root_removes_a_device_of_its_own(account, root, client):
    device = make_mfa_device(account)

    client.post(f"{OWN}/remove/?device={device.pk}")

    assert not MfaDevice.objects.exists()


def test_user_may_see_own_devices_without_get_user(account, client, signed_in_as):
    carol = signed_in_as(allow("iam:ListMFADevices", "iam:ResyncMFADevice"))
    device = make_mfa_device(carol)

    assert client.post(f"{OWN}/resync/?device={device.pk}", two_codes(device)).status_code == 302

    device.refresh_from_db()
    assert device.last_step
