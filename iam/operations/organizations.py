"""Organizations of this installation, and centralized root access in them.

How organizations come, grow and go is said by the functions here that `manage.py organization` calls: no API of IAM
does that. The operations are those of IAM (IAM User Guide, "Centrally manage root access for member accounts").
"""

from typing import Any

from django.db import transaction

from iam.errors import IamError
from iam.models import Account, Organization, OrganizationMember
from iam.operations import outbox
from iam.operations.entities import insert
from iam.operations.registry import Call, operation
from iam.queries.account import get_account

_FEATURES = {
    "RootCredentialsManagement": "manages_root_credentials",
    "RootSessions": "has_root_sessions",
}


def _administered(call: Call, *, lock: bool = True) -> Organization:
    """Return the caller's organization where its features can be read and changed.

    Raises IamError OrganizationNotFoundException, OrganizationNotInAllFeaturesModeException,
    AccountNotManagementOrDelegatedAdministratorException, ServiceAccessNotEnabledException.
    """
    rows = Organization.objects.filter(members__account=call.account_id)
    organization = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if organization is None:
        raise IamError(
            "OrganizationNotFoundException",
            "The request failed because the account is not a member of an organization.",
        )
    if organization.feature_set != Organization.FeatureSet.ALL:
        raise IamError(
            "OrganizationNotInAllFeaturesModeException",
            "The request failed because the organization does not have all features enabled.",
        )
    if not organization.is_administered_by(call.account_id):
        raise IamError(
            "AccountNotManagementOrDelegatedAdministratorException",
            "The request failed because the account is neither the management account of the organization nor a "
            "delegated administrator for IAM.",
        )
    if not organization.is_trusting_iam:
        raise IamError(
            "ServiceAccessNotEnabledException",
            "The request failed because trusted access is not enabled for IAM in the organization.",
        )
    return organization


def _shape(organization: Organization) -> dict[str, Any]:
    return {"OrganizationId": organization.pk, "EnabledFeatures": organization.enabled_features}


def _enable(call: Call, feature: str) -> dict[str, Any]:
    organization = _administered(call)
    if organization.management_account_id != call.account_id:
        raise IamError(
            "CallerIsNotManagementAccountException",
            "The request failed because the account is not the management account of the organization.",
        )
    return _set(call, organization, feature, is_enabled=True)


def _set(call: Call, organization: Organization, feature: str, *, is_enabled: bool) -> dict[str, Any]:
    """Switch a feature; switching it to what it is already is no error."""
    field = _FEATURES[feature]
    if getattr(organization, field) != is_enabled:
        setattr(organization, field, is_enabled)
        organization.save(update_fields=[field])
        _changed(organization, call)
    return _shape(organization)


def _changed(organization: Organization, call: Call) -> None:
    """Have the management account's backend write the organization, whoever of its accounts changed it."""
    management = organization.management_account
    if call.account_id == management.pk:
        call.touch("account", management.pk)
    else:
        outbox.note(management, call.operation)


@operation("EnableOrganizationsRootCredentialsManagement")
def enable_organizations_root_credentials_management(call: Call) -> dict[str, Any]:
    """Let administrators of the organization manage its members' root credentials: the management account decides."""
    return _enable(call, "RootCredentialsManagement")


@operation("DisableOrganizationsRootCredentialsManagement")
def disable_organizations_root_credentials_management(call: Call) -> dict[str, Any]:
    """Leave root credentials to the member accounts again."""
    return _set(call, _administered(call), "RootCredentialsManagement", is_enabled=False)


@operation("EnableOrganizationsRootSessions")
def enable_organizations_root_sessions(call: Call) -> dict[str, Any]:
    """Let administrators of the organization act as root in member accounts: the management account decides."""
    return _enable(call, "RootSessions")


@operation("DisableOrganizationsRootSessions")
def disable_organizations_root_sessions(call: Call) -> dict[str, Any]:
    """Let nobody act as root in member accounts any more."""
    return _set(call, _administered(call), "RootSessions", is_enabled=False)


@operation("ListOrganizationsFeatures")
def list_organizations_features(call: Call) -> dict[str, Any]:
    """List the features that are on."""
    return _shape(_administered(call, lock=False))


def _join(organization: Organization, account: Account) -> None:
    insert(
        OrganizationMember(organization=organization, account=account),
        IamError(
            "EntityAlreadyExists", f"The account {account.pk} is in an organization already.", parameter="AccountId"
        ),
    )


def _local(account_id: str) -> Account:
    """Return an account of this installation: AWS has its own organizations. Raises IamError NoSuchEntity."""
    account = get_account(account_id)
    if account.kind != Account.Kind.LOCAL:
        raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.", parameter="AccountId")
    return account


@transaction.atomic
def create_organization(management_account_id: str, *, feature_set: str = Organization.FeatureSet.ALL) -> Organization:
    """Make an account the management account of a new organization.

    Raises IamError NoSuchEntity, EntityAlreadyExists for an account that is in an organization.
    """
    account = _local(management_account_id)
    taken = IamError(
        "EntityAlreadyExists", f"The account {account.pk} is in an organization already.", parameter="AccountId"
    )
    organization = insert(Organization(management_account=account, feature_set=feature_set), taken)
    _join(organization, account)
    outbox.note(account, "CreateOrganization")
    return organization


def _managed_by(management_account_id: str) -> Organization:
    organization = (
        Organization.objects.select_for_update().filter(management_account=get_account(management_account_id)).first()
    )
    if organization is None:
        raise IamError(
            "NoSuchEntity", f"The account {management_account_id} manages no organization.", parameter="AccountId"
        )
    return organization


@transaction.atomic
def add_account(management_account_id: str, account_id: str) -> None:
    """Add an account to the organization that another manages. Raises IamError NoSuchEntity, EntityAlreadyExists."""
    organization = _managed_by(management_account_id)
    _join(organization, _local(account_id))
    outbox.note(organization.management_account, "AddAccountToOrganization")


@transaction.atomic
def remove_account(account_id: str) -> None:
    """Take an account out of its organization. Raises IamError NoSuchEntity, DeleteConflict for who manages it."""
    account = get_account(account_id)
    organization = Organization.objects.select_for_update(of=("self",)).filter(members__account=account).first()
    if organization is None:
        raise IamError("NoSuchEntity", f"The account {account_id} is in no organization.", parameter="AccountId")
    if organization.management_account_id == account_id:
        raise IamError(
            "DeleteConflict",
            f"The account {account_id} manages the organization {organization.pk}. Delete the organization instead.",
            parameter="AccountId",
        )
    if organization.delegated_administrator_id == account_id:
        organization.delegated_administrator = None
        organization.save(update_fields=["delegated_administrator"])
    OrganizationMember.objects.filter(account=account).delete()
    outbox.note(organization.management_account, "RemoveAccountFromOrganization")


@transaction.atomic
def configure(
    management_account_id: str,
    *,
    feature_set: str | None = None,
    trusted_access: bool | None = None,
    delegated_administrator: str | None = None,
) -> Organization:
    """Change what Organizations decides about IAM; None leaves as it is, and an empty administrator stands for none.

    Without trusted access no feature stays on. Raises IamError NoSuchEntity, InvalidInput.
    """
    organization = _managed_by(management_account_id)
    if feature_set is not None:
        if (organization.feature_set, feature_set) == ("ALL", "CONSOLIDATED_BILLING"):
            raise IamError("InvalidInput", "An organization that has all features keeps them.", parameter="FeatureSet")
        organization.feature_set = feature_set
    if trusted_access is not None:
        if trusted_access and organization.feature_set != Organization.FeatureSet.ALL:
            raise IamError(
                "InvalidInput", "Trusted access needs an organization with all features.", parameter="FeatureSet"
            )
        organization.is_trusting_iam = trusted_access
        if not trusted_access:
            organization.manages_root_credentials = organization.has_root_sessions = False
    if delegated_administrator is not None:
        organization.delegated_administrator = _administrator(organization, delegated_administrator)
    organization.save()
    outbox.note(organization.management_account, "ConfigureOrganization")
    return organization


def _administrator(organization: Organization, account_id: str) -> Account | None:
    if not account_id:
        return None
    account = get_account(account_id)
    is_in = OrganizationMember.objects.filter(organization=organization, account=account).exists()
    if not is_in or account_id == organization.management_account_id:
        raise IamError(
            "InvalidInput",
            f"The account {account_id} is no member account of the organization {organization.pk}.",
            parameter="AccountId",
        )
    return account


@transaction.atomic
def delete_organization(management_account_id: str) -> None:
    """Delete the organization that an account manages; its accounts stand alone again. Raises IamError NoSuchEntity."""
    organization = _managed_by(management_account_id)
    management = organization.management_account
    organization.delete()
    outbox.note(management, "DeleteOrganization")


def leave_organizations(account_id: str) -> None:
    """End what ties an account to others, for its reset: the organization it manages, or its membership."""
    organization = Organization.objects.filter(members__account=account_id).first()
    if organization is None:
        return
    if organization.management_account_id == account_id:
        organization.delete()
    else:
        remove_account(account_id)
