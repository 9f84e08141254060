"""Reading which policies an identity has, how it came by each, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from iam.models import (
    GroupInlinePolicy,
    GroupPolicyAttachment,
    ManagedPolicy,
    PolicyVersion,
    UserInlinePolicy,
    UserPolicyAttachment,
)

JOB_FUNCTION = "AWS managed – job function"


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


def attached_to_user(user_pk: int) -> list[IdentityPolicy]:
    """Return the managed policies attached to a user directly, by name."""
    return _managed(UserPolicyAttachment.objects.filter(user=user_pk))


def attached_to_groups(names: Sequence[str], account_id: str) -> list[IdentityPolicy]:
    """Return the managed policies of some groups, by name."""
    rows = GroupPolicyAttachment.objects.filter(group__account=account_id, group__name__in=names)
    return _managed(rows, "group__name")


def inline_of_user(user_pk: int) -> list[IdentityPolicy]:
    """Return the inline policies of a user, by name."""
    names = UserInlinePolicy.objects.filter(user=user_pk).order_by(Lower("name")).values_list("name", flat=True)
    return [IdentityPolicy(name) for name in names]


def inline_of_groups(names: Sequence[str], account_id: str) -> list[IdentityPolicy]:
    """Return the inline policies of some groups, by name."""
    rows = GroupInlinePolicy.objects.filter(group__account=account_id, group__name__in=names).order_by(Lower("name"))
    return [IdentityPolicy(name, group=group) for name, group in rows.values_list("name", "group__name")]


def names_by_user(pks: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    """Return, by the rows of users, the ARNs attached to each directly and the names of its inline policies."""
    found: dict[int, tuple[list[str], list[str]]] = {pk: ([], []) for pk in pks}
    attached = UserPolicyAttachment.objects.filter(user__in=pks).order_by("policy__arn")
    for pk, arn in attached.values_list("user", "policy__arn"):
        found[pk][0].append(arn)
    inline = UserInlinePolicy.objects.filter(user__in=pks).order_by(Lower("name"))
    for pk, name in inline.values_list("user", "name"):
        found[pk][1].append(name)
    return found


def names_by_group(pks: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    """Return, by the rows of groups, the ARNs attached to each and the names of its inline policies."""
    found: dict[int, tuple[list[str], list[str]]] = {pk: ([], []) for pk in pks}
    attached = GroupPolicyAttachment.objects.filter(group__in=pks).order_by("policy__arn")
    for pk, arn in attached.values_list("group", "policy__arn"):
        found[pk][0].append(arn)
    inline = GroupInlinePolicy.objects.filter(group__in=pks).order_by(Lower("name"))
    for pk, name in inline.values_list("group", "name"):
        found[pk][1].append(name)
    return found


def find_managed(arn: str, account_id: str) -> IdentityPolicy | None:
    """Return a managed policy that an account can see."""
    policy = ManagedPolicy.objects.filter(arn=arn).first()
    if policy is None or policy.account_id not in {None, account_id}:
        return None
    kind = policy_type(is_aws_managed=policy.is_aws_managed, is_job_function=policy.is_job_function)
    return IdentityPolicy(policy.name, policy.arn, kind, policy.description)


def document_of(policy: IdentityPolicy, account_id: str, *, user: str = "") -> str:
    """Return what a policy says: its default version, or the document embedded in its group or in `user`.

    Empty where the policy has gone meanwhile.
    """
    rows: QuerySet[PolicyVersion] | QuerySet[UserInlinePolicy] | QuerySet[GroupInlinePolicy]
    if policy.arn:
        rows = PolicyVersion.objects.filter(policy__arn=policy.arn, is_default=True)
    elif policy.group:
        rows = GroupInlinePolicy.objects.alias(lowered=Lower("name"), group_lowered=Lower("group__name")).filter(
            group__account=account_id, group_lowered=policy.group.lower(), lowered=policy.name.lower()
        )
    else:
        rows = UserInlinePolicy.objects.alias(lowered=Lower("name"), user_lowered=Lower("user__name")).filter(
            user__account=account_id, user_lowered=user.lower(), lowered=policy.name.lower()
        )
    return rows.values_list("document", flat=True).first() or ""


def _managed(
    rows: "QuerySet[UserPolicyAttachment] | QuerySet[GroupPolicyAttachment]", group: str = ""
) -> list[IdentityPolicy]:
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
