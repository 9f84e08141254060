"""Running a simulation: the operations of the API, called with what the page asks."""

from collections.abc import Sequence
from typing import Any

from console.requests import ConsoleRequest
from console.simulator.asked import Asked, ContextRow, type_of
from console.simulator.sources import BOUNDARY, SEPARATOR, Source
from iam.errors import IamError
from iam.operations import perform


def exclusions(keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return the policies that are left out as the API identifies them; other words identify none."""
    found: list[dict[str, Any]] = []
    for key in dict.fromkeys(keys):
        parts = key.split(SEPARATOR)
        if key == BOUNDARY:
            found.append({"PolicyType": "permission-boundary"})
        elif len(parts) == 3:
            kind, owner, name = parts
            inline = {"AttachmentType": kind, "AttachmentName": owner, "PolicyName": name}
            found.append({"InlinePolicyIdentifier": inline})
        elif key.startswith("arn:"):
            found.append({"PolicyArn": key})
    return found


def counted_edits(asked: Asked) -> dict[str, str]:
    """Return the edited policies that count, but for the boundary."""
    return {key: text for key, text in asked.edits.items() if key not in asked.without and key != BOUNDARY}


def given_policies(asked: Asked) -> list[str]:
    """Return the documents that take part beside stored ones: edited policies first, then new ones."""
    return [*counted_edits(asked).values(), *(text for text in asked.drafts if text.strip())]


def given_boundary(asked: Asked) -> str:
    """Return the document that takes the boundary's place, empty where none does."""
    edited = asked.edits.get(BOUNDARY, "") if BOUNDARY not in asked.without else ""
    return asked.boundary if asked.boundary.strip() else edited


def run(request: ConsoleRequest, asked: Asked, source: Source | None) -> dict[str, Any]:
    """Simulate. Raises IamError."""
    given = given_policies(asked)
    boundary = given_boundary(asked)
    parameters: dict[str, Any] = {
        "ActionNames": asked.actions,
        "ResourceArns": asked.resources or ["*"],
        "MaxItems": asked.shown,
    }
    optional = {
        "PermissionsBoundaryPolicyInputList": [boundary] if boundary else [],
        "ResourcePolicy": asked.resource_policy if asked.resource_policy.strip() else "",
        "ResourceOwner": asked.owner,
        "CallerArn": asked.caller,
        "ResourceHandlingOption": asked.scenario,
        "ContextEntries": [row.entry for row in asked.filled],
    }
    parameters |= {name: value for name, value in optional.items() if value}
    if source is None:
        return dict(perform(request.principal, "SimulateCustomPolicy", PolicyInputList=given, **parameters))
    # An edited policy takes part as it was edited, in the place of the stored one.
    left_out = exclusions([*asked.without, *(key for key in asked.edits if key != BOUNDARY)])
    if given:
        parameters["PolicyInputList"] = given
    if left_out:
        parameters["PolicyExclusionList"] = left_out
    return dict(perform(request.principal, "SimulatePrincipalPolicy", PolicySourceArn=source.arn, **parameters))


def context_rows(request: ConsoleRequest, asked: Asked, source: Source | None) -> tuple[list[ContextRow], list[str]]:
    """Return a row for each condition key that the policies ask for, then those typed in, and an empty one.

    The second value says what could not be read for that.
    """
    faults: list[str] = []
    names: list[str] = []
    given, boundary = given_policies(asked), given_boundary(asked)
    by_themselves = [boundary] if boundary else []
    try:
        if source:
            parameters = {"PolicySourceArn": source.arn, **({"PolicyInputList": given} if given else {})}
            names += perform(request.principal, "GetContextKeysForPrincipalPolicy", **parameters)["ContextKeyNames"]
        else:
            by_themselves += given
        if by_themselves:
            found = perform(request.principal, "GetContextKeysForCustomPolicy", PolicyInputList=by_themselves)
            names += found["ContextKeyNames"]
    except IamError as error:
        faults.append(error.message)
    rows = {row.key.lower(): row for row in asked.context if row.key}
    asked_for = {name.lower(): ContextRow(name, type_of(name), "") for name in names}
    ordered = {**asked_for, **{key: row for key, row in rows.items() if row.values.strip() or key in asked_for}}
    return [*ordered.values(), ContextRow("", "string", "")], faults
