"""Finding the identity provider that a call names by its ARN."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet

from iam.errors import IamError
from iam.models import identifiers
from iam.operations.entities import resource_tags
from iam.operations.kinds import OIDC_PROVIDER, Entity, Kind
from iam.operations.registry import Access, AccessRule, Call


def _named(kind: Kind[Entity], account_id: str, arn: str) -> "QuerySet[Entity]":
    """Return the provider of an ARN. Raises IamError InvalidInput for an ARN of anything else."""
    fields = arn.split(":", 5)
    prefix = f"{kind.label}/"
    if len(fields) != 6 or fields[:4] != ["arn", "aws", "iam", ""] or not fields[5].startswith(prefix):
        raise IamError("InvalidInput", f"Invalid ARN: {arn}", parameter=kind.parameter)
    column = "url" if kind is OIDC_PROVIDER else "name"
    rows = kind.model._default_manager.filter(**{column: fields[5].removeprefix(prefix)})
    return rows.filter(account=account_id) if fields[4] == account_id else rows.none()


def no_such_provider(kind: Kind[Any], arn: str) -> IamError:
    """Return the refusal for an ARN that no provider of the account has, in AWS's words."""
    what = "OpenIDConnect Provider" if kind is OIDC_PROVIDER else "Manifest"
    return IamError("NoSuchEntity", f"{what} not found for arn {arn}", parameter=kind.parameter)


def find_provider(kind: Kind[Entity], account_id: str, arn: str, *, lock: bool = False) -> Entity | None:
    """Return a provider of the account; `lock` holds its row. Raises IamError InvalidInput."""
    rows = _named(kind, account_id, arn)
    return (rows.select_for_update() if lock else rows).first()


def get_provider(kind: Kind[Entity], account_id: str, arn: str, *, lock: bool = False) -> Entity:
    """Return a provider for reading, or to be changed. Raises IamError NoSuchEntity, InvalidInput."""
    found = find_provider(kind, account_id, arn, lock=lock)
    if found is None:
        raise no_such_provider(kind, arn)
    return found


lock_provider = partial(get_provider, lock=True)


def existing_provider(kind: Kind[Any]) -> AccessRule:
    """Return the access rule of operations on an existing provider: its ARN and tags."""

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        arn = parameters[kind.parameter]
        found = find_provider(kind, call.account_id, arn)
        return Access(arn, resource_tags(found) if found else {})

    return rule


def new_provider_arn(kind: Kind[Any], call: Call, name: str) -> str:
    """Return the ARN that a provider will have."""
    return identifiers.arn(call.account_id, kind.label, "/", name)
