"""What hangs on entities follows their documents: policies, versions, credentials and devices."""

import json

import pytest

from iam.catalog import managed_policies
from iam.models import (
    AccessKey,
    Account,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    PasswordPolicy,
    PolicyVersion,
    Role,
    SamlPrivateKey,
    SamlProvider,
    User,
    UserInlinePolicy,
)
from iam.operations.aws_managed_policies import load_catalog
from iam.operations.mirroring import write_documents
from tests.factories import make_account, make_mfa_device, make_user
from tests.iam.operations.identity_providers import metadata
from tests.iam.operations.mirroring import documents
from tests.iam.operations.mirroring.documents import DATE, POLICY, attached, trust, version

pytestmark = pytest.mark.django_db
OTHER = {**POLICY, "Statement": []}
UNKNOWN = "arn:aws:iam::aws:policy/job-function/QuiteNew"


def write(account: Account, *given, **how) -> list[str]:
    """Write documents and return the reasons of what was left out."""
    return [note.reason for note in write_documents(account.pk, given, **how).notes]


def test_policy_follows_versions_and_default(mirror):
    kind, policy = documents.policy("p", version(1), version(2, OTHER, is_default=False))
    write(mirror, (kind, policy))

    versions = [version(2, OTHER), version(7, is_default=False)]
    assert write(mirror, (kind, {"PolicyName": "p", "PolicyVersionList": versions})) == []

    found = ManagedPolicy.objects.get(account=mirror)
    assert found.arn == f"arn:aws:iam::{mirror.pk}:policy/p"
    assert found.latest_version == 7
    assert list(found.versions.order_by("number").values_list("number", "is_default")) == [(2, True), (7, False)]


@pytest.mark.parametrize(
    "versions",
    [
        [],
        [version(1, is_default=False)],
        [version(1), version(2)],
        [version(1, "x" * 200_001)],
        [version(0)],
        [{"IsDefaultVersion": True, "Document": POLICY}],
        "v1",
    ],
)
def test_policy_without_a_version_that_counts_is_left_out(mirror, versions):
    kind, policy = documents.policy()

    assert len(write(mirror, (kind, {**policy, "PolicyVersionList": versions}))) == 1
    assert not ManagedPolicy.objects.filter(account=mirror).exists()


def test_policy_stays_as_it_was_typed_where_it_says_the_same(mirror):
    typed = '{"Statement": [],\n\n"Version":"2012-10-17"}'
    own = {"UserPolicyList": [{"PolicyName": "own", "PolicyDocument": typed}]}
    alice = documents.user(**own)
    write(mirror, alice)

    write(mirror, ("user", {**alice[1], "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": OTHER}]}))

    assert UserInlinePolicy.objects.get().document == typed


def test_unknown_aws_policy_is_left_out_unless_it_is_accepted(mirror):
    alice = documents.user(AttachedManagedPolicies=attached(UNKNOWN))

    assert write(mirror, alice) == [f"{UNKNOWN} is a policy that there is not here"]
    assert not ManagedPolicy.objects.exists()

    assert write(mirror, alice, accepts_unknown_aws_policies=True) == []
    policy = User.objects.get().attachments.get().policy
    assert (policy.account, policy.name, policy.path) == (None, "QuiteNew", "/job-function/")
    assert not policy.is_attachable
    assert json.loads(policy.versions.get().document)["Statement"] == []


def test_catalogue_replaces_an_aws_policy_that_was_known_by_name_only(mirror):
    known = next(iter(managed_policies.load()))
    write(mirror, documents.user(AttachedManagedPolicies=attached(known.arn)), accepts_unknown_aws_policies=True)

    load_catalog()

    policy = User.objects.get().attachments.get().policy
    assert (policy.unique_id, policy.is_attachable) == (known.policy_id, True)
    assert policy.versions.get().document == known.document


def test_role_keeps_arns_in_a_mirror_and_tells_whom_it_trusts(mirror):
    arn = f"arn:aws:iam::{mirror.pk}:user/alice"
    role = documents.role(
        AssumeRolePolicyDocument=trust({"AWS": arn}), RoleLastUsed={"LastUsedDate": DATE, "Region": "x"}
    )
    write(mirror, documents.user(), role, ("instance-profile", instance_profile("Auditor")))

    found = Role.objects.get()
    assert json.loads(found.assume_role_policy_document) == trust({"AWS": arn})
    assert (found.trusted_entities, found.last_used_region) == (f"Account: {mirror.pk}", "x")
    assert InstanceProfile.objects.get().role == found


def instance_profile(*roles: str) -> dict:
    return {
        "InstanceProfileName": "web",
        "InstanceProfileId": "AIPA1",
        "Path": "/",
        "CreateDate": DATE,
        "Roles": list(roles),
        "Tags": [],
    }


def test_instance_profile_loses_its_role(mirror):
    write(mirror, documents.role(), ("instance-profile", instance_profile("Auditor")))

    write(mirror, ("instance-profile", {"InstanceProfileName": "web", "Roles": []}))

    assert InstanceProfile.objects.get().role is None


def test_role_with_a_trust_policy_that_nobody_reads_is_taken_over(mirror):
    assert write(mirror, documents.role(AssumeRolePolicyDocument="no JSON")) == []
    assert Role.objects.get().assume_role_policy_document == "no JSON"


def test_keys_of_a_mirror_have_no_secret_and_tell_their_last_use(mirror):
    key = documents.key()
    used = {"LastUsedDate": DATE, "ServiceName": "s3", "Region": "N/A"}
    write(mirror, documents.user(AccessKeys=[key], AccessKeyLastUsed={key["AccessKeyId"]: used}))

    write(mirror, documents.user(AccessKeys=[key]))

    found = AccessKey.objects.get()
    assert (bytes(found.sealed_secret), found.status) == (b"", "Active")
    assert (found.last_used_at.isoformat(), found.last_used_service, found.last_used_region) == (DATE, "s3", "")


def test_device_goes_to_whom_the_backend_says(mirror):
    device = documents.device(mirror.pk, "phone")
    alice, bob = documents.user(MFADevices=[device]), documents.user("bob")
    write(mirror, alice, bob, ("mfa", {"SerialNumber": device["SerialNumber"], "Tags": [{"Key": "a", "Value": "b"}]}))

    write(mirror, ("user", {**alice[1], "MFADevices": []}), ("user", {**bob[1], "MFADevices": [device]}))

    found = MfaDevice.objects.get()
    assert (found.user.name, found.tags.get().key) == ("bob", "a")
    write(mirror, ("user", {**bob[1], "MFADevices": []}))
    assert (MfaDevice.objects.get().user, MfaDevice.objects.get().enabled_at) == (None, None)


def test_local_account_gets_no_credential_that_works_without_its_secret():
    account = make_account()
    members = {
        "LoginProfile": {"CreateDate": DATE, "PasswordResetRequired": False},
        "AccessKeys": [documents.key("AKIAEXAMPLE")],
        "MFADevices": [documents.device(account.pk, "phone")],
    }

    reasons = write(account, documents.user(**members))

    assert reasons == [
        "the password is not in the backend",
        "AKIAEXAMPLE is inactive: its secret is not in the backend",
        f"arn:aws:iam::{account.pk}:mfa/phone cannot be had again: its seed is not in the backend",
    ]
    user = User.objects.get()
    assert (user.login_profile.password, user.access_keys.get().status) == ("", "Inactive")
    assert not MfaDevice.objects.exists()


def test_local_account_keeps_secrets_that_are_here():
    account = make_account()
    alice = make_user(account)
    device = make_mfa_device(alice, "phone")
    seed = bytes(device.sealed_seed or b"")

    assert write(account, ("user", {"UserName": "alice", "MFADevices": [documents.device(account.pk, "phone")]})) == []

    device.refresh_from_db()
    assert (bytes(device.sealed_seed or b""), device.enabled_at.isoformat()) == (seed, DATE)


def test_local_account_never_gets_an_identity_without_its_boundary():
    account = make_account()
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": UNKNOWN}

    assert len(write(account, documents.user(PermissionsBoundary=boundary))) == 1
    assert not User.objects.exists()


def test_account_settings_follow_and_what_does_not_fit_stays(mirror):
    Account.objects.filter(pk=mirror.pk).update(alias="before")
    settings = {
        "AccountId": mirror.pk,
        "AccountAlias": "Not an alias",
        "PasswordPolicy": {"MinimumPasswordLength": 14, "MaxPasswordAge": 0, "RequireSymbols": True},
        "Properties": {"RoleManager/Enabled": True},
        "InactiveSTSRegions": ["eu-central-1"],
        "CreateDate": DATE,
    }

    written = write_documents(mirror.pk, [("account", settings)])

    mirror.refresh_from_db()
    assert [note.member for note in written.notes] == ["AccountAlias"]
    assert (mirror.alias, mirror.is_role_manager_enabled, mirror.inactive_sts_regions) == (
        "before",
        True,
        ["eu-central-1"],
    )
    policy = PasswordPolicy.objects.get()
    assert (policy.minimum_password_length, policy.max_password_age, policy.require_symbols) == (14, None, True)
    write_documents(mirror.pk, [("account", {"PasswordPolicy": None, "AccountAlias": None})])
    assert not PasswordPolicy.objects.exists()


def test_alias_of_another_account_is_not_taken():
    make_account(alias="acme-corp")
    account = make_account()

    assert len(write(account, ("account", {"AccountAlias": "acme-corp"}))) == 1
    assert Account.objects.get(pk=account.pk).alias is None


def test_document_of_another_account_is_not_written(mirror):
    assert write(mirror, ("account", {"AccountId": "999999999999", "AccountAlias": "acme-corp"})) != []
    assert Account.objects.get(pk=mirror.pk).alias is None


def test_saml_provider_of_a_mirror_has_keys_without_what_is_secret(mirror):
    provider = {
        "Name": "idp",
        "SAMLProviderUUID": "SAMLSP1",
        "CreateDate": DATE,
        "ValidUntil": None,
        "SAMLMetadataDocument": metadata(),
        "AssertionEncryptionMode": "Allowed",
        "PrivateKeyList": [{"KeyId": "SAMLPK1", "Timestamp": DATE}],
        "Tags": [],
    }

    assert write(mirror, ("saml-provider", provider)) == []
    assert bytes(SamlPrivateKey.objects.get().sealed_key) == b""


def test_saml_provider_is_made_where_the_service_does_not_tell_its_id(mirror):
    provider = {"Name": "idp", "CreateDate": DATE, "SAMLMetadataDocument": metadata()}

    assert write(mirror, ("saml-provider", provider)) == []
    assert SamlProvider.objects.get().unique_id.startswith("SAMLSP")


def test_versions_of_aws_policies_are_not_a_backend_s_to_write(mirror):
    kind, policy = documents.policy("AdministratorAccess", Arn="arn:aws:iam::aws:policy/AdministratorAccess")

    assert write(mirror, (kind, policy)) == ["Arn is one of another account"]
    assert not PolicyVersion.objects.exists()
