"""Reading which organization an account is in, and what that organization has centralized."""

from dataclasses import dataclass

from iam.models import Organization, OrganizationMember


def organization_of(account_id: str) -> Organization | None:
    """Return the organization that an account is in, as its management account or another member."""
    return Organization.objects.filter(members__account=account_id).first()


def is_management_account(account_id: str) -> bool:
    """Whether an account manages an organization."""
    return Organization.objects.filter(management_account=account_id).exists()


def is_member(organization: Organization, account_id: str) -> bool:
    """Whether an account is in the organization without managing it."""
    is_in = OrganizationMember.objects.filter(organization=organization, account=account_id).exists()
    return is_in and account_id != organization.management_account_id


def root_sessions_enabled(account_id: str) -> bool:
    """Whether the organization of an account lets its administrators act as root in member accounts."""
    return Organization.objects.filter(members__account=account_id, has_root_sessions=True).exists()


def root_credentials_managed(account_id: str) -> bool:
    """Whether the organization of an account manages the root credentials of its members."""
    return Organization.objects.filter(members__account=account_id, manages_root_credentials=True).exists()


def account_ids_of(organization: Organization) -> list[str]:
    """Return the ids of all accounts of an organization, the management account included."""
    return list(organization.members.order_by("pk").values_list("pk", flat=True))


def entity_path(organization: Organization, account_id: str = "") -> str:
    """Return the path of an account in an organization (`o-…/r-…/<account>`), or of its root."""
    return f"{organization.pk}/{organization.root_id}" + (f"/{account_id}" if account_id else "")


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    """An organization as its management account sees it, with the ids of its accounts."""

    id: str
    path: str
    manager: str
    accounts: tuple[str, ...]


def administered_by(account_id: str) -> OrganizationRecord | None:
    """Return the organization with all features that an account manages."""
    organization = Organization.objects.filter(
        management_account=account_id, feature_set=Organization.FeatureSet.ALL
    ).first()
    if organization is None:
        return None
    return OrganizationRecord(
        organization.pk, entity_path(organization), account_id, tuple(account_ids_of(organization))
    )
