"""What a resource brings to a decision: its tags, and the boundary that limits it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from iam.authorization import ContextValue, Guard
from iam.models import InstanceProfile, ManagedPolicy, MfaDevice, Role, ServerCertificate, User
from iam.policy.match import arn_fields
from iam.queries import trust

Context = dict[str, ContextValue]
# Names are looked up by the page, so the number of resources is bounded by what a page shows.
_TAGGED = ("user", "role", "policy", "instance-profile", "mfa", "server-certificate")


def contexts_of(account_id: str, arns: Iterable[str]) -> dict[str, Context]:
    """Return the condition keys of resources by ARN, empty for what the account does not have: two queries a kind."""
    wanted: dict[str, set[str]] = {kind: set() for kind in _TAGGED}
    found: dict[str, Context] = {}
    for arn in arns:
        found[arn] = {}
        kind, _, name = _resource(arn)
        if kind in wanted and name:
            wanted[kind].add(arn)
    for kind, asked in wanted.items():
        if asked:
            for row in _rows(account_id, kind, asked):
                if row.arn in asked:
                    found[row.arn] = _context(row)
    return found


def context_of(account_id: str, arn: str) -> Context:
    """Return the condition keys of one resource."""
    return contexts_of(account_id, [arn])[arn]


def guard_of(arn: str) -> Guard | None:
    """Return the trust policy of a role of any account; None for what is no role's ARN."""
    kind, account_id, name = _resource(arn)
    if kind != "role" or not account_id:
        return None
    roles = Role.objects.alias(lowered=Lower("name")).filter(account=account_id, lowered=name.lower())
    role = roles.first()
    return Guard(account_id, role.assume_role_policy_document if role and role.arn == arn else None)


def shown_trust(document: str) -> str:
    """Return a trust policy as people read it."""
    return trust.shown(document)


def _resource(arn: str) -> tuple[str, str, str]:
    """Return kind, account and name of an entity's ARN; empty words for anything else."""
    fields = arn_fields(arn)
    if len(fields) != 6 or fields[2] != "iam":
        return "", "", ""
    kind, _, rest = fields[5].partition("/")
    return kind, fields[4], rest.rpartition("/")[2]


def _rows(account_id: str, kind: str, arns: set[str]) -> "QuerySet[Any]":
    if kind == "policy":
        return ManagedPolicy.objects.filter(account=account_id, arn__in=arns).prefetch_related("tags")
    if kind == "mfa":
        return MfaDevice.objects.filter(account=account_id, serial_number__in=arns).prefetch_related("tags")
    rows: QuerySet[Any] = {
        "user": User.objects.select_related("permissions_boundary"),
        "role": Role.objects.select_related("permissions_boundary"),
        "instance-profile": InstanceProfile.objects.all(),
        "server-certificate": ServerCertificate.objects.defer("body", "chain", "sealed_private_key"),
    }[kind]
    names = {_resource(arn)[2].lower() for arn in arns}
    named = rows.alias(lowered=Lower("name")).filter(account=account_id, lowered__in=names)
    return named.prefetch_related("tags")


def _context(row: Any) -> Context:
    context: Context = {}
    for tag in row.tags.all():
        context[f"aws:ResourceTag/{tag.key}"] = context[f"iam:ResourceTag/{tag.key}"] = tag.value
    boundary = getattr(row, "permissions_boundary", None)
    if boundary:
        context["iam:PermissionsBoundary"] = boundary.arn
    return context
