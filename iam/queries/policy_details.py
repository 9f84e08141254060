"""Reading one managed policy: what its page tells, and its versions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from iam.authorization import ContextValue
from iam.models import PolicyVersion
from iam.queries.policies import PolicyType, type_of, visible_policies


@dataclass(frozen=True, slots=True)
class PolicyDetails:
    """A managed policy with its tags; `default_version` is the number of the version that counts."""

    pk: int
    arn: str
    name: str
    path: str
    description: str
    type: PolicyType
    unique_id: str
    created_at: datetime
    updated_at: datetime
    is_attachable: bool
    default_version: int
    latest_version: int
    versions: tuple[int, ...]
    attachment_count: int
    boundary_count: int
    tags: tuple[tuple[str, str], ...]

    @property
    def is_own(self) -> bool:
        """Whether the account may change the policy."""
        return self.type is PolicyType.CUSTOMER_MANAGED

    @property
    def is_service_role_policy(self) -> bool:
        """Whether only service-linked roles have the policy."""
        return not self.is_own and self.path.startswith("/aws-service-role/")

    @property
    def can_be_attached(self) -> bool:
        """Whether anybody here can be given the policy."""
        return self.is_attachable and not self.is_service_role_policy

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the policy as the resource of a call."""
        context: dict[str, ContextValue] = {}
        for key, value in self.tags:
            context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
        return context


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of a policy; the document is exactly as it was given."""

    number: int
    is_default: bool
    created_at: datetime
    document: str

    @property
    def version_id(self) -> str:
        """The version as the API writes it, v1, v2, …"""
        return f"v{self.number}"


_UNREAD_VERSIONS = Prefetch("versions", PolicyVersion.objects.defer("document"))


def find_policy(account_id: str, arn: str) -> PolicyDetails | None:
    """Return a policy that the account can see, AWS's or its own."""
    policy = visible_policies(account_id).filter(arn=arn).prefetch_related("tags", _UNREAD_VERSIONS).first()
    return _details(policy) if policy else None


def find_own(account_id: str, arns: list[str]) -> list[PolicyDetails]:
    """Return the customer managed policies with these ARNs, by name; other ARNs are passed over."""
    rows = (
        visible_policies(account_id).filter(account=account_id, arn__in=arns).prefetch_related("tags", _UNREAD_VERSIONS)
    )
    return sorted((_details(policy) for policy in rows), key=lambda policy: policy.name.lower())


def _details(policy: Any) -> PolicyDetails:
    return PolicyDetails(
        pk=policy.pk,
        arn=policy.arn,
        name=policy.name,
        path=policy.path,
        description=policy.description,
        type=type_of(is_own=not policy.is_aws_managed, is_job_function=policy.is_job_function),
        unique_id=policy.unique_id,
        created_at=policy.created_at,
        updated_at=policy.updated_at,
        is_attachable=policy.is_attachable,
        default_version=policy.default_number,
        latest_version=policy.latest_version,
        versions=tuple(sorted(version.number for version in policy.versions.all())),
        attachment_count=policy.attachment_count,
        boundary_count=policy.boundary_count,
        tags=tuple((tag.key, tag.value) for tag in policy.tags.all()),
    )


def _versions(account_id: str, arn: str) -> "QuerySet[PolicyVersion]":
    visible = Q(policy__account=None) | Q(policy__account=account_id)
    return PolicyVersion.objects.filter(visible, policy__arn=arn)


def list_versions(account_id: str, arn: str) -> list[VersionRecord]:
    """Return all versions of a visible policy with their documents, newest first."""
    rows = _versions(account_id, arn).order_by("-number")
    return [VersionRecord(*row) for row in rows.values_list("number", "is_default", "created_at", "document")]
