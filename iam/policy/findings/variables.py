"""Policy variables: how they are written, and where they may stand."""

from collections.abc import Iterator

from iam.policy.findings.reading import VARIABLES_SINCE, ConditionEntry, Document, Statement
from iam.policy.findings.report import Replace, Report
from iam.policy.parser import Path, Step

_CHARACTERS = ("*", "?", "$")


def check_variables(document: Document, report: Report) -> None:
    """Judge every `${…}` of the document."""
    if "${" not in document.text:
        return
    place: Path = (Step("value", "Id"),)
    _check_unsupported(document.members.get("Id"), place, report)
    for statement in document.statements:
        for text, path in _texts_without_variables(statement):
            _check_unsupported(text, path, report)
        for strings in statement.resource_lists:
            for position, text in enumerate(strings.values):
                if "${" in text:
                    _check_supported(text, strings.place(position), document, report)
        for entry in statement.conditions:
            _check_unsupported(entry.name, entry.key_path, report)
            _check_values(entry, document, report)


def _texts_without_variables(statement: Statement) -> Iterator[tuple[object, Path]]:
    """Yield what stands where no variable may stand."""
    for name in ("Sid", "Effect"):
        yield statement.members.get(name), statement.path_to(name)
    for strings in statement.action_lists:
        for position, text in enumerate(strings.values):
            if "${" in text:
                yield text, strings.place(position)
    for name in ("Principal", "NotPrincipal"):
        for principal in statement.principals(name):
            yield principal.text, principal.path


def _check_unsupported(text: object, path: Path, report: Report) -> None:
    if isinstance(text, str) and "${" in text:
        message = "Variables may stand in resources and condition values only."
        report.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", message, path)


def _check_values(entry: ConditionEntry, document: Document, report: Report) -> None:
    if not any("${" in text for text in entry.texts):
        return
    takes_variables = entry.base.startswith(("String", "Arn")) or entry.operator is None
    for value in entry.values():
        if "${" not in value.text:
            continue
        _check_supported(value.text, value.path, document, report)
        if not takes_variables and document.has_variables:
            message = f"{entry.operator_text} takes no variables; only operators for text and ARNs do."
            report.add("INVALID_VARIABLE_FOR_OPERATOR", message, value.path)


def _check_supported(text: str, path: Path, document: Document, report: Report) -> None:
    if not document.has_variables:
        message = f"In this version of the language ${{…}} is plain text. Set Version to {VARIABLES_SINCE}."
        version: Path = (Step("value", "Version"),)
        mend = Replace(version, VARIABLES_SINCE) if "Version" in document.members else None
        report.add("VARIABLE_UNSUPPORTED_IN_VERSION", message, path, mend=mend)
        return
    start = text.find("${")
    while start >= 0:
        end = text.find("}", start)
        if end < 0:
            report.add("MISSING_BRACE_IN_VARIABLE", "The variable has no closing brace. Add }.", path)
            return
        _check_body(text[start + 2 : end], path, report)
        start = text.find("${", end)


def _check_body(body: str, path: Path, report: Report) -> None:
    name, comma, default = body.partition(",")
    if not body.strip():
        report.add("EMPTY_VARIABLE", "The variable is empty. Name a key or remove it.", path)
        return
    if body in _CHARACTERS:
        return
    if any(char.isspace() for char in name):
        report.add("UNSUPPORTED_SPACE_IN_VARIABLE", f"The name of a variable has no blanks: {name!r}.", path)
    value = default.strip()
    if comma and not (len(value) > 1 and value.startswith("'") and value.endswith("'")):
        message = "The default of a variable stands in single quotes: ${key, 'default'}."
        report.add("MISSING_QUOTE_IN_VARIABLE", message, path)
