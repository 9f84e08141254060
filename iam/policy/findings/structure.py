"""The shape of a document: which elements there are, which are missing, and of which JSON type they are."""

from collections.abc import Callable
from typing import Any

from iam.policy.findings.reading import VARIABLES_SINCE, Document, Number, Statement
from iam.policy.findings.report import InsertFirst, PolicyKind, Replace, Report
from iam.policy.parser import Path, Step

_DOCUMENT_ELEMENTS = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_VERSIONS = ("2012-10-17", "2008-10-17")
_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_PRINCIPAL_KINDS = ("AWS", "CanonicalUser", "Federated", "Service")


def check_document(document: Document, report: Report) -> None:
    """Judge the members of the document."""
    members = document.members
    for name in members:
        if name not in _DOCUMENT_ELEMENTS:
            report.add("INVALID_POLICY_ELEMENT", f"{name} is no element of a policy.", (Step("key", name),))
    _check_version(document, report)
    if "Id" in members:
        _expect_string(members["Id"], (Step("value", "Id"),), report)
    path: Path = (Step("value", "Statement"),)
    statements = members.get("Statement")
    if "Statement" not in members:
        report.add("MISSING_STATEMENT", "The policy has no Statement. Add one.", ())
    elif statements == []:
        report.add("MISSING_STATEMENT", "The list of statements is empty. Add a statement.", path)
    elif isinstance(statements, list):
        for index, item in enumerate(statements):
            if not isinstance(item, dict):
                _mismatch("an object", (*path, Step("index", index)), report)
    elif not isinstance(statements, dict):
        _mismatch("an object or a list of objects", path, report)


def check_root(root: Any, report: Report) -> bool:
    """Report a document that is no object; whether there is anything left to check."""
    if isinstance(root, dict):
        return True
    _mismatch("an object", (), report)
    return False


def _check_version(document: Document, report: Report) -> None:
    path: Path = (Step("value", "Version"),)
    if "Version" not in document.members:
        report.add(
            "MISSING_VERSION",
            f"The policy names no Version, so the old language is meant. Add Version {VARIABLES_SINCE}.",
            (),
            mend=InsertFirst("Version", VARIABLES_SINCE),
        )
        return
    version = document.members["Version"]
    if _expect_string(version, path, report) and version not in _VERSIONS:
        message = f"There is no policy version {version}. Use {' or '.join(_VERSIONS)}."
        report.add("INVALID_VERSION", message, path, mend=Replace(path, VARIABLES_SINCE))


def check_statements(document: Document, report: Report) -> None:
    """Judge the elements of every statement."""
    for statement in document.statements:
        members = statement.members
        for name in members:
            if name not in _STATEMENT_ELEMENTS:
                path = (*statement.path, Step("key", name))
                report.add("INVALID_POLICY_ELEMENT", f"{name} is no element of a statement.", path)
        _check_missing(statement, report)
        for name, other in _PAIRS:
            if name in members and other in members:
                message = f"A statement cannot have both {name} and {other}. Remove one of them."
                report.add(
                    "UNSUPPORTED_ELEMENT_COMBINATION", message, statement.path_to(name), statement.path_to(other)
                )
        for name, check in _SHAPES.items():
            if name in members:
                check(members[name], statement.path_to(name), report)


def _check_missing(statement: Statement, report: Report) -> None:
    members, path = statement.members, statement.path
    if "Effect" not in members:
        report.add("MISSING_EFFECT", "The statement has no Effect. Add Allow or Deny.", path)
    if "Action" not in members and "NotAction" not in members:
        report.add("MISSING_ACTION", "The statement names no actions. Add Action or NotAction.", path)
    if "Resource" not in members and "NotResource" not in members:
        report.add("MISSING_RESOURCE", "The statement names no resources. Add Resource or NotResource.", path)
    if "Principal" not in members and "NotPrincipal" not in members:
        report.add("MISSING_PRINCIPAL", "The statement names nobody. Add Principal.", path)


def _mismatch(expected: str, path: Path, report: Report) -> None:
    report.add("DATA_TYPE_MISMATCH", f"{expected[0].upper()}{expected[1:]} is expected here.", path)


def _expect_string(given: Any, path: Path, report: Report) -> bool:
    if type(given) is str:
        return True
    _mismatch("a string", path, report)
    return False


def _check_string(given: Any, path: Path, report: Report) -> None:
    _expect_string(given, path, report)


def _check_effect(given: Any, path: Path, report: Report) -> None:
    if _expect_string(given, path, report) and given not in ("Allow", "Deny"):
        meant = given.capitalize()
        mend = Replace(path, meant) if meant in ("Allow", "Deny") else None
        report.add("INVALID_EFFECT", f"{given!r} is no effect. Use Allow or Deny.", path, mend=mend)


def _check_strings(given: Any, path: Path, report: Report) -> None:
    if not isinstance(given, list):
        if type(given) is not str:
            _mismatch("a string or a list of strings", path, report)
        return
    for index, item in enumerate(given):
        if type(item) is not str:
            _expect_string(item, (*path, Step("index", index)), report)


def _check_actions(given: Any, path: Path, report: Report) -> None:
    _check_strings(given, path, report)
    if given == []:
        report.add("EMPTY_ARRAY_ACTION", "The list of actions is empty, so the statement does nothing.", path)


def _check_resources(given: Any, path: Path, report: Report) -> None:
    _check_strings(given, path, report)
    if given == []:
        report.add("EMPTY_ARRAY_RESOURCE", "The list of resources is empty, so the statement does nothing.", path)


def _check_principal(given: Any, path: Path, report: Report) -> None:
    if report.kind in (PolicyKind.IDENTITY, PolicyKind.SERVICE_CONTROL):
        return
    if isinstance(given, dict):
        _check_principal_members(given, path, report)
    elif isinstance(given, list) or (type(given) is str and given != "*"):
        message = 'Principal is "*" or an object such as {"AWS": "123456789012"}.'
        report.add("INVALID_PRINCIPAL_FORMAT", message, path)
    elif type(given) is not str:
        _mismatch('"*" or an object', path, report)


def _check_principal_members(given: dict[str, Any], path: Path, report: Report) -> None:
    if not given:
        report.add("EMPTY_OBJECT_PRINCIPAL", "The statement names no principals, so it does nothing.", path)
    for kind, values in given.items():
        place = (*path, Step("value", kind))
        if kind not in _PRINCIPAL_KINDS:
            message = f"{kind} is no kind of principal. Use {', '.join(_PRINCIPAL_KINDS)}."
            meant = next((name for name in _PRINCIPAL_KINDS if name.lower() == kind.lower()), None)
            key = (*path, Step("key", kind))
            report.add("INVALID_PRINCIPAL_KEY", message, key, mend=Replace(key, meant) if meant else None)
        elif values == []:
            report.add("EMPTY_ARRAY_PRINCIPAL", f"The list of {kind} principals is empty and has no effect.", place)
        else:
            _check_strings(values, place, report)


def _check_condition(given: Any, path: Path, report: Report) -> None:
    if not isinstance(given, dict):
        _mismatch("an object", path, report)
        return
    if not given:
        report.add("EMPTY_OBJECT_CONDITION", "The Condition is empty and has no effect.", path)
    for operator, keys in given.items():
        place = (*path, Step("value", operator))
        if not isinstance(keys, dict):
            _mismatch("an object of condition keys", place, report)
        elif not keys:
            report.add("EMPTY_OBJECT_CONDITION", f"{operator} has no condition keys and no effect.", place)
        else:
            for key, value in keys.items():
                _check_condition_values(value, (*place, Step("value", key)), report)


def _check_condition_values(given: Any, path: Path, report: Report) -> None:
    if not isinstance(given, list):
        if not isinstance(given, str | bool):
            _mismatch("a string, a number, a Boolean or a list of them", path, report)
        return
    for index, item in enumerate(given):
        if not isinstance(item, str | bool):
            _mismatch("a string, a number or a Boolean", (*path, Step("index", index)), report)
    if len({_json_type(item) for item in given if isinstance(item, str | bool)}) > 1:
        message = "The values of one condition key must be of one JSON type, such as strings."
        report.add("INVALID_CONDITION_DATA_TYPE", message, path)


def _json_type(value: str | bool) -> type:
    return Number if isinstance(value, Number) else type(value)


_SHAPES: dict[str, Callable[[Any, Path, Report], None]] = {
    "Sid": _check_string,
    "Effect": _check_effect,
    "Principal": _check_principal,
    "NotPrincipal": _check_principal,
    "Action": _check_actions,
    "NotAction": _check_actions,
    "Resource": _check_resources,
    "NotResource": _check_resources,
    "Condition": _check_condition,
}
