"""The managed policies that documents name: the account's own, and AWS's, which all accounts share."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from iam.models import ManagedPolicy, PolicyVersion
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing

_AWS_POLICY = re.compile(r"arn:aws:iam::aws:policy(?P<path>/(?:[!-~]+/)?)(?P<name>[A-Za-z0-9_+=,.@-]{1,128})")
_ALLOWS_NOTHING = '{"Version":"2012-10-17","Statement":[]}'


def look_up_policies(writing: Writing, subjects: Sequence[Subject]) -> None:
    """Read the policies that documents attach or have as a boundary.

    A backend speaks for its account alone: the policies of others are as unknown as those that do not exist.
    """
    arns = {arn for subject in subjects for arn in _arns(subject.document) if len(arn) <= 700 and "\0" not in arn}
    writing.policies = _policies(writing.account_id, arns)
    unknown = {arn: match for arn in arns - writing.policies.keys() if (match := _AWS_POLICY.fullmatch(arn))}
    if unknown and writing.accepts_unknown_aws_policies:
        _make_known(unknown)
        writing.policies |= _policies(writing.account_id, set(unknown))


def _arns(document: dict[str, Any]) -> Iterator[str]:
    attached = document.get("AttachedManagedPolicies")
    found = [item.get("PolicyArn") for item in attached if isinstance(item, dict)] if isinstance(attached, list) else []
    for arn in (*found, _boundary_arn(document)):
        if isinstance(arn, str):
            yield arn


def _boundary_arn(document: dict[str, Any]) -> Any:
    boundary = document.get("PermissionsBoundary")
    return boundary.get("PermissionsBoundaryArn") if isinstance(boundary, dict) else None


def _policies(account_id: str, arns: set[str]) -> dict[str, ManagedPolicy]:
    if not arns:
        return {}
    rows = ManagedPolicy.objects.filter(arn__in=arns).only("pk", "arn", "account_id")
    return {policy.arn: policy for policy in rows if policy.account_id in (None, account_id)}


def _make_known(unknown: dict[str, re.Match[str]]) -> None:
    """Give policies of AWS that the catalogue does not have yet a row: they may stay attached, and allow nothing here.

    Their version is v0, so that the catalogue replaces them as soon as it knows better.
    """
    now = timezone.now()
    ManagedPolicy.objects.bulk_create(
        [
            ManagedPolicy(
                account=None,
                arn=arn,
                name=match["name"],
                path=match["path"],
                is_attachable=False,
                created_at=now,
                updated_at=now,
                latest_version=0,
            )
            for arn, match in sorted(unknown.items())
        ],
        ignore_conflicts=True,
    )
    rows = ManagedPolicy.objects.filter(account=None, arn__in=unknown, versions=None)
    PolicyVersion.objects.bulk_create(
        [
            PolicyVersion(policy=row, number=0, document=_ALLOWS_NOTHING, is_default=True, created_at=now)
            for row in rows
        ],
        ignore_conflicts=True,
    )


def set_boundary(writing: Writing, subject: Subject) -> None:
    """Take over a permissions boundary.

    Raises UnfitError in a local account for one that there is not: without its boundary an identity may do too much.
    """
    if "PermissionsBoundary" not in subject.document:
        return
    arn = _boundary_arn(subject.document)
    try:
        subject.values["permissions_boundary_id"] = None if arn is None else writing.policy(arn).pk
    except UnfitError as error:
        if not writing.is_mirror:
            raise UnfitError(f"PermissionsBoundary {str(arn)[:200]} {error}") from None
        writing.note(subject, "PermissionsBoundary", f"{str(arn)[:200]} {error}")
