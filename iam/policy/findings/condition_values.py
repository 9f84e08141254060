"""The values of conditions: whether they fit their operator, and what they come to."""

import base64
import binascii
import re
from collections.abc import Callable

from iam.policy.conditions import Qualifier, read_date, read_number
from iam.policy.findings.conditions import renamed
from iam.policy.findings.reading import ConditionEntry, Document, Statement, Value
from iam.policy.findings.report import Replace, Report

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_EPOCH = re.compile(r"-?[0-9]+\Z")
_EXACT = {"StringEquals": "StringLike", "StringNotEquals": "StringNotLike"}
_IGNORING_CASE = ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")


def without_variables(text: str) -> str:
    """Return a text without its policy variables, `${*}` and its like included."""
    return _VARIABLE.sub("", text) if "${" in text else text


def has_wildcard(text: str) -> bool:
    """Whether a text has a `*` or `?` outside of policy variables."""
    return ("*" in text or "?" in text) and bool(set("*?") & set(without_variables(text)))


def check_condition_values(document: Document, report: Report) -> None:
    """Judge the values under every condition key."""
    for statement in document.statements:
        for entry in statement.conditions:
            if entry.operator is None:
                continue
            if entry.given == []:
                _report_empty(entry, report)
                continue
            _check_booleans(entry, report)
            _check_extremes(entry, report)
            _check_wildcards(statement, entry, report)
            _check_presence(entry, report)
            check = _value_check(entry.base)
            if check is not None:
                for value in entry.values():
                    if "${" not in value.text:
                        check(value, report)


def _report_empty(entry: ConditionEntry, report: Report) -> None:
    use_null = f"{entry.name} has no values here: this holds only when the key is absent. Use Null true instead."
    if entry.qualifier is Qualifier.ALL:
        report.add("EMPTY_ARRAY_CONDITION_FORALLVALUES", use_null, entry.path)
    elif entry.qualifier is Qualifier.ANY:
        message = f"{entry.name} has no values here, so ForAnyValue never holds. Add values."
        report.add("EMPTY_ARRAY_CONDITION_FORANYVALUE", message, entry.path)
    elif entry.if_exists:
        report.add("EMPTY_ARRAY_CONDITION_IFEXISTS", use_null, entry.path)
    else:
        report.add("EMPTY_ARRAY_CONDITION", f"{entry.name} has no values here and no effect. Add values.", entry.path)


def _check_booleans(entry: ConditionEntry, report: Report) -> None:
    if len(entry.texts) < 2 or entry.qualifier is not None:
        return
    is_text_on_boolean = entry.key is not None and entry.key.type == "Bool" and entry.base.startswith("String")
    if entry.base == "Bool" or is_text_on_boolean:
        message = f"{entry.name} takes one Boolean value, not {len(entry.texts)}."
        report.add("INVALID_CONDITION_MULTIPLE_BOOLEAN", message, entry.path)


def _check_extremes(entry: ConditionEntry, report: Report) -> None:
    if len(entry.texts) < 2 or not entry.base.startswith(("NumericLess", "NumericGreater")):
        return
    numbers = {text: number for text in entry.texts if (number := read_number(text)) is not None}
    if numbers:
        is_less = entry.base.startswith("NumericLess")
        counts = (max if is_less else min)(numbers, key=numbers.__getitem__)
        which = "greatest" if is_less else "least"
        message = f"Only the {which} value under {entry.operator_text} counts. Use {counts} alone for {entry.name}."
        # What cannot be read is another finding, and must not vanish with this one.
        mend = Replace(entry.path, counts) if numbers.keys() == set(entry.texts) else None
        report.add("REDUNDANT_CONDITION_VALUE_NUM", message, entry.path, mend=mend)


def _check_wildcards(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if entry.base not in _EXACT and entry.base not in _IGNORING_CASE:
        return
    for value in entry.values():
        if has_wildcard(value.text):
            message = f"{entry.base} takes * and ? literally. Use a Like operator if they are meant as wildcards."
            like = _EXACT.get(entry.base)
            mend = renamed(statement, entry, like) if like else None
            report.add("WILDCARD_WITHOUT_LIKE_OPERATOR", message, value.path, mend=mend)


def _check_presence(entry: ConditionEntry, report: Report) -> None:
    """Find the conditions on `*` that only ask whether the key is there, or nothing at all."""
    if entry.base not in ("StringLike", "StringNotLike") or entry.texts != ["*"]:
        return
    path = next(entry.values()).path
    is_any = entry.qualifier is Qualifier.ANY
    holds_when_absent = entry.if_exists or entry.qualifier is Qualifier.ALL
    if entry.base == "StringLike" and holds_when_absent:
        message = f"{entry.operator_text} with * always holds. Remove {entry.name}."
        report.add("REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", message, path)
    elif entry.base == "StringLike":
        message = f"This holds whenever {entry.name} is there. Null with the value false says so."
        report.add("EQUIVALENT_TO_NULL_FALSE", message, path)
    elif is_any and not entry.if_exists:
        message = f"{entry.operator_text} with * never holds, so the statement has no effect. Remove it."
        report.add("REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION", message, path)
    else:
        message = f"This holds only when {entry.name} is absent. Null with the value true says so."
        report.add("EQUIVALENT_TO_NULL_TRUE", message, path)


def _check_boolean(value: Value, report: Report) -> None:
    if value.text.lower() not in ("true", "false"):
        report.add("TYPE_MISMATCH_BOOLEAN", f"{value.text!r} is no Boolean. Use true or false.", value.path)


def _check_date(value: Value, report: Report) -> None:
    if _EPOCH.match(value.text):
        message = "Seconds since 1970 are easily misread. Write the date as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ."
        report.add("INVALID_DATE_VALUE", message, value.path)
    elif read_date(value.text) is None:
        message = f"{value.text!r} is no date. Write YYYY-MM-DD or another form of ISO 8601."
        report.add("TYPE_MISMATCH_DATE", message, value.path)


def _check_number(value: Value, report: Report) -> None:
    if read_number(value.text) is None:
        report.add("TYPE_MISMATCH_NUMBER", f"{value.text!r} is no number.", value.path)


def _check_binary(value: Value, report: Report) -> None:
    try:
        base64.b64decode(value.text, validate=True)
    except (binascii.Error, ValueError):
        report.add("TYPE_MISMATCH_STRING", f"{value.text!r} is not encoded in base64.", value.path)


_VALUE_CHECKS: tuple[tuple[str, Callable[[Value, Report], None]], ...] = (
    ("Bool", _check_boolean),
    ("Null", _check_boolean),
    ("Date", _check_date),
    ("Numeric", _check_number),
    ("Binary", _check_binary),
)


def _value_check(base: str) -> Callable[[Value, Report], None] | None:
    if base.startswith(("String", "Arn")):
        return None
    return next((check for family, check in _VALUE_CHECKS if base.startswith(family)), None)
