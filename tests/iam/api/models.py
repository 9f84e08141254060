"""Values for every shape of the service models, so that no operation can be forgotten."""

from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel, Shape

from iam.operations import shapes

SERVICES = ("iam", "sts")
OPERATIONS = [(service, name) for service in SERVICES for name in shapes.service_model(service).operation_names]

_SCALARS: dict[str, Any] = {
    "boolean": True,
    "integer": 7,
    "timestamp": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
    "blob": b"\x00\xff<&",
}


def model_of(service: str, operation: str) -> OperationModel:
    """Return botocore's model of an operation."""
    return shapes.operation_model(service, operation)


def full(shape: Shape) -> Any:
    """Return a value with every member, and two of everything that may be many."""
    if shape.type_name == "structure":
        return {name: full(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [full(shape.member), full(shape.member)]
    if shape.type_name == "map":
        return {"one & <two>": full(shape.value), "ключ": full(shape.value)}
    return _SCALARS.get(shape.type_name, f"a & <b> \r\n\"é{shape.name}'+%20 = ключ")


def minimal(shape: Shape) -> Any:
    """Return a value with what is required and nothing else."""
    if shape.type_name == "structure":
        return {name: minimal(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return []
    return {} if shape.type_name == "map" else _SCALARS.get(shape.type_name, "")
