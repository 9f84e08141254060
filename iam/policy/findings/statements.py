"""Statement IDs, statements that say the same, and the size of the whole."""

import json
import re
from collections.abc import Hashable

from iam.policy.findings.reading import Document, Json, Statement
from iam.policy.findings.report import PolicyKind, Report
from iam.policy.parser import Path

_SID = re.compile(r"[A-Za-z0-9]*\Z")
_WHITE_SPACE = " \t\r\n"

# The largest of the quotas of identity policies: that of a role's inline policies.
IDENTITY_POLICY_QUOTA = 10_240
TRUST_POLICY_QUOTA = 2_048
ORGANIZATION_POLICY_QUOTA = 5_120
RESOURCE_POLICY_QUOTA = 20_480
# Without a resource type the policy may be a KMS key's, which has the most room.
LARGEST_RESOURCE_POLICY_QUOTA = 32_768


def check_sids(document: Document, report: Report) -> None:
    """Judge the statement IDs."""
    places: dict[str, list[Path]] = {}
    for statement in document.statements:
        sid = statement.members.get("Sid")
        if type(sid) is not str:
            continue
        path = statement.path_to("Sid")
        if not sid:
            report.add("EMPTY_SID_VALUE", "The Sid is empty. Give the statement a name or remove the element.", path)
            continue
        places.setdefault(sid, []).append(path)
        if not _SID.match(sid):
            message = "A Sid may have the characters A-Z, a-z and 0-9 only."
            report.add("UNSUPPORTED_SID", message, path)
    for sid, paths in places.items():
        if len(paths) > 1:
            message = f"{len(paths)} statements have the Sid {sid}. Give each its own."
            report.add("UNIQUE_SIDS_REQUIRED", message, *paths)
            report.add("UNIQUE_SIDS_RECOMMENDED", message, *paths)


def check_repeated_statements(document: Document, report: Report) -> None:
    """Find statements that are the same but for their Sid."""
    alike: dict[Hashable, list[Statement]] = {}
    for statement in document.statements:
        alike.setdefault(_outline(statement), []).append(statement)
    for statements in alike.values():
        if len(statements) > 1:
            _report_same(statements, report)


def _report_same(statements: list[Statement], report: Report) -> None:
    places: dict[str, list[Path]] = {}
    for statement in statements:
        places.setdefault(_meaning(statement), []).append(statement.path)
    for paths in places.values():
        if len(paths) > 1:
            message = f"{len(paths)} statements say the same. Remove all but one of them."
            report.add("REDUNDANT_STATEMENT", message, *paths)


def _outline(statement: Statement) -> Hashable:
    """Return what statements of the same meaning have in common and is had for little: names and first values."""
    firsts = (min(map(str.lower, strings.values), default="") for strings in statement.action_lists)
    resources = (min(strings.values, default="") for strings in statement.resource_lists)
    return (statement.effect, frozenset(name for name in statement.members if name != "Sid"), *firsts, *resources)


def _meaning(statement: Statement) -> str:
    members = {name: value for name, value in statement.members.items() if name != "Sid"}
    return json.dumps(
        {name: _sorted(value, name.endswith("Action")) for name, value in members.items()}, sort_keys=True
    )


def _sorted(value: Json, ignores_case: bool) -> Json:
    """Return a value in an order of its own, with a list where a single value may stand for one."""
    if isinstance(value, dict):
        return {key: _sorted(item, ignores_case) for key, item in value.items()}
    items = value if isinstance(value, list) else [value]
    texts = {json.dumps(item, sort_keys=True) for item in items}
    return sorted({text.lower() for text in texts} if ignores_case else texts)


def check_size(document: Document, report: Report) -> None:
    """Compare the length of the text with the quota of its type."""
    text = document.text
    if len(text) <= TRUST_POLICY_QUOTA:
        return
    code, quota, counts_white_space = _quota(report)
    size = len(text) if counts_white_space else len(text) - sum(map(text.count, _WHITE_SPACE))
    if size <= quota:
        return
    # The service counts one character more than there are when it leaves white space out.
    shown = size if counts_white_space else size + 1
    counted = "white space included" if counts_white_space else "white space not counted"
    advice = "Ask for a larger quota or shorten it." if report.kind is PolicyKind.TRUST else "Split or shorten it."
    report.add(code, f"The policy has {shown} characters, {counted}; the quota is {quota}. {advice}", ())


def _quota(report: Report) -> tuple[str, int, bool]:
    """Return the code, the quota, and whether white space counts."""
    match report.kind:
        case PolicyKind.IDENTITY:
            return "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", IDENTITY_POLICY_QUOTA, False
        case PolicyKind.TRUST:
            return "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", TRUST_POLICY_QUOTA, False
        case PolicyKind.SERVICE_CONTROL:
            return "POLICY_SIZE_EXCEEDS_SCP_QUOTA", ORGANIZATION_POLICY_QUOTA, True
        case PolicyKind.RESOURCE_CONTROL:
            return "POLICY_SIZE_EXCEEDS_RCP_QUOTA", ORGANIZATION_POLICY_QUOTA, True
        case PolicyKind.TYPED_RESOURCE:
            return "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", RESOURCE_POLICY_QUOTA, True
    return "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", LARGEST_RESOURCE_POLICY_QUOTA, True
