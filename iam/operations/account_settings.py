"""What is set for a whole account: alias and password policy; and the account's summary."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from iam.errors import IamError
from iam.models import AccessKey, Account, MfaDevice, PasswordPolicy, PolicyVersion, SigningCertificate
from iam.operations import quotas, shapes
from iam.operations.registry import Access, Call, operation

_TOKEN_VERSIONS = {"v1Token": 1, "v2Token": 2}


def check_alias(alias: str) -> None:
    """Raise IamError ValidationError for an alias that no account may have."""
    shapes.validate("iam", "CreateAccountAlias", {"AccountAlias": alias})
    # People write ids with hyphens, and the sign-in page reads both spellings as an id.
    digits = alias.replace("-", "")
    if digits.isdigit() and len(digits) == 12:
        raise IamError("ValidationError", "The account alias must not be a 12-digit number.", parameter="AccountAlias")


@operation("CreateAccountAlias")
def create_account_alias(call: Call, *, account_alias: str) -> None:
    """Set the account's alias, in place of any other. Raises IamError EntityAlreadyExists."""
    check_alias(account_alias)
    try:
        with transaction.atomic():
            Account.objects.filter(pk=call.account_id).update(alias=account_alias)
    except IntegrityError:
        raise IamError(
            "EntityAlreadyExists",
            f"The account alias {account_alias} already exists.",
            parameter="AccountAlias",
        ) from None
    call.touch("account", call.account_id)


@operation("DeleteAccountAlias")
def delete_account_alias(call: Call, *, account_alias: str) -> None:
    """Remove the alias; the sign-in URL uses the account id again. Raises IamError NoSuchEntity for another alias."""
    if not Account.objects.filter(pk=call.account_id, alias=account_alias).update(alias=None):
        raise IamError(
            "NoSuchEntity",
            f"The account alias {account_alias} cannot be found.",
            parameter="AccountAlias",
        )
    call.touch("account", call.account_id)


@operation("ListAccountAliases")
def list_account_aliases(call: Call, *, marker: str | None = None, max_items: int | None = None) -> dict[str, Any]:
    """List the account's alias; there is one at most."""
    alias = Account.objects.values_list("alias", flat=True).get(pk=call.account_id)
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


@operation("SetSecurityTokenServicePreferences")
def set_security_token_service_preferences(call: Call, *, global_endpoint_token_version: str) -> None:
    """Set the version of tokens from the global endpoint.

    Those of both versions are valid in every region here; what is set is what GetAccountSummary tells.
    """
    version = _TOKEN_VERSIONS[global_endpoint_token_version]
    Account.objects.filter(pk=call.account_id).update(global_endpoint_token_version=version)
    call.touch("account", call.account_id)


def _root_password(account: Account) -> dict[str, int]:
    # Of an account in AWS only AWS knows.
    root = getattr(account, "root_user", None)
    return {"AccountPasswordPresent": int(root.has_login_profile)} if root else {}


@operation("GetAccountSummary")
def get_account_summary(call: Call) -> dict[str, Any]:
    """Count what is there against the quotas."""
    account = call.account_id
    settings = Account.objects.select_related("root_user").get(pk=account)
    usage = quotas.usage(account)
    versions = PolicyVersion.objects.filter(policy__account=account).count()
    in_use = MfaDevice.in_use.filter(account=account)
    root_keys = AccessKey.objects.filter(account=account, user=None)
    certificates = SigningCertificate.objects.filter(account=account, user=None)
    summary = {
        **{resource: usage[resource] for resource in quotas.ACCOUNT_QUOTAS},
        **{f"{resource}Quota": quota for resource, quota in quotas.ACCOUNT_QUOTAS.items()},
        "PolicyVersionsInUse": versions,
        "PolicyVersionsInUseQuota": 10000,
        "Providers": sum(usage[resource] for resource in quotas.PROVIDER_QUOTAS),
        "MFADevices": MfaDevice.objects.filter(account=account).count(),
        "MFADevicesInUse": in_use.count(),
        "AccountMFAEnabled": int(in_use.filter(user=None).exists()),
        "AccountAccessKeysPresent": int(root_keys.exists()),
        **_root_password(settings),
        "AccountSigningCertificatesPresent": int(certificates.exists()),
        "AccessKeysPerUserQuota": quotas.ACCESS_KEYS,
        "GroupsPerUserQuota": quotas.GROUPS_PER_USER,
        "SigningCertificatesPerUserQuota": quotas.SIGNING_CERTIFICATES,
        "VersionsPerPolicyQuota": quotas.POLICY_VERSIONS,
        "PolicySizeQuota": quotas.POLICY_SIZE,
        "UserPolicySizeQuota": quotas.INLINE_SIZE["User"],
        "GroupPolicySizeQuota": quotas.INLINE_SIZE["Group"],
        "RolePolicySizeQuota": quotas.INLINE_SIZE["Role"],
        "AssumeRolePolicySizeQuota": 2048,
        "AttachedPoliciesPerUserQuota": quotas.ATTACHED_POLICIES,
        "AttachedPoliciesPerGroupQuota": quotas.ATTACHED_POLICIES,
        "AttachedPoliciesPerRoleQuota": quotas.ATTACHED_POLICIES,
        "GlobalEndpointTokenVersion": settings.global_endpoint_token_version,
    }
    known = shapes.service_model("iam").shape_for("summaryKeyType").enum
    return {"SummaryMap": {name: value for name, value in summary.items() if name in known}}


def _policy_of_all(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Whoever may change a password by the account's setting may also read what it must look like."""
    del parameters
    policy = PasswordPolicy.objects.filter(account=call.account_id).first()
    return Access(unless_denied=bool(policy and policy.allow_users_to_change_password))


@operation("GetAccountPasswordPolicy", access=_policy_of_all)
def get_account_password_policy(call: Call) -> dict[str, Any]:
    """Return the account's own password policy. Raises IamError NoSuchEntity while the default applies."""
    policy = PasswordPolicy.objects.filter(account=call.account_id).first()
    if policy is None:
        raise IamError(
            "NoSuchEntity",
            f"The Password Policy with domain name {call.account_id} cannot be found.",
        )
    shape: dict[str, Any] = {
        "MinimumPasswordLength": policy.minimum_password_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase_characters,
        "RequireLowercaseCharacters": policy.require_lowercase_characters,
        "AllowUsersToChangePassword": policy.allow_users_to_change_password,
        "ExpirePasswords": policy.max_password_age is not None,
        "MaxPasswordAge": policy.max_password_age,
        "PasswordReusePrevention": policy.password_reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    }
    return {"PasswordPolicy": {name: value for name, value in shape.items() if value is not None}}


@operation("UpdateAccountPasswordPolicy")
def update_account_password_policy(call: Call, **settings: Any) -> None:
    """Replace the password policy as a whole: what is left out falls back to its default.

    `settings` are the API's parameters in snake case (`UpdateAccountPasswordPolicy` in the API reference).
    """
    # Zero means "no limit" in the API's older clients.
    values = {name: value for name, value in settings.items() if value != 0 or isinstance(value, bool)}
    fields = [field.name for field in PasswordPolicy._meta.concrete_fields if not field.primary_key]
    PasswordPolicy.objects.bulk_create(
        [PasswordPolicy(account_id=call.account_id, **values)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=fields,
    )
    call.touch("account", call.account_id)


@operation("DeleteAccountPasswordPolicy")
def delete_account_password_policy(call: Call) -> None:
    """Return to IAM's default. Raises IamError NoSuchEntity where it applies already."""
    deleted, _ = PasswordPolicy.objects.filter(account=call.account_id).delete()
    if not deleted:
        raise IamError("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")
    call.touch("account", call.account_id)
