"""Parameters checked against the service models that botocore ships; no shape is written down a second time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
import regex
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape

from iam.errors import IamError

# Session tokens and one-time codes, which the model does not call sensitive.
_SECRET_SHAPES = frozenset({"tokenType", "tokenCodeType", "authenticationCodeType"})
# What people paste for a certificate or a public key. Nothing says that it is none of their private keys before the
# operation has read it, which it has not where the call was refused.
_PASTED_SHAPES = frozenset({"certificateBodyType", "certificateChainType", "publicKeyMaterialType"})
# The model's documentation allows wildcards in the name, its pattern does not.
_WIDER_PATTERNS = {"AttachmentName": r"[\w+=,.@*?-]+"}
# IAM tells wrong characters of names and paths in words of its own.
_CHARACTERS = {
    r"[\w+=,.@-]+": "contain only alphanumeric characters and/or the following: +=,.@_-",
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)": (
        "begin and end with / and contain only alphanumeric characters and/or / characters."
    ),
}
# Of a value that is told in a refusal, and so in the event history.
_LONGEST_VALUE = 256
# What AWS writes into its own records in place of a secret.
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


# Where policies spell a service otherwise than botocore does.
_MODELS = {"access-analyzer": "accessanalyzer"}


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service: `iam`, `sts` or `access-analyzer`."""
    model: ServiceModel = botocore.session.get_session().get_service_model(_MODELS.get(service, service))
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


@dataclass(slots=True)
class _Faults:
    """What is wrong with parameters: what breaks a constraint, and names and paths of wrong characters.

    STS tells values, and IAM does not.
    """

    tells_values: bool
    waived: frozenset[str] = frozenset()
    constraints: list[tuple[str, str]] = field(default_factory=list)
    characters: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str, rule: str, value: Any = None) -> None:
        told = "Value"
        if self.tells_values and value is not None:
            # PostgreSQL, which keeps the refusal in the event history, cannot keep U+0000.
            told = "Value '{}'".format(str(value)[:_LONGEST_VALUE].replace("\x00", "\ufffd"))
        self.constraints.append(
            (path, f"{told} at '{_spelled(path)}' failed to satisfy constraint: Member must {rule}")
        )

    def add_null(self, path: str) -> None:
        message = f"Value null at '{_spelled(path)}' failed to satisfy constraint: Member must not be null"
        self.constraints.append((path, message))

    def refusal(self) -> IamError | None:
        """Return the refusal of all that breaks a constraint; wrong characters are told only where nothing does."""
        told = self.constraints or self.characters[:1]
        if not told:
            return None
        parameter = told[0][0].split(".")[0]
        count = "1 validation error" if len(told) == 1 else f"{len(told)} validation errors"
        detected = f"{count} detected: " if self.constraints else ""
        return IamError("ValidationError", detected + "; ".join(message for _, message in told), parameter=parameter)


def _spelled(path: str) -> str:
    """Return a member as AWS writes it, with a small first letter: `userName`, `tags.1.member.key`."""
    return ".".join(part[:1].lower() + part[1:] for part in path.split("."))


def validate(service: str, operation: str, parameters: Mapping[str, Any], waived: frozenset[str] = frozenset()) -> None:
    """Check parameters in the API's spelling, of which those `waived` may be missing.

    Raises IamError ValidationError that names every fault.
    """
    shape = operation_model(service, operation).input_shape
    members = shape.members if shape else {}
    faults = _Faults(tells_values=service == "sts", waived=waived)
    faults.constraints += [(name, f"Unknown parameter '{name}'") for name in parameters if name not in members]
    if shape:
        _check(shape, parameters, "", faults)
    refusal = faults.refusal()
    if refusal:
        raise refusal


def _check(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
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


def _check_structure(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, Mapping):
        faults.add(path, "be a structure")
        return
    for name, member in shape.members.items():
        inner = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            _check(member, value[name], inner, faults)
        elif name in shape.required_members and inner not in faults.waived:
            faults.add_null(inner)


def _check_list(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, list | tuple):
        faults.add(path, "be a list")
        return
    _check_size(shape, len(value), path, faults)
    if shape.member.type_name == "string":
        _check_strings(shape.member, value, path, faults)
        return
    for position, item in enumerate(value, 1):
        _check(shape.member, item, f"{path}.{position}.member", faults)


def _check_strings(member: Shape, values: Iterable[Any], path: str, faults: _Faults) -> None:
    """Check a list of texts: of one that has a fault, AWS tells all that its members have to satisfy."""
    of_members = _Faults(tells_values=False)
    for value in values:
        _check_string(member, value, path, of_members)
    if of_members.refusal():
        rules = {
            "max": "have length less than or equal to {}",
            "min": "have length greater than or equal to {}",
            "pattern": "satisfy regular expression pattern: {}",
            "enum": "satisfy enum value set",
        }
        told = [rule.format(member.metadata[name]) for name, rule in rules.items() if name in member.metadata]
        each = ", ".join(f"Member must {rule}" for rule in (*told, "not be null"))
        faults.add(path, f"satisfy constraint: [{each}]")


def _check_map(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, Mapping):
        faults.add(path, "be a map")
        return
    _check_size(shape, len(value), path, faults)
    for position, (key, item) in enumerate(value.items(), 1):
        _check(shape.key, key, f"{path}.{position}.key", faults)
        _check(shape.value, item, f"{path}.{position}.value", faults)


def _check_size(
    shape: Shape, size: int, path: str, faults: _Faults, unit: str = "length", *, value: Any = None
) -> None:
    metadata = shape.metadata
    if "max" in metadata and size > metadata["max"]:
        faults.add(path, f"have {unit} less than or equal to {metadata['max']}", value)
    if "min" in metadata and size < metadata["min"]:
        faults.add(path, f"have {unit} greater than or equal to {metadata['min']}", value)


def _check_string(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, str):
        faults.add(path, "be a string")
        return
    told = None if _is_secret(shape) else value
    _check_size(shape, len(value), path, faults, value=told)
    metadata = shape.metadata
    if "enum" in metadata and value not in metadata["enum"]:
        faults.add(path, "satisfy enum value set", told)
    # PostgreSQL cannot keep U+0000, which shapes without a pattern would let through.
    pattern = _WIDER_PATTERNS.get(shape.name) or metadata.get("pattern", r"[^\u0000]*")
    if not _pattern(pattern).fullmatch(value):
        if pattern in _CHARACTERS:
            message = f"The specified value for {_spelled(path)} is invalid. It must {_CHARACTERS[pattern]}"
            faults.characters.append((path, message))
        else:
            faults.add(path, f"satisfy regular expression pattern: {pattern}", told)


def _check_number(shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        faults.add(path, "be a whole number")
        return
    _check_size(shape, value, path, faults, "value", value=value)


def _check_boolean(_shape: Shape, value: Any, path: str, faults: _Faults) -> None:
    if not isinstance(value, bool):
        faults.add(path, "be true or false")


def keyword_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters under the snake-case names that handlers take: `UserName` becomes `user_name`."""
    return {xform_name(name): value for name, value in parameters.items() if value is not None}


def _is_secret(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive")) or shape.name in _SECRET_SHAPES


def without_secrets(shape: Shape | None, value: Any, *, is_refused: bool = False) -> Any:
    """Return a JSON-ready copy in which every member that the model calls sensitive is hidden.

    Of a refused call, texts are hidden too that may be a private key in the place of a certificate.
    """
    if shape is None:
        return None
    if _is_secret(shape) or (is_refused and shape.name in _PASTED_SHAPES):
        return HIDDEN
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: without_secrets(member, value[name], is_refused=is_refused)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [without_secrets(shape.member, item, is_refused=is_refused) for item in value]
    if shape.type_name == "timestamp":
        return value.isoformat(timespec="seconds")
    return value


def without_pasted(shape: Shape | None, parameters: Mapping[str, Any], message: str) -> str:
    """Return a refusal's message without what it quotes of texts that may be a private key."""
    for name, member in shape.members.items() if shape else ():
        if member.name in _PASTED_SHAPES and isinstance(parameters.get(name), str):
            message = message.replace(parameters[name], HIDDEN)
    return message
