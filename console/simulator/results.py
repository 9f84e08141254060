"""The answers of a simulation as the page tells them: decisions, and the statements behind them quoted once each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.components import code
from console.components.policy_links import policy_url
from console.simulator.asked import Asked
from console.simulator.running import counted_edits, given_boundary
from console.simulator.sources import BOUNDARY, Source
from iam import policy
from iam.policy.document import Effect, Statement
from iam.queries.bearing import Bearing

_WIDTH = 100
_STATUS = {
    "allowed": ("success", "Allowed"),
    "explicitDeny": ("error", "Denied"),
    "implicitDeny": ("stopped", "Implicitly denied"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A policy under the name that results call it by; a `fragment` is the id of its text on this page."""

    label: str
    document: str
    bearing: Bearing | None = None
    is_readable: bool = True
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A statement behind results, quoted where the reader may read its policy."""

    number: int
    policy: str
    effect: str
    first: int
    last: int
    url: str
    lines: Sequence[code.Line] = ()

    @property
    def place(self) -> str:
        """Where it stands in its document."""
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}–{self.last}"


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A decision; `deciding` are the statements that made it."""

    action: str
    resource: str
    kind: str
    label: str
    text: str
    deciding: Sequence[Quoted]
    missing: Sequence[str]
    limits: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Results:
    """What came out."""

    rows: Sequence[ResultRow]
    statements: Sequence[Quoted]
    is_truncated: bool


def results_of(answer: Mapping[str, Any], asked: Asked, source: Source | None) -> Results:
    """Return the rows of an answer of the API."""
    quoting = _Quoting(list(_texts(asked, source)))
    rows = [_row(result, quoting) for result in answer["EvaluationResults"]]
    return Results(rows, list(quoting.found.values()), answer["IsTruncated"])


def _texts(asked: Asked, source: Source | None) -> Iterator[tuple[str, Text]]:
    edits = counted_edits(asked)
    for key, bearing in (source.policies if source else {}).items():
        if source and key not in asked.edits:
            yield _name(bearing), Text(bearing.name, bearing.document, bearing, key in source.readable)
    drafts = [(number, text) for number, text in enumerate(asked.drafts, 1) if text.strip()]
    labelled = [(f"your edit of {key.rpartition('|')[2].rpartition('/')[2]}", key, text) for key, text in edits.items()]
    labelled += [(f"new policy {number}", f"draft-{number}", text) for number, text in drafts]
    for place, (label, key, text) in enumerate(labelled, 1):
        fragment = key if key.startswith("draft-") else f"edit-{list(asked.edits).index(key) + 1}"
        yield f"PolicyInputList.{place}", Text(label, text, fragment=fragment)
    boundary = given_boundary(asked)
    if boundary:
        fragment = "id_boundary" if asked.boundary.strip() else f"edit-{list(asked.edits).index(BOUNDARY) + 1}"
        yield "PermissionsBoundaryPolicyInputList.1", Text("your permissions boundary", boundary, fragment=fragment)
    if asked.resource_policy.strip():
        yield "ResourcePolicy", Text("the resource policy", asked.resource_policy, fragment="id_resource_policy")


def _name(bearing: Bearing) -> str:
    """Return what the API calls a stored policy."""
    if bearing.arn or bearing.owner is None:
        return bearing.name
    return f"{bearing.owner.kind.lower()}_{bearing.owner.name}_{bearing.name}"


class _Quoting:
    """Finds the statements that results name by policy and position."""

    def __init__(self, texts: Sequence[tuple[str, Text]]) -> None:
        self.texts = texts
        self.found: dict[tuple[str, int, int], Quoted] = {}

    def quote(self, told: Mapping[str, Any]) -> Quoted:
        name, end = told["SourcePolicyId"], told["EndPosition"]
        key = (name, end["Line"], end["Column"])
        if key not in self.found:
            self.found[key] = self._quoted(name, told)
        return self.found[key]

    def _quoted(self, name: str, told: Mapping[str, Any]) -> Quoted:
        number = len(self.found) + 1
        end = told["EndPosition"]
        # Two managed policies of one name, of AWS's and of the account's, are told apart by where the statement ends.
        for text in (text for called, text in self.texts if called == name):
            statement, span = _statement_at(text.document, end["Line"], end["Column"])
            if statement is None or span is None:
                continue
            url = f"#{text.fragment}" if text.fragment else ""
            if text.bearing:
                url = policy_url(text.bearing, statement.index)
            effect = "Deny" if statement.effect is Effect.DENY else "Allow"
            quoted = _quotation(text.document, span) if text.is_readable else []
            return Quoted(number, text.label, effect, span.start.line, span.end.line, url, quoted)
        return Quoted(number, name, "", told["StartPosition"]["Line"], end["Line"], "")


def _statement_at(document: str, line: int, column: int) -> tuple[Statement | None, policy.Span | None]:
    try:
        parsed = policy.parse(document)
    except policy.PolicySyntaxError:
        return None, None
    for statement in parsed.statements:
        span = parsed.tree.span(statement.node)
        if (span.end.line, span.end.column + 1) == (line, column):
            return statement, span
    return None, None


def _quotation(document: str, span: policy.Span) -> list[code.Line]:
    """Return a statement as lines: as it stands, or spread out where it stands on one line."""
    text = document[span.start.offset : span.end.offset]
    if "\n" not in text and len(text) > _WIDTH:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    indent = " " * min(span.start.column, len(document))
    return code.lines("\n".join(line.removeprefix(indent) for line in text.split("\n")))


def _row(result: Mapping[str, Any], quoting: _Quoting) -> ResultRow:
    decision = result["EvalDecision"]
    kind, label = _STATUS[decision]
    statements = [quoting.quote(told) for told in result["MatchedStatements"]]
    wanted = "Deny" if decision == "explicitDeny" else "Allow"
    deciding = [statement for statement in statements if statement.effect in {wanted, ""}]
    count = len(statements)
    text = f"{count} matching statement{'' if count == 1 else 's'}" if count else "No matching statements"
    return ResultRow(
        action=result["EvalActionName"],
        resource=result["EvalResourceName"],
        kind=kind,
        label=label,
        text=text,
        deciding=deciding,
        missing=result["MissingContextValues"],
        limits=list(_limits(result)),
    )


def _limits(result: Mapping[str, Any]) -> Iterator[str]:
    boundary = result.get("PermissionsBoundaryDecisionDetail")
    if boundary and not boundary["AllowedByPermissionsBoundary"]:
        yield "The permissions boundary does not allow it."
    organization = result.get("OrganizationsDecisionDetail")
    if organization and not organization["AllowedByOrganizations"]:
        yield "The organization's policies do not allow it."
