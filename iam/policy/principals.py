"""Whom a Principal element names, and how closely: that decides which limits count besides."""

from collections.abc import Callable
from enum import IntEnum

from iam.policy.document import PrincipalElement, PrincipalEntry
from iam.policy.match import arn_fields
from iam.policy.requests import Caller, Facts, PrincipalKind


class Closeness(IntEnum):
    """How a principal was named, from loosest to closest (IAM User Guide, "Policy evaluation logic").

    An account only lets its own policies decide; a role, or the user behind a federated user, leaves the session's
    limits in force; a session, a user, a service or everyone is named directly."""

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    SESSION = 3
    DIRECT = 4


def closeness(element: PrincipalElement, facts: Facts) -> Closeness:
    """Return the closest match of the listed principals."""
    return max((_closeness_of(entry, facts) for entry in element.entries), default=Closeness.NONE)


def reach(element: PrincipalElement, facts: Facts) -> Closeness:
    """Return how the element reaches the caller; NotPrincipal reaches directly whoever is not listed."""
    found = closeness(element, facts)
    if not element.is_negated:
        return found
    return Closeness.DIRECT if found is Closeness.NONE else Closeness.NONE


def _closeness_of(entry: PrincipalEntry, facts: Facts) -> Closeness:
    find = _KINDS.get(entry.kind)
    return find(entry.value, facts) if find else Closeness.NONE


def _service(value: str, facts: Facts) -> Closeness:
    caller = facts.caller
    is_named = caller.kind is PrincipalKind.SERVICE and caller.name == value
    return Closeness.DIRECT if is_named else Closeness.NONE


def _provider(value: str, facts: Facts) -> Closeness:
    caller = facts.caller
    is_named = caller.kind is PrincipalKind.PROVIDER and caller.name == value
    return Closeness.DIRECT if is_named else Closeness.NONE


def _aws(value: str, facts: Facts) -> Closeness:
    if value == "*":
        return Closeness.DIRECT
    caller = facts.caller
    if caller.account is None:
        return Closeness.NONE
    if value == caller.account:
        return Closeness.ACCOUNT
    fields = arn_fields(value)
    if len(fields) != 6:
        return _unique_id(value, facts)
    if fields[0] != "arn" or fields[1] != caller.partition or fields[4] != caller.account:
        return Closeness.NONE
    return _entity(fields[2], fields[5], value, caller, facts)


def _entity(service: str, resource: str, arn: str, caller: Caller, facts: Facts) -> Closeness:
    if service == "iam" and resource == "root":
        return Closeness.ACCOUNT
    if service == "sts" and arn == caller.arn:
        return Closeness.SESSION
    kind, _, name = resource.partition("/")
    if service != "iam":
        return Closeness.NONE
    if kind == "user" and caller.kind is PrincipalKind.USER and arn == caller.arn:
        return Closeness.DIRECT
    # The session of a federated user bears no trace of the user who asked for it but the name, where that is the same.
    if kind == "user" and caller.kind is PrincipalKind.FEDERATED_USER and name.rpartition("/")[2] == caller.name:
        return Closeness.ROLE
    # Role names are unique in an account whatever their path, which a session's ARN does not show.
    if kind == "role" and caller.kind is PrincipalKind.ROLE_SESSION and name.rpartition("/")[2] == caller.name:
        return Closeness.ROLE
    return Closeness.NONE


def _unique_id(value: str, facts: Facts) -> Closeness:
    """Match the ID that a user's or role's ARN became on saving."""
    own, _, _ = (facts.values.single("aws:userid") or "").partition(":")
    if not own or own != value:
        return Closeness.NONE
    kind = facts.caller.kind
    if kind is PrincipalKind.USER:
        return Closeness.DIRECT
    return Closeness.ROLE if kind is PrincipalKind.ROLE_SESSION else Closeness.NONE


_KINDS: dict[str, Callable[[str, Facts], Closeness]] = {"AWS": _aws, "Service": _service, "Federated": _provider}
