"""What has no secret here lets nobody in: neither the mirror of an account in AWS, nor a restored account."""

import base64
import hmac
import struct

import pytest
from botocore.credentials import Credentials
from django.utils import timezone

from iam.errors import IamError
from iam.models import AccessKey, LoginProfile, MfaDevice, RootUser, User
from iam.operations import key_rotation, mfa_codes, perform, signin
from iam.operations.mirroring import write_documents
from tests.factories import SOURCE, USER_PASSWORD, give_password, make_account, make_user, principal_of, root_of
from tests.iam.api.signing import presigned, signed
from tests.iam.operations.mirroring import documents
from tests.iam.operations.mirroring.conftest import as_mirror
from tests.iam.operations.mirroring.documents import DATE

pytestmark = pytest.mark.django_db
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
PROFILE = {"CreateDate": DATE, "PasswordResetRequired": False}


def restored():
    """Return an account that has an alice without secrets, whose key somebody activated."""
    account = make_account()
    alice = documents.user(LoginProfile=PROFILE, AccessKeys=[documents.key(KEY_ID)])
    write_documents(account.pk, [alice])
    perform(root_of(account), "UpdateAccessKey", UserName="alice", AccessKeyId=KEY_ID, Status="Active")
    return account


@pytest.mark.parametrize("request_of", [signed, presigned])
@pytest.mark.parametrize("secret", ["", "x"])
@pytest.mark.parametrize("kind", ["local", "aws"])
def test_key_without_a_secret_signs_nothing(client, kind, secret, request_of):
    account = restored()
    if kind == "aws":
        as_mirror(account)
    credentials = Credentials(KEY_ID, secret or "y")
    credentials.secret_key = secret

    response = request_of(credentials).send(client)

    assert (response.status_code, b"InvalidClientTokenId" in response.content) == (403, True)
    assert AccessKey.objects.get().last_used_at is None


@pytest.mark.parametrize("password", ["", "!", "None", " "])
def test_nobody_signs_in_where_there_is_no_password(password):
    account = restored()
    RootUser.objects.filter(account=account).update(password="")

    for attempt in (
        lambda: signin.sign_in_user(account.pk, "alice", password, SOURCE),
        lambda: signin.sign_in_root(account.root_user.email, password, SOURCE),
    ):
        with pytest.raises(IamError) as refused:
            attempt()
        assert refused.value.code == "AuthFailure"


def test_nobody_changes_a_password_that_there_is_not():
    account = restored()
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)

    with pytest.raises(IamError):
        perform(principal_of(User.objects.get()), "ChangePassword", OldPassword="", NewPassword=USER_PASSWORD)
    with pytest.raises(IamError):
        perform(principal_of(User.objects.get()), "ChangePassword", OldPassword="!", NewPassword=USER_PASSWORD)

    assert LoginProfile.objects.get().password == ""


def code_of_nothing(step: int) -> str:
    """Return the code that an empty seed would have."""
    digest = hmac.digest(base64.b32decode(""), struct.pack(">q", step), "sha1")
    offset = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 10**6:06}"


def test_device_without_a_seed_takes_no_code(mirror):
    write_documents(mirror.pk, [documents.user(MFADevices=[documents.device(mirror.pk)])])
    user, device = User.objects.get(), MfaDevice.objects.get()
    now = mfa_codes.step_at(timezone.now())

    for check in (
        lambda code: mfa_codes.check_any_code(mirror.pk, user.pk, code),
        lambda code: mfa_codes.check_code(mirror.pk, user.pk, device.pk, code),
    ):
        with pytest.raises(IamError) as refused:
            check(code_of_nothing(now))
        assert refused.value.code == "AccessDenied"
    with pytest.raises(IamError) as refused:
        mfa_codes.synchronize(device, code_of_nothing(now), code_of_nothing(now + 1))
    assert refused.value.code == "InvalidAuthenticationCode"


def test_who_lost_the_device_s_seed_is_still_asked_for_a_code():
    account = make_account()
    alice = make_user(account)
    password = give_password(alice)
    MfaDevice.objects.create(
        serial_number=f"arn:aws:iam::{account.pk}:mfa/phone",
        account=account,
        user=alice,
        kind="Virtual",
        enabled_at=alice.created_at,
        sealed_seed=b"",
    )

    assert signin.sign_in_user(account.pk, "alice", password, SOURCE).needs_code


def test_rotation_of_keys_passes_over_what_is_not_sealed(mirror):
    write_documents(mirror.pk, [documents.user(AccessKeys=[documents.key()], MFADevices=[documents.device(mirror.pk)])])

    assert key_rotation.reseal().lost == []
