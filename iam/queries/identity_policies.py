"""Reading which policies an identity has, how it came by each, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from iam.models import (
    GroupInlinePolicy,
    GroupPolicyAttachment,
    ManagedPolicy,
    PolicyVersion,
    RoleInlinePolicy,
    RolePolicyAttachment,
    UserInlinePolicy,
    UserPolicyAttachment,
)

JOB_FUNCTION = "AWS managed – job function"

IdentityKind = Literal["User", "Group", "Role"]
_ATTACHMENTS: dict[IdentityKind, Any] = {
    "User": UserPolicyAttachment,
    "Group": GroupPolicyAttachment,
    "Role": RolePolicyAttachment,
}
_INLINE: dict[IdentityKind, Any] = {"User": UserInlinePolicy, "Group": GroupInlinePolicy, "Role": RoleInlinePolicy}


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """A policy of an identity: managed where it has an ARN, else inline; `group` is where a user has it from."""

    name: str
    arn: str = ""
    type: str = "Customer inline"
    description: str = ""
    group: str = ""

    @property
    def is_inline(self) -> bool:
        """Whether the policy is embedded in the identity, or in the group."""
        return not self.arn


def policy_type(*, is_aws_managed: bool, is_job_function: bool) -> str:
    """Return a managed policy's type as the tables say it."""
    if is_job_function:
        return JOB_FUNCTION
    return "AWS managed" if is_aws_managed else "Customer managed"


def attached_to(kind: IdentityKind, pk: int) -> list[IdentityPolicy]:
    """Return the managed policies attached to a user, group or role directly, by name."""
    return _managed(_ATTACHMENTS[kind].objects.filter(**{kind.lower(): pk}))


def inline_of(kind: IdentityKind, pk: int) -> list[IdentityPolicy]:
    """Return the inline policies of a user, group or role, by name."""
    rows = _INLINE[kind].objects.filter(**{kind.lower(): pk}).order_by(Lower("name"))
    return [IdentityPolicy(name) for name in rows.values_list("name", flat=True)]


attached_to_user = partial(attached_to, "User")
inline_of_user = partial(inline_of, "User")


def attached_to_groups(names: Sequence[str], account_id: str) -> list[IdentityPolicy]:
    """Return the managed policies of some groups, by name."""
    rows = GroupPolicyAttachment.objects.filter(group__account=account_id, group__name__in=names)
    return _managed(rows, "group__name")


def inline_of_groups(names: Sequence[str], account_id: str) -> list[IdentityPolicy]:
    """Return the inline policies of some groups, by name."""
    rows = GroupInlinePolicy.objects.filter(group__account=account_id, group__name__in=names).order_by(Lower("name"))
    return [IdentityPolicy(name, group=group) for name, group in rows.values_list("name", "group__name")]


def names_by(kind: IdentityKind, pks: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    """Return, by the rows of users, groups or roles, the ARNs attached to each and the names of its inline policies."""
    found: dict[int, tuple[list[str], list[str]]] = {pk: ([], []) for pk in pks}
    owner = kind.lower()
    attached = _ATTACHMENTS[kind].objects.filter(**{f"{owner}__in": pks}).order_by("policy__arn")
    for pk, arn in attached.values_list(owner, "policy__arn"):
        found[pk][0].append(arn)
    inline = _INLINE[kind].objects.filter(**{f"{owner}__in": pks}).order_by(Lower("name"))
    for pk, name in inline.values_list(owner, "name"):
        found[pk][1].append(name)
    return found


names_by_user = partial(names_by, "User")
names_by_group = partial(names_by, "Group")


def find_managed(arn: str, account_id: str) -> IdentityPolicy | None:
    """Return a managed policy that an account can see."""
    policy = ManagedPolicy.objects.filter(arn=arn).first()
    if policy is None or policy.account_id not in {None, account_id}:
        return None
    kind = policy_type(is_aws_managed=policy.is_aws_managed, is_job_function=policy.is_job_function)
    return IdentityPolicy(policy.name, policy.arn, kind, policy.description)


def document_of(policy: IdentityPolicy, account_id: str, *, user: str = "", role: str = "") -> str:
    """Return what a policy says: its default version, or the document embedded in its group, in `user` or in `role`.

    Empty where the policy has gone meanwhile.
    """
    if policy.arn:
        versions = PolicyVersion.objects.filter(policy__arn=policy.arn, is_default=True)
        return versions.values_list("document", flat=True).first() or ""
    if policy.group:
        return document_in("Group", policy.group, policy.name, account_id)
    return (
        document_in("Role", role, policy.name, account_id)
        if role
        else document_in("User", user, policy.name, account_id)
    )


def document_in(kind: IdentityKind, owner: str, name: str, account_id: str) -> str:
    """Return the document of an inline policy of a user, group or role given by name; empty where there is none."""
    column = kind.lower()
    rows = _INLINE[kind].objects.alias(lowered=Lower("name"), owner_lowered=Lower(f"{column}__name"))
    found = rows.filter(**{f"{column}__account": account_id}, owner_lowered=owner.lower(), lowered=name.lower())
    return found.values_list("document", flat=True).first() or ""


def inline_documents(kind: IdentityKind, owner: str, account_id: str) -> dict[str, str]:
    """Return the documents of all inline policies of a user, group or role given by name, by their names."""
    column = kind.lower()
    rows = _INLINE[kind].objects.alias(owner_lowered=Lower(f"{column}__name"))
    found = rows.filter(**{f"{column}__account": account_id}, owner_lowered=owner.lower())
    return dict(found.values_list("name", "document"))


def _managed(rows: "QuerySet[Any]", group: str = "") -> list[IdentityPolicy]:
    columns = ["policy__name", "policy__arn", "policy__account", "policy__is_job_function", "policy__description"]
    ordered = rows.order_by(Lower("policy__name"))
    if group:
        ordered = ordered.annotate(group_label=F(group))
        columns.append("group_label")
    return [
        IdentityPolicy(
            name=row["policy__name"],
            arn=row["policy__arn"],
            type=policy_type(
                is_aws_managed=row["policy__account"] is None, is_job_function=row["policy__is_job_function"]
            ),
            description=row["policy__description"],
            group=row.get("group_label", ""),
        )
        for row in ordered.values(*columns)
    ]
