"""Condition operators and keys: whether they exist and fit each other."""

from iam.policy import catalog
from iam.policy.conditions import BASE_OPERATORS, Qualifier, operator_name
from iam.policy.findings.names import nearest_condition_key, nearest_operator
from iam.policy.findings.reading import ConditionEntry, Document, Statement
from iam.policy.findings.report import Mend, PolicyKind, Replace, Report
from iam.policy.parser import Path, Step

_FAMILIES = ("String", "Numeric", "Date", "Bool", "Binary", "IpAddress", "NotIpAddress", "Arn")
_OPERATORS_OF_TYPE = {
    "String": ("String", "Binary"),
    # Text operators on ARNs are another check's matter.
    "ARN": ("Arn", "String"),
    "Bool": ("Bool",),
    "Numeric": ("Numeric",),
    "Date": ("Date",),
    "IPAddress": ("IpAddress",),
}
_OPERATOR_TO_USE = {"IPAddress": "IpAddress", "ARN": "Arn"}


def check_conditions(document: Document, report: Report) -> None:
    """Judge the operators of every Condition, and the keys under them."""
    for statement in document.statements:
        if "Condition" in statement.members:
            _check_operators(statement, report)
            for entry in statement.conditions:
                if "${" not in entry.name:
                    _check_key(entry, report)
                    _check_plurality(entry, report)
                    _check_type(statement, entry, report)


def renamed(statement: Statement, entry: ConditionEntry, base: str) -> Mend | None:
    """Return the edit that gives an entry another base operator, when the entry is alone under its operator."""
    block = statement.members["Condition"]
    name = entry.operator_text.replace(entry.base, base)
    is_alone = len(block[entry.operator_text]) == 1
    return Replace(entry.operator_path, name) if is_alone and name not in block else None


def _check_operators(statement: Statement, report: Report) -> None:
    block = statement.members["Condition"]
    if not isinstance(block, dict):
        return
    base: Path = statement.path_to("Condition")
    for operator, keys in block.items():
        _check_operator(operator, (*base, Step("key", operator)), report)
        if isinstance(keys, dict) and len(keys) > 1:
            _check_spellings(list(keys), (*base, Step("value", operator)), report)


def _check_operator(text: str, path: Path, report: Report) -> None:
    name = operator_name(text)
    if name is not None:
        if name.base == "Null" and name.qualifier is not None:
            always = "true" if name.qualifier is Qualifier.ALL else "false"
            report.add("NULL_WITH_QUALIFIER", f"{text} is always {always}. Use Null.", path, mend=Replace(path, "Null"))
        return
    qualifier, _, rest = text.rpartition(":")
    if rest.lower() == "nullifexists":
        message = "Null cannot have the suffix IfExists: it asks whether the key exists."
        report.add("NULL_WITH_IF_EXISTS", message, path, mend=Replace(path, "Null"))
        return
    near = report.meant(nearest_operator, rest)
    meant = f"{qualifier}:{near}" if near and qualifier else near
    if meant and operator_name(meant) is None:
        meant = None
    help_text = f" Did you mean {meant}?" if meant else ""
    message = f"There is no condition operator {text}.{help_text}"
    report.add("INVALID_CONDITION_OPERATOR", message, path, mend=Replace(path, meant) if meant else None)


def _check_spellings(keys: list[str], path: Path, report: Report) -> None:
    spellings: dict[str, list[str]] = {}
    for key in keys:
        spellings.setdefault(key.lower(), []).append(key)
    for same in spellings.values():
        if len(same) > 1:
            message = f"{' and '.join(same)} are one condition key. Keep one of them."
            places = ((*path, Step("key", key)) for key in same)
            report.add("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", message, *places)


def _check_key(entry: ConditionEntry, report: Report) -> None:
    prefix, colon, rest = entry.lower_name.partition(":")
    path = entry.key_path
    if not (prefix and colon and rest):
        report.add("INVALID_CONDITION_KEY_FORMAT", f"{entry.name!r} is no condition key. Write service:key.", path)
    elif entry.lower_name == "aws:arn":
        _report_old_arn_key(entry, report)
    elif entry.key is not None:
        return
    elif _lacks_tag(entry.name):
        message = f"{entry.name} needs the key of a tag: {entry.name.rstrip('/')}/tag-key."
        report.add("MISSING_TAG_KEY_IN_CONDITION", message, path)
    elif prefix == "aws":
        _report_unknown_key("INVALID_GLOBAL_CONDITION_KEY", "There is no global condition key", entry, report)
    elif catalog.find_service(prefix) is not None:
        _report_unknown_key("INVALID_SERVICE_CONDITION_KEY", f"{prefix} has no condition key", entry, report)
    elif "." not in prefix and prefix not in catalog.provider_prefixes():
        # Keys of identity providers begin with the provider's address, which has a dot.
        message = f"There is no service {entry.name.partition(':')[0]} that would have condition keys."
        report.add("INVALID_SERVICE", message, path)


def _lacks_tag(name: str) -> bool:
    family = catalog.find_condition_key(f"{name.rstrip('/')}/x")
    return family is not None and "tag" in family.name.partition("/")[0].lower()


def _report_unknown_key(code: str, what: str, entry: ConditionEntry, report: Report) -> None:
    meant = report.meant(nearest_condition_key, entry.name)
    help_text = f" Did you mean {meant}?" if meant else ""
    mend = Replace(entry.key_path, meant) if meant else None
    report.add(code, f"{what} {entry.name}.{help_text}", entry.key_path, mend=mend)


def _report_old_arn_key(entry: ConditionEntry, report: Report) -> None:
    message = f"{entry.name} is an old key. Use aws:PrincipalArn, or aws:SourceArn for calls by services."
    tolerant = (PolicyKind.IDENTITY, PolicyKind.SERVICE_CONTROL)
    code = "DEPRECATED_GLOBAL_CONDITION_KEY" if report.kind in tolerant else "UNSUPPORTED_GLOBAL_CONDITION_KEY"
    report.add(code, message, entry.key_path, mend=Replace(entry.key_path, "aws:PrincipalArn"))


def _check_plurality(entry: ConditionEntry, report: Report) -> None:
    if entry.key is None or entry.operator is None or entry.base == "Null":
        return
    if entry.key.is_multivalued and entry.qualifier is None:
        message = f"A request can carry several values of {entry.name}. Add ForAllValues: or ForAnyValue:."
        report.add("MISSING_QUALIFIER", message, entry.key_path)
    elif not entry.key.is_multivalued and entry.qualifier is Qualifier.ALL:
        message = f"{entry.name} has one value, and ForAllValues holds when it is absent. Remove ForAllValues:."
        report.add("FORALLVALUES_WITH_SINGLE_VALUED_KEY", message, entry.key_path)


def _check_type(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if entry.key is None or entry.operator is None or entry.base == "Null":
        return
    value_type = entry.key.value_type
    if value_type == "ARN" and entry.base in ("StringLike", "StringNotLike"):
        base = entry.base.replace("String", "Arn")
        message = f"{entry.name} holds an ARN, and {entry.base} lets * run across its fields. Use {base}."
        code = "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS"
        report.add(code, message, entry.key_path, mend=renamed(statement, entry, base))
    elif not _fits(entry):
        wanted = _OPERATOR_TO_USE.get(value_type, value_type)
        message = f"{entry.name} takes an operator of type {wanted}, not {entry.operator_text}."
        report.add("TYPE_MISMATCH", message, entry.key_path)


def _family(base: str) -> str:
    return next(family for family in _FAMILIES if base.startswith(family)).removeprefix("Not")


def operators_for(value_type: str) -> list[str]:
    """Return the base operators for keys of a type, those of its own first and Null at the end."""
    families = _OPERATORS_OF_TYPE[value_type]
    fitting = [base for base in BASE_OPERATORS if base != "Null" and _family(base) in families]
    return [*sorted(fitting, key=lambda base: families.index(_family(base))), "Null"]


def _fits(entry: ConditionEntry) -> bool:
    assert entry.key
    family = _family(entry.base)
    value_type = entry.key.value_type
    if family in _OPERATORS_OF_TYPE.get(value_type, (family,)):
        return True
    if value_type == "String" and family == "Arn":
        # Services call many a key text that holds ARNs; of the global keys the types are known.
        return not entry.lower_name.startswith("aws:")
    if entry.lower_name == "aws:epochtime":
        return family == "Numeric"
    # An address can be compared with another key's only as text: variables are for text and ARN operators.
    return value_type == "IPAddress" and family == "String" and all("${" in text for text in entry.texts)
