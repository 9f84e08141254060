"""Parameters checked against the service models that botocore ships; no shape is written down a second time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
import regex
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape

from iam.errors import IamError

# Session tokens and one-time codes, which the model does not call sensitive.
_SECRET_SHAPES = frozenset({"tokenType", "tokenCodeType", "authenticationCodeType"})
# The model's documentation allows wildcards in the name, its pattern does not.
_WIDER_PATTERNS = {"AttachmentName": r"[\w+=,.@*?-]+"}
# What AWS writes into its own records in place of a secret.
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service: `iam` or `sts`."""
    model: ServiceModel = botocore.session.get_session().get_service_model(service)
    return model


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """Return the model of an operation. Raises botocore's OperationNotFoundError for an unknown name."""
    return service_model(service).operation_model(operation)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the model says about a parameter: lengths in characters, or the range of a number, and a pattern."""

    minimum: int | None
    maximum: int | None
    pattern: str | None
    choices: tuple[str, ...]
    is_required: bool


@cache
def constraint(operation: str, parameter: str, *, service: str = "iam") -> Constraint:
    """Return the constraint of a parameter, for forms that give early advice."""
    shape = operation_model(service, operation).input_shape
    member = shape.members[parameter]
    metadata = member.metadata
    return Constraint(
        minimum=metadata.get("min"),
        maximum=metadata.get("max"),
        pattern=metadata.get("pattern"),
        choices=tuple(metadata.get("enum", ())),
        is_required=parameter in shape.required_members,
    )


@cache
def _pattern(pattern: str) -> regex.Pattern[str]:
    # Java's \w is ASCII and its \p{…} Unicode. No pattern has both, and the flag would make both ASCII.
    return regex.compile(pattern, 0 if r"\p" in pattern else regex.ASCII)


def validate(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Check parameters in the API's spelling. Raises IamError ValidationError that names every fault."""
    shape = operation_model(service, operation).input_shape
    members = shape.members if shape else {}
    faults: list[tuple[str, str]] = [
        (name, f"Unknown parameter '{name}'") for name in parameters if name not in members
    ]
    if shape:
        _check(shape, parameters, "", faults)
    if faults:
        count = "1 validation error" if len(faults) == 1 else f"{len(faults)} validation errors"
        raise IamError(
            "ValidationError",
            f"{count} detected: " + "; ".join(message for _, message in faults),
            parameter=faults[0][0].split(".")[0],
        )


def _fault(faults: list[tuple[str, str]], path: str, rule: str, *, value: str = "Value") -> None:
    # AWS writes members with a small first letter: userName, tags.1.member.key.
    spelled = ".".join(part[:1].lower() + part[1:] for part in path.split("."))
    faults.append(
        (
            path,
            f"{value} at '{spelled}' failed to satisfy constraint: Member must {rule}",
        )
    )


def _check(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    checks: dict[str, Callable[..., None]] = {
        "structure": _check_structure,
        "list": _check_list,
        "map": _check_map,
        "string": _check_string,
        "integer": _check_number,
        "long": _check_number,
        "boolean": _check_boolean,
    }
    if shape.type_name in checks:
        checks[shape.type_name](shape, value, path, faults)


def _check_structure(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, Mapping):
        _fault(faults, path, "be a structure")
        return
    for name, member in shape.members.items():
        inner = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            _check(member, value[name], inner, faults)
        elif name in shape.required_members:
            _fault(faults, inner, "not be null", value="Value null")


def _check_list(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, list | tuple):
        _fault(faults, path, "be a list")
        return
    _check_size(shape, len(value), path, faults)
    for position, item in enumerate(value, 1):
        _check(shape.member, item, f"{path}.{position}.member", faults)


def _check_map(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, Mapping):
        _fault(faults, path, "be a map")
        return
    _check_size(shape, len(value), path, faults)
    for position, (key, item) in enumerate(value.items(), 1):
        _check(shape.key, key, f"{path}.{position}.key", faults)
        _check(shape.value, item, f"{path}.{position}.value", faults)


def _check_size(
    shape: Shape,
    size: int,
    path: str,
    faults: list[tuple[str, str]],
    unit: str = "length",
) -> None:
    metadata = shape.metadata
    if "max" in metadata and size > metadata["max"]:
        _fault(faults, path, f"have {unit} less than or equal to {metadata['max']}")
    if "min" in metadata and size < metadata["min"]:
        _fault(faults, path, f"have {unit} greater than or equal to {metadata['min']}")


def _check_string(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, str):
        _fault(faults, path, "be a string")
        return
    _check_size(shape, len(value), path, faults)
    metadata = shape.metadata
    if "enum" in metadata and value not in metadata["enum"]:
        _fault(faults, path, f"satisfy enum value set: [{', '.join(metadata['enum'])}]")
    # PostgreSQL cannot keep U+0000, which shapes without a pattern would let through.
    pattern = _WIDER_PATTERNS.get(shape.name) or metadata.get("pattern", r"[^\u0000]*")
    if not _pattern(pattern).fullmatch(value):
        _fault(faults, path, f"satisfy regular expression pattern: {pattern}")


def _check_number(shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        _fault(faults, path, "be a whole number")
        return
    _check_size(shape, value, path, faults, unit="value")


def _check_boolean(_shape: Shape, value: Any, path: str, faults: list[tuple[str, str]]) -> None:
    if not isinstance(value, bool):
        _fault(faults, path, "be true or false")


def keyword_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters under the snake-case names that handlers take: `UserName` becomes `user_name`."""
    return {xform_name(name): value for name, value in parameters.items() if value is not None}


def without_secrets(shape: Shape | None, value: Any) -> Any:
    """Return a JSON-ready copy in which every member that the model calls sensitive is hidden."""
    if shape is None:
        return None
    if shape.metadata.get("sensitive") or shape.name in _SECRET_SHAPES:
        return HIDDEN
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: without_secrets(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [without_secrets(shape.member, item) for item in value]
    if shape.type_name == "timestamp":
        return value.isoformat(timespec="seconds")
    return value
