"""What a simulation is told, checked (IAM API Reference, "SimulateCustomPolicy" and "SimulatePrincipalPolicy")."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fnmatch import translate
from ipaddress import ip_network
from typing import Any

from iam import policy
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.grants import PolicySource
from iam.operations.documents import check_document
from iam.operations.kinds import GROUP, IDENTITIES, USER, IdentityKind
from iam.policy.match import arn_fields

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")
_OF_VPC = ("instance", "image", "security-group", "network-interface")
_RESOURCES_OF_OPTION = {
    "EC2-VPC-InstanceStore": _OF_VPC,
    "EC2-VPC-InstanceStore-Subnet": (*_OF_VPC, "subnet"),
    "EC2-VPC-EBS": (*_OF_VPC, "volume"),
    "EC2-VPC-EBS-Subnet": (*_OF_VPC, "subnet", "volume"),
}


def invalid(message: str, parameter: str) -> IamError:
    """Return the refusal of a parameter."""
    return IamError("InvalidInput", message, parameter=parameter)


def entity_of(arn: str, parameter: str) -> tuple[IdentityKind[Any], str, str]:
    """Return kind, account and name in the ARN of a user, group or role. Raises IamError InvalidInput."""
    fields = arn_fields(arn)
    if len(fields) == 6 and fields[0] == "arn" and fields[2] == "iam" and re.fullmatch("[0-9]{12}", fields[4]):
        label, _, rest = fields[5].partition("/")
        name = rest.rpartition("/")[2]
        for kind in IDENTITIES:
            if kind.label == label and name:
                return kind, fields[4], name
    raise invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.", parameter)


def caller_of(arn: str) -> tuple[str | dict[str, str], str]:
    """Return the principal that an ARN stands for in a request, and its account.

    A group makes no requests; as a caller it is one of its members. Raises IamError InvalidInput.
    """
    kind, account_id, _ = entity_of(arn, "CallerArn")
    return ({"member": account_id} if kind is GROUP else arn), account_id


def check_caller_of_resource_policy(caller: str | Mapping[str, str]) -> None:
    """Raise IamError InvalidInput for whom the simulator asks no resource policy about: roles, and nobody."""
    if not (isinstance(caller, str) and entity_of(caller, "CallerArn")[0] is USER):
        raise invalid("Invalid caller - Caller must be an IAM user in this context.", "CallerArn")


def owner_of(given: str) -> str:
    """Return the account that owns resources: of the ARN of its root user, or as a number."""
    match = _ACCOUNT.fullmatch(given)
    if match is None or given.startswith("arn:") != given.endswith(":root"):
        raise invalid(f"'{given}' is not a valid as a Resource Owner.", "ResourceOwner")
    return match[1]


def check_actions(names: Sequence[str]) -> None:
    """Raise IamError InvalidInput for what names no single action."""
    bad = [name for name in names if not _ACTION.fullmatch(name)]
    if bad:
        raise invalid(f"ActionNames are not in a valid format: {', '.join(bad)}.", "ActionNames")


def check_resources(arns: Sequence[str]) -> None:
    """Raise IamError InvalidInput for what is neither an ARN nor `*`."""
    bad = [arn for arn in arns if arn != "*" and not (arn.startswith("arn:") and len(arn_fields(arn)) == 6)]
    if bad:
        raise invalid(f"ResourceNames are not in a valid ARN format: {', '.join(bad)}.", "ResourceArns")


def check_handling(option: str, arns: Sequence[str]) -> None:
    """Raise IamError InvalidInput for an unknown scenario, or one that lacks resources it needs."""
    needed = _RESOURCES_OF_OPTION.get(option)
    if needed is None:
        raise invalid(f"{option} is not a valid Resource Handling Option.", "ResourceHandlingOption")
    given = {arn_fields(arn)[5].partition("/")[0] for arn in arns if arn.startswith("arn:")}
    missing = [kind for kind in needed if kind not in given]
    if missing:
        raise invalid(
            f"The Resource Handling Option {option} requires resources of the types {', '.join(missing)}.",
            "ResourceHandlingOption",
        )


def compiled(texts: Sequence[str], parameter: str) -> list[policy.CompiledPolicy]:
    """Return documents that came with the call, ready for decisions. Raises IamError InvalidInput."""
    found = []
    for position, text in enumerate(texts, 1):
        try:
            check_document(text, policy_type="inline", parameter=parameter)
        except IamError as refusal:
            raise invalid(f"{parameter}.{position} is not a valid policy: {refusal.message}", parameter) from None
        # Not through the cache: documents that nobody keeps would drive out those that decide every call.
        found.append(policy.compile_policy(text))
    return found


def compiled_resource_policy(text: str) -> policy.CompiledPolicy:
    """Return a resource-based policy, ready for decisions. Raises IamError InvalidInput."""
    try:
        parsed = policy.parse(text)
    except policy.PolicySyntaxError as error:
        raise invalid(f"ResourcePolicy is not a valid policy: {error.message}", "ResourcePolicy") from None
    if any(statement.principals is None or statement.actions is None for statement in parsed.statements):
        raise invalid("ResourcePolicy is not a valid policy: Missing required field Principal", "ResourcePolicy")
    return policy.compile_policy(text)


def context_of(entries: Sequence[Mapping[str, Any]]) -> dict[str, ContextValue]:
    """Return the condition keys that the call gives, each once. Raises IamError InvalidInput."""
    context: dict[str, ContextValue] = {}
    for entry in entries:
        name, kind, values = (entry.get(f"ContextKey{part}") for part in ("Name", "Type", "Values"))
        if not name or not kind or not values:
            raise invalid("A context entry must have a name, a type and values.", "ContextEntries")
        if ":" not in name:
            raise invalid(f"Invalid context key name: {name}", "ContextEntries")
        is_list = kind.endswith("List")
        if len(values) > 1 and not is_list:
            raise invalid(f"The context key {name} of the type {kind} must have one value.", "ContextEntries")
        for value in values:
            if not _is_of_type(value, kind.removesuffix("List")):
                raise invalid(
                    f"The value {value} of the context key {name} is not of the type {kind}.", "ContextEntries"
                )
        context[name] = list(values) if is_list else values[0]
    return context


def _is_of_type(value: str, kind: str) -> bool:
    try:
        if kind == "numeric":
            return Decimal(value).is_finite()
        if kind == "boolean":
            return value.lower() in ("true", "false")
        if kind == "ip":
            ip_network(value, strict=False)
        elif kind == "binary":
            base64.b64decode(value, validate=True)
        elif kind == "date" and not value.isdigit():
            datetime.fromisoformat(value)
    except (ValueError, InvalidOperation, binascii.Error):
        return False
    return True


class Exclusions:
    """Which of a principal's policies a simulation leaves out."""

    def __init__(self, identifiers: Sequence[Mapping[str, Any]]) -> None:
        """Raises IamError InvalidInput for what identifies no policy."""
        self._types: set[str] = set()
        self._arns: list[re.Pattern[str]] = []
        self._inline: list[tuple[str, str, re.Pattern[str]]] = []
        for identifier in identifiers:
            if len(identifier) != 1:
                raise invalid("A policy identifier must have exactly one member.", "PolicyExclusionList")
            if "PolicyType" in identifier:
                self._types.add(identifier["PolicyType"])
            elif "PolicyArn" in identifier:
                self._arns.append(_policy_pattern(identifier["PolicyArn"]))
            else:
                inline = identifier["InlinePolicyIdentifier"]
                name = _pattern(inline["AttachmentName"])
                self._inline.append((inline["AttachmentType"], inline["PolicyName"], name))

    @property
    def has_boundary(self) -> bool:
        """Whether the permissions boundary is left out."""
        return "permission-boundary" in self._types

    def has(self, source: PolicySource, owner: tuple[str, str]) -> bool:
        """Whether a policy is left out; `owner` is kind and name of whom an inline policy is embedded in."""
        if source.is_managed:
            kind = "aws-managed" if source.key.split(":")[4] == "aws" else "user-managed"
            return kind in self._types or any(pattern.fullmatch(source.key) for pattern in self._arns)
        label, name = owner
        return "inline" in self._types or any(
            (kind, policy_name) == (label, source.key) and pattern.fullmatch(name)
            for kind, policy_name, pattern in self._inline
        )


def _pattern(text: str) -> re.Pattern[str]:
    if text.count("*") > 1:
        raise invalid(f"{text} has more than one wildcard *.", "PolicyExclusionList")
    # No other character of these names means anything to a glob, but a bracket must not.
    return re.compile(translate(text.replace("[", "[[]")))


def _policy_pattern(arn: str) -> re.Pattern[str]:
    fields = arn_fields(arn)
    if (
        len(fields) != 6
        or (fields[0], fields[2]) != ("arn", "iam")
        or not fields[5].startswith("policy/")
        or any(sign in field for field in fields[:5] for sign in "*?")
    ):
        raise invalid(f"{arn} is not the ARN of a policy.", "PolicyExclusionList")
    return _pattern(arn)
