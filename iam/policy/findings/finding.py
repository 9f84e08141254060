"""What validation answers: findings with their places, in the terms of Access Analyzer's ValidatePolicy."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from iam.policy.parser import Path, Position, Span

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"


class FindingType(StrEnum):
    """How grave a finding is; the console shows a tab for each."""

    ERROR = "ERROR"
    SECURITY_WARNING = "SECURITY_WARNING"
    WARNING = "WARNING"
    SUGGESTION = "SUGGESTION"


# The guide's page says "general warning" in its anchors.
_ANCHORS = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "security-warning",
    FindingType.WARNING: "general-warning",
    FindingType.SUGGESTION: "suggestion",
}


_CAPITALS = frozenset({"arn", "ip", "json", "kms", "oidc", "rcp", "scp", "slr", "vpc", "vpce"})


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the document, as a path and as a piece of the text. The empty path is the whole document."""

    path: Path
    span: Span

    def as_json(self) -> dict[str, Any]:
        return {
            "path": [{step.kind: step.at} for step in self.path],
            "span": {"start": _position_as_json(self.span.start), "end": _position_as_json(self.span.end)},
        }


def _position_as_json(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column, "offset": position.offset}


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to the text that mends a finding: replace what the span covers."""

    span: Span
    text: str

    def apply(self, document: str) -> str:
        return document[: self.span.start.offset] + self.text + document[self.span.end.offset :]

    def as_json(self) -> dict[str, Any]:
        return {
            "span": {"start": _position_as_json(self.span.start), "end": _position_as_json(self.span.end)},
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `edit` is there when it can be mended mechanically."""

    type: FindingType
    code: str
    message: str
    locations: tuple[Location, ...]
    edit: Edit | None = None

    @property
    def title(self) -> str:
        """The code as a person reads it: "Pass role with star in resource"."""
        words = [word.upper() if word in _CAPITALS else word for word in self.code.lower().split("_")]
        return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])

    @property
    def learn_more(self) -> str:
        """The section of AWS's guide on this check."""
        name = self.code.lower().replace("_", "-")
        return f"{_GUIDE}#access-analyzer-reference-policy-checks-{_ANCHORS[self.type]}-{name}"

    def as_json(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "type": self.type.value,
            "code": self.code,
            "message": self.message,
            "locations": [location.as_json() for location in self.locations],
        }
        if self.edit is not None:
            result["edit"] = self.edit.as_json()
        return result
