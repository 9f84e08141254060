"""MFA devices: created, enabled by two codes in a row, listed, tagged, deactivated and deleted."""

import base64
import io

import pytest
import segno
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import Change, Event, MfaDevice
from iam.operations import accounts, mfa_codes, perform, quotas, session_tokens
from iam.queries.documents import canonical, documents_of
from tests.factories import (
    allow,
    code_of,
    make_account,
    make_mfa_device,
    make_role,
    make_user,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


@pytest.fixture
def alice(account):
    return make_user(account, "alice")


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value.code, refused.value.message


def create(principal, name="phone", **parameters):
    return perform(principal, "CreateVirtualMFADevice", VirtualMFADeviceName=name, **parameters)["VirtualMFADevice"]


def codes_of(serial_number, *, ahead=0):
    device = MfaDevice.objects.get(pk=serial_number)
    return {
        "AuthenticationCode1": code_of(device, ahead=ahead - 1),
        "AuthenticationCode2": code_of(device, ahead=ahead),
    }


def enable(principal, user_name, serial_number, **codes):
    codes = codes or codes_of(serial_number)
    perform(principal, "EnableMFADevice", UserName=user_name, SerialNumber=serial_number, **codes)


def serial_numbers(principal, **parameters):
    devices = perform(principal, "ListVirtualMFADevices", **parameters)["VirtualMFADevices"]
    return [device["SerialNumber"] for device in devices]


def test_seed_is_shown_once_and_kept_sealed(account, root):
    created = create(root, Path="/division/", Tags=[{"Key": "Team", "Value": "a"}])

    device = MfaDevice.objects.get()
    assert created["SerialNumber"] == f"arn:aws:iam::{account.pk}:mfa/division/phone" == device.pk
    assert len(base64.b32decode(created["Base32StringSeed"])) == 40
    assert created["Tags"] == [{"Key": "Team", "Value": "a"}]
    assert sealing.unseal(device.sealed_seed) == created["Base32StringSeed"].decode()
    event = Event.objects.get(name="CreateVirtualMFADevice")
    assert created["Base32StringSeed"].decode() not in str(event.response_elements) + str(event.request_parameters)
    assert event.response_elements["VirtualMFADevice"]["SerialNumber"] == device.pk
    assert perform(root, "ListVirtualMFADevices") == {
        "VirtualMFADevices": [{"SerialNumber": device.pk}],
        "IsTruncated": False,
    }


def test_qr_code_is_what_authenticator_apps_read(account, root):
    created = create(root)

    seed = created["Base32StringSeed"].decode()
    expected = io.BytesIO()
    address = f"otpauth://totp/phone%40{account.pk}?secret={seed}&issuer=IAM%20Console"
    segno.make(address, micro=False).save(expected, kind="png", scale=4)
    assert created["QRCodePNG"] == expected.getvalue()
    assert created["QRCodePNG"].startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["phone", "PHONE"])
def test_serial_number_is_taken_in_any_case(root, name):
    create(root)

    assert refusal_of(root, "CreateVirtualMFADevice", VirtualMFADeviceName=name) == (
        "EntityAlreadyExists",
        "MFADevice entity at the same path and name already exists.",
    )
    assert create(root, Path="/other/")


@pytest.mark.parametrize(
    ("name", "path"), [("x" * 227, "/"), ("x", f"/{'y' * 300}/"), ("x", "/what?/"), ("x", "/per%20cent/")]
)
def test_path_and_name_make_a_serial_number_or_are_refused(root, name, path):
    code, message = refusal_of(root, "CreateVirtualMFADevice", VirtualMFADeviceName=name, Path=path)

    assert code == "ValidationError"
    assert "'serialNumber'" in message


def test_virtual_devices_have_a_quota(account, root):
    create(root)
    account.quota_shards.filter(resource="VirtualMFADevices").update(used=625)

    assert refusal_of(root, "CreateVirtualMFADevice", VirtualMFADeviceName="more")[0] == "LimitExceeded"
    perform(root, "DeleteVirtualMFADevice", SerialNumber=serial_numbers(root)[0])
    assert create(root)


def test_device_is_enabled_listed_and_deactivated(root, alice):
    serial_number = create(root)["SerialNumber"]
    enable(root, "alice", serial_number)

    device = MfaDevice.objects.get()
    shown = {"UserName": "alice", "SerialNumber": serial_number, "EnableDate": device.enabled_at}
    assert perform(root, "ListMFADevices", UserName="alice") == {"MFADevices": [shown], "IsTruncated": False}
    assert perform(root, "GetMFADevice", SerialNumber=serial_number, UserName="alice") == shown
    virtual = perform(root, "ListVirtualMFADevices", AssignmentStatus="Assigned")["VirtualMFADevices"]
    user = perform(root, "GetUser", UserName="alice")["User"]
    assert virtual == [{"SerialNumber": serial_number, "User": user, "EnableDate": device.enabled_at}]
    assert serial_numbers(root, AssignmentStatus="Unassigned") == []

    perform(root, "DeactivateMFADevice", UserName="alice", SerialNumber=serial_number)

    assert perform(root, "ListMFADevices", UserName="alice")["MFADevices"] == []
    assert serial_numbers(root, AssignmentStatus="Unassigned") == [serial_number]
    assert serial_numbers(root, AssignmentStatus="Assigned") == []


def test_code_is_accepted_after_enabling_but_not_those_that_enabled_it(root, alice):
    serial_number = create(root)["SerialNumber"]
    codes = codes_of(serial_number)
    enable(root, "alice", serial_number, **codes)

    with pytest.raises(IamError):
        mfa_codes.check_code(alice.account_id, alice.pk, serial_number, codes["AuthenticationCode2"])
    fresh = code_of(MfaDevice.objects.get(), ahead=1)
    assert mfa_codes.check_code(alice.account_id, alice.pk, serial_number, fresh)


def test_wrong_codes_enable_nothing(root, alice):
    serial_number = create(root)["SerialNumber"]
    codes = codes_of(serial_number)
    twice = {"AuthenticationCode1": codes["AuthenticationCode2"], "AuthenticationCode2": codes["AuthenticationCode2"]}

    refusal = refusal_of(root, "EnableMFADevice", UserName="alice", SerialNumber=serial_number, **twice)

    assert refusal == ("InvalidAuthenticationCode", "Authentication code for device is not valid.")
    assert serial_numbers(root, AssignmentStatus="Assigned") == []


def test_enabling_is_refused_in_awss_words(account, root, alice):
    serial_number = create(root)["SerialNumber"]
    codes = codes_of(serial_number)
    missing = f"arn:aws:iam::{account.pk}:mfa/ghost"

    def enabling(user_name, number):
        return refusal_of(root, "EnableMFADevice", UserName=user_name, SerialNumber=number, **codes)

    assert enabling("ghost", serial_number) == ("NoSuchEntity", "The user with name ghost cannot be found.")
    assert enabling("alice", missing) == ("NoSuchEntity", f"MFA Device with serial number {missing} does not exist.")
    assert enabling("alice", "GAHT12345678")[0] == "NoSuchEntity"
    enable(root, "alice", serial_number)
    make_user(account, "bob")
    assert enabling("bob", serial_number) == ("EntityAlreadyExists", "MFA Device is already in use.")


def test_device_of_another_account_does_not_exist(root, alice):
    elsewhere = create(root_of(make_account()))["SerialNumber"]

    refusals = [
        refusal_of(root, "EnableMFADevice", UserName="alice", SerialNumber=elsewhere, **codes_of(elsewhere)),
        refusal_of(root, "DeleteVirtualMFADevice", SerialNumber=elsewhere),
        refusal_of(root, "ListMFADeviceTags", SerialNumber=elsewhere),
    ]

    assert {code for code, _ in refusals} == {"NoSuchEntity"}


def test_user_has_eight_devices_at_most(root, alice):
    for number in range(8):
        enable(root, "alice", create(root, f"d{number}")["SerialNumber"])
    ninth = create(root, "d9")["SerialNumber"]

    refusal = refusal_of(root, "EnableMFADevice", UserName="alice", SerialNumber=ninth, **codes_of(ninth))

    assert refusal == ("LimitExceeded", "Cannot exceed quota for MFADevicesPerUser: 8")


def test_root_has_devices_under_the_account_id(account, root):
    serial_number = create(root, "root-account-mfa-device")["SerialNumber"]
    enable(root, account.pk, serial_number)

    assert perform(root, "ListMFADevices")["MFADevices"][0]["SerialNumber"] == serial_number
    assert perform(root, "GetMFADevice", SerialNumber=serial_number)["SerialNumber"] == serial_number
    owner = perform(root, "ListVirtualMFADevices")["VirtualMFADevices"][0]["User"]
    assert owner == perform(root, "GetUser")["User"]
    assert owner["Arn"] == f"arn:aws:iam::{account.pk}:root"
    assert perform(root, "GetAccountSummary")["SummaryMap"]["AccountMFAEnabled"] == 1
    perform(root, "DeactivateMFADevice", SerialNumber=serial_number)
    assert perform(root, "ListMFADevices")["MFADevices"] == []


def test_account_id_as_a_user_name_is_that_user_first_and_nobody_for_others(account, root):
    boss = principal_of(make_user(account, "boss", statements=[allow("iam:*")]))
    serial_number = create(root)["SerialNumber"]
    codes = codes_of(serial_number)

    refused = refusal_of(boss, "EnableMFADevice", UserName=account.pk, SerialNumber=serial_number, **codes)
    make_user(account, account.pk)
    enable(root, account.pk, serial_number)

    assert refused[0] == "NoSuchEntity"
    assert MfaDevice.objects.get().user.name == account.pk


def test_device_of_somebody_else_is_neither_shown_resynchronized_nor_deactivated(account, root, alice):
    make_user(account, "bob")
    device = make_mfa_device(alice)
    of_bob = {"UserName": "bob", "SerialNumber": device.pk}

    refusals = {
        refusal_of(root, "GetMFADevice", **of_bob),
        refusal_of(root, "ResyncMFADevice", **of_bob, **codes_of(device.pk)),
        refusal_of(root, "DeactivateMFADevice", **of_bob),
        refusal_of(root, "DeactivateMFADevice", SerialNumber=device.pk),
    }

    assert refusals == {("NoSuchEntity", f"MFA Device with serial number {device.pk} does not exist.")}


def test_device_in_use_is_not_deleted_nor_is_its_user(root, alice):
    device = make_mfa_device(alice)

    assert refusal_of(root, "DeleteVirtualMFADevice", SerialNumber=device.pk) == (
        "DeleteConflict",
        "MFA VirtualDevice in use. Must deactivate first",
    )
    assert refusal_of(root, "DeleteUser", UserName="alice") == (
        "DeleteConflict",
        "Cannot delete entity, must delete MFA device first.",
    )
    perform(root, "DeactivateMFADevice", UserName="alice", SerialNumber=device.pk)
    perform(root, "DeleteUser", UserName="alice")
    perform(root, "DeleteVirtualMFADevice", SerialNumber=device.pk)
    assert not MfaDevice.objects.exists()


def test_clock_that_went_wrong_is_learnt_anew(root, alice):
    device = make_mfa_device(alice)
    wrong = code_of(device, ahead=22)
    with pytest.raises(IamError):
        mfa_codes.check_code(alice.account_id, alice.pk, device.pk, wrong)

    perform(root, "ResyncMFADevice", UserName="alice", SerialNumber=device.pk, **codes_of(device.pk, ahead=20))

    assert mfa_codes.check_code(alice.account_id, alice.pk, device.pk, code_of(device, ahead=21))


def test_hardware_token_is_gone_when_deactivated_and_is_no_virtual_device(account, root, alice):
    MfaDevice.objects.create(
        serial_number="GAHT12345678",
        account=account,
        user=alice,
        kind=MfaDevice.Kind.HARDWARE,
        enabled_at=timezone.now(),
        sealed_seed=sealing.seal(mfa_codes.new_seed()),
    )

    assert refusal_of(root, "DeleteVirtualMFADevice", SerialNumber="GAHT12345678") == (
        "NoSuchEntity",
        "VirtualMFADevice with serial number GAHT12345678 doesn't exist.",
    )
    assert serial_numbers(root) == []
    assert len(perform(root, "ListMFADevices", UserName="alice")["MFADevices"]) == 1
    perform(root, "DeactivateMFADevice", UserName="alice", SerialNumber="GAHT12345678")
    assert not MfaDevice.objects.exists()


def test_security_key_has_no_clock(account, root, alice):
    key = MfaDevice.objects.create(
        serial_number=f"arn:aws:iam::{account.pk}:u2f/user/alice/key-ABC",
        account=account,
        user=alice,
        kind=MfaDevice.Kind.SECURITY_KEY,
        enabled_at=timezone.now(),
    )
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}

    assert refusal_of(root, "ResyncMFADevice", UserName="alice", SerialNumber=key.pk, **codes)[0] == "NoSuchEntity"


def test_tags_tell_case_apart_and_are_conditions(account, root):
    serial_number = create(root, Tags=[{"Key": "Team", "Value": "a"}])["SerialNumber"]
    perform(root, "TagMFADevice", SerialNumber=serial_number, Tags=[{"Key": "TEAM", "Value": "b"}])
    perform(root, "UntagMFADevice", SerialNumber=serial_number, TagKeys=["team"])
    perform(root, "TagMFADevice", SerialNumber=serial_number, Tags=[{"Key": "Owner", "Value": "bob"}])
    condition = {"StringEquals": {"aws:ResourceTag/Owner": "bob"}}
    bob = principal_of(make_user(account, "bob", statements=[allow("iam:DeleteVirtual*", Condition=condition)]))

    tags = perform(root, "ListMFADeviceTags", SerialNumber=serial_number)["Tags"]

    assert {(tag["Key"], tag["Value"]) for tag in tags} == {("Team", "a"), ("TEAM", "b"), ("Owner", "bob")}
    perform(bob, "DeleteVirtualMFADevice", SerialNumber=serial_number)
    assert serial_numbers(root) == []


def test_people_manage_their_own_devices(account):
    """As in the IAM User Guide, "AWS: Allows MFA-authenticated IAM users to manage their own MFA device"."""
    own_user = f"arn:aws:iam::{account.pk}:user/${{aws:username}}"
    statements = [
        allow("iam:CreateVirtualMFADevice", resource=f"arn:aws:iam::{account.pk}:mfa/*"),
        allow(
            "iam:EnableMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice", "iam:GetMFADevice", resource=own_user
        ),
        allow("iam:DeactivateMFADevice", resource=own_user, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    ]
    alice = principal_of(make_user(account, "alice", statements=statements))
    make_user(account, "bob")
    serial_number = create(alice)["SerialNumber"]
    codes = codes_of(serial_number)

    for operation in ("EnableMFADevice", "ResyncMFADevice"):
        assert refusal_of(alice, operation, UserName="bob", SerialNumber=serial_number, **codes)[0] == "AccessDenied"
    enable(alice, "alice", serial_number, **codes)

    assert perform(alice, "ListMFADevices")["MFADevices"][0]["UserName"] == "alice"
    assert perform(alice, "GetMFADevice", SerialNumber=serial_number)["UserName"] == "alice"
    for operation, parameters in (
        ("ListVirtualMFADevices", {}),
        ("DeactivateMFADevice", {"SerialNumber": serial_number}),
        ("DeleteVirtualMFADevice", {"SerialNumber": serial_number}),
        ("DeleteVirtualMFADevice", {"SerialNumber": "not-an-arn"}),
        ("ListMFADeviceTags", {"SerialNumber": serial_number}),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "x", "Tags": [{"Key": "k", "Value": "v"}]}),
    ):
        assert refusal_of(alice, operation, **parameters)[0] == "AccessDenied"


def test_session_of_a_role_names_the_user(account):
    role = make_role(account, statements=[allow("iam:*")])
    assumer = principal_of(make_user(account, "assumer", statements=[allow("sts:AssumeRole")]))
    credentials = perform(assumer, "AssumeRole", RoleArn=role.arn, RoleSessionName="session")["Credentials"]
    from_role = session_tokens.read(credentials["SessionToken"], assumer.source).principal

    assert refusal_of(from_role, "ListMFADevices") == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


def test_list_pages_by_serial_number(root):
    for name in ("b", "A", "c"):
        create(root, name)

    first = perform(root, "ListVirtualMFADevices", MaxItems=2)
    second = perform(root, "ListVirtualMFADevices", MaxItems=2, Marker=first["Marker"])

    names = [device["SerialNumber"][-1] for device in first["VirtualMFADevices"] + second["VirtualMFADevices"]]
    assert (names, first["IsTruncated"], second["IsTruncated"]) == (["A", "b", "c"], True, False)


def test_marker_of_the_longest_serial_number_is_one(root):
    for name in ("x" * 226, "y"):
        create(root, name)

    marker = perform(root, "ListVirtualMFADevices", MaxItems=1)["Marker"]

    assert len(perform(root, "ListVirtualMFADevices", Marker=marker)["VirtualMFADevices"]) == 1


def test_list_costs_the_same_however_many_devices(account, root):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            perform(root, "ListVirtualMFADevices")
        return len(captured)

    make_mfa_device(make_user(account, "u0"))
    before = queries()
    for number in range(1, 4):
        make_mfa_device(make_user(account, f"u{number}"))

    assert queries() == before


def test_summary_counts_devices(account, root, alice):
    create(root)
    make_mfa_device(alice)

    summary = perform(root, "GetAccountSummary")["SummaryMap"]

    assert (summary["MFADevices"], summary["MFADevicesInUse"], summary["AccountMFAEnabled"]) == (2, 1, 0)
    assert not [key for key in summary if key.startswith("Virtual")]


def test_backend_gets_devices_without_seeds(account, root, alice):
    created = create(root, Path="/Division/", Tags=[{"Key": "k", "Value": "v"}])
    enable(root, "alice", created["SerialNumber"])
    entities = [tuple(entity) for change in Change.objects.order_by("id") for entity in change.entities]

    documents = documents_of(account.pk, entities)

    assert ("mfa", "Division/phone") in entities
    assert entities[-1] == ("user", "alice")
    assert documents["mfa", "division/phone"] == {
        "SerialNumber": created["SerialNumber"],
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    assert [device["SerialNumber"] for device in documents["user", "alice"]["MFADevices"]] == [created["SerialNumber"]]
    assert not any(created["Base32StringSeed"] in canonical(document) for document in documents.values() if document)


def test_reset_keeps_roots_devices_alone(account, root, alice):
    of_root = create(root, "root-account-mfa-device")["SerialNumber"]
    enable(root, account.pk, of_root)
    create(root, "nobodys")
    enable(root, "alice", create(root, "alices")["SerialNumber"])

    accounts.reset_account(account.pk)

    assert [device.pk for device in MfaDevice.objects.all()] == [of_root]
    assert quotas.usage(account.pk)["VirtualMFADevices"] == 1
