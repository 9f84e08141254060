"""Answers of the Query API as XML, written by the shapes of the service models."""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import Shape

from iam.errors import IamError
from iam.operations import shapes

Writer = Callable[[Any], str]

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
# A bare carriage return would come out as a line feed; the rest is nothing that XML 1.0 can carry, however written.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Where the models say nothing: the errors that all of AWS's services share.
_COMMON_STATUSES = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalFailure": 500,
    "InvalidClientTokenId": 403,
    "MethodNotAllowed": 405,
    "MissingAuthenticationToken": 403,
    "MissingContentLength": 411,
    "RequestEntityTooLarge": 413,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
}


def answer(service: str, operation: str, result: Mapping[str, Any], request_id: str) -> str:
    """Return what an operation answers."""
    namespace, write = _operation_writer(service, operation)
    return (
        f'<{operation}Response xmlns="{namespace}">{write(result)}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )


def refusal(service: str, error: IamError, request_id: str) -> tuple[int, str]:
    """Return the HTTP status of an error and what tells about it."""
    namespace = shapes.service_model(service).metadata["xmlNamespace"]
    status = _statuses(service).get(error.code, 400)
    # Some refusals have no words, and then no element for them.
    message = f"<Message>{escape(error.message)}</Message>" if error.message else ""
    return status, (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{"Sender" if status < 500 else "Receiver"}</Type>'
        f"<Code>{escape(error.code)}</Code>{message}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def escape(text: str) -> str:
    """Return a text as the content of an element."""
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], "\ufffd")


@cache
def _statuses(service: str) -> dict[str, int]:
    modelled = {
        shape.error_code: shape.metadata["error"]["httpStatusCode"]
        for shape in shapes.service_model(service).error_shapes
        if "error" in shape.metadata
    }
    return {**_COMMON_STATUSES, **modelled}


@cache
def _operation_writer(service: str, operation: str) -> tuple[str, Writer]:
    model = shapes.operation_model(service, operation)
    namespace = shapes.service_model(service).metadata["xmlNamespace"]
    if model.output_shape is None:
        return namespace, lambda _result: ""
    wrapper, write = model.output_shape.serialization["resultWrapper"], _writer(model.output_shape)
    return namespace, lambda result: f"<{wrapper}>{write(result)}</{wrapper}>"


def _writer(shape: Shape) -> Writer:
    """Return what writes values of a shape: one function put together once, since large answers have many values."""
    if shape.type_name == "structure":
        return _structure_writer([(name, _writer(member)) for name, member in shape.members.items()])
    if shape.type_name == "list":
        write_item = _writer(shape.member)
        return lambda items: "".join([f"<member>{write_item(item)}</member>" for item in items])
    if shape.type_name == "map":
        write_value = _writer(shape.value)
        return lambda entries: "".join(
            f"<entry><key>{escape(key)}</key><value>{write_value(value)}</value></entry>"
            for key, value in entries.items()
        )
    return _SCALARS[shape.type_name]


def _structure_writer(members: list[tuple[str, Writer]]) -> Writer:
    def write(value: Mapping[str, Any]) -> str:
        return "".join(
            [
                f"<{name}>{write_member(value[name])}</{name}>"
                for name, write_member in members
                if value.get(name) is not None
            ]
        )

    return write


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _blob(content: str | bytes) -> str:
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def _boolean(value: bool) -> str:
    return "true" if value else "false"


# The types that the output shapes of both services have; a test tells when a model brings a further one.
_SCALARS: dict[str, Writer] = {
    "string": escape,
    "integer": str,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
