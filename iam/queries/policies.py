"""Reading managed policies."""

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from iam.models import (
    GroupPolicyAttachment,
    ManagedPolicy,
    PolicyVersion,
    Role,
    RolePolicyAttachment,
    User,
    UserPolicyAttachment,
)


def _count(rows: QuerySet, column: str = "policy") -> Coalesce:  # type: ignore[type-arg]
    counted = (
        rows.filter(**{column: OuterRef("pk")})
        .order_by()
        .values(column)
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def visible_policies(account_id: str) -> "QuerySet[ManagedPolicy]":
    """Return AWS's policies and the account's own, with what the API tells about each.

    Adds `default_number`, `attachment_count` (users, groups and roles of this account) and `boundary_count`.
    """
    return ManagedPolicy.objects.filter(
        Q(account=None) | Q(account=account_id)
    ).annotate(
        default_number=Subquery(
            PolicyVersion.objects.filter(policy=OuterRef("pk"), is_default=True).values(
                "number"
            )[:1]
        ),
        attachment_count=_count(
            UserPolicyAttachment.objects.filter(user__account=account_id)
        )
        + _count(GroupPolicyAttachment.objects.filter(group__account=account_id))
        + _count(RolePolicyAttachment.objects.filter(role__account=account_id)),
        boundary_count=_count(
            User.objects.filter(account=account_id), "permissions_boundary"
        )
        + _count(Role.objects.filter(account=account_id), "permissions_boundary"),
    )
