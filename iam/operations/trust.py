"""Trust policies on their way into a role: checked, and with unique ids in place of ARNs (`iam.queries.trust`)."""

import re
from collections.abc import Iterable, Mapping

from iam import policy
from iam.errors import IamError
from iam.models import Account, Role, User
from iam.operations.documents import check_document
from iam.policy.trusted import principals_of, trusted_entities, with_principals
from iam.queries import trust

_ENTITY = re.compile(r"arn:aws:iam::(?P<account>\d{12}):(?P<kind>user|role)(?P<path>/(?:.*/)?)(?P<name>[^/]+)")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]+")


def set_trust_policy(role: Role, document: str, *, parameter: str) -> None:
    """Give a role its trust policy, without saving the role; `parameter` is the one at fault in a refusal.

    Raises IamError LimitExceeded, or MalformedPolicyDocument also for principals who do not exist.
    """
    check_document(document, policy_type="trust", parameter=parameter)
    try:
        policy.check_size(document, "CreateRole")
    except policy.PolicyRefused as refusal:
        raise IamError(refusal.code, refusal.message, parameter=parameter) from None
    values = {entry.value for entry in principals_of(document) if entry.kind == "AWS"}
    kept = _kept(values)
    for value in sorted(values - kept.keys()):
        raise IamError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{value}"', parameter=parameter)
    role.assume_role_policy_document = with_principals(document, kept)
    role.trusted_entities = "\n".join(trusted_entities(trust.shown(role.assume_role_policy_document)))


def _kept(values: Iterable[str]) -> dict[str, str]:
    """Return what is kept for each principal; who should exist in an account of this installation and does not, has
    no place in the answer. What lives elsewhere is kept as it is: nobody here could tell.
    """
    kept: dict[str, str] = {}
    entities: dict[str, re.Match[str]] = {}
    unique_ids: set[str] = set()
    for value in values:
        if _ACCOUNT.fullmatch(value):
            kept[value] = f"arn:aws:iam::{value}:root"
        elif match := _ENTITY.fullmatch(value):
            entities[value] = match
        elif _UNIQUE_ID.fullmatch(value):
            unique_ids.add(value)
        else:
            kept[value] = value
    if entities:
        kept |= _ids_of(entities)
    if unique_ids:
        kept |= _existing_ids(unique_ids)
    return kept


def _ids_of(entities: Mapping[str, re.Match[str]]) -> dict[str, str]:
    local = Account.objects.filter(kind=Account.Kind.LOCAL, pk__in={match["account"] for match in entities.values()})
    accounts = set(local.values_list("pk", flat=True))
    names = {match["name"] for match in entities.values()}
    users = User.objects.filter(account__in=accounts, name__in=names)
    roles = Role.objects.filter(account__in=accounts, name__in=names).only("unique_id", "account_id", "path", "name")
    ids = {row.arn: row.unique_id for rows in (users, roles) for row in rows}
    elsewhere = {arn: arn for arn, match in entities.items() if match["account"] not in accounts}
    return elsewhere | {arn: ids[arn] for arn in entities if arn in ids}


def _existing_ids(unique_ids: set[str]) -> dict[str, str]:
    users = User.objects.filter(unique_id__in=unique_ids).values_list("unique_id", flat=True)
    roles = Role.objects.filter(unique_id__in=unique_ids).values_list("unique_id", flat=True)
    return {unique_id: unique_id for unique_id in (*users, *roles)}
