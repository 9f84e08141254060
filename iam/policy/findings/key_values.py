"""Values that certain condition keys demand: Regions, VPCs, service principals, KMS keys, and nothing too open."""

import re
from collections.abc import Callable

from iam.policy.findings.condition_values import has_wildcard
from iam.policy.findings.reading import ConditionEntry, Document, Value
from iam.policy.findings.report import Report
from iam.policy.match import glob
from iam.policy.regions import REGIONS

# Their values are assigned by AWS, so part of one says nothing: whoever wants a matching one can get it.
_SENSITIVE = frozenset(
    {
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpceaccount",
        "aws:vpceorgid",
    }
)
# These begin with an organization's ID; its first characters must be given.
_WITH_BEGINNING = frozenset({"aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"})
_LEAST_BEGINNING = 6

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_OPEN = re.compile(r"\$\{[^}]*\}|[*?]")
_WHOLE_VARIABLE = re.compile(r"\$\{([^},]+)\}\Z")
_DOMAINS = r"(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|amazon\.com|c2s\.ic\.gov|sc2s\.sgov\.gov)"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SERVICE_PRINCIPAL = re.compile(rf"(?:{_LABEL}\.)+{_DOMAINS}\Z")
_CALLING_SERVICE = re.compile(rf"{_LABEL}\.{_DOMAINS}\Z")
_REGIONAL_SERVICE = re.compile(rf"{_LABEL}\.(?:{_LABEL}\.)+{_DOMAINS}\Z")
_VPC = re.compile(r"vpc-(?:[0-9A-Za-z]{8}|[0-9A-Za-z]{17})\Z")
_VPCE = re.compile(r"vpce-(?:[0-9A-Za-z]{8}|[0-9A-Za-z]{17})\Z")
_KMS_KEY = re.compile(r"arn:[^:]+:kms:[^:]*:[^:]*:(?:key/.+|\*)\Z", re.DOTALL)


def is_service_principal(text: str) -> bool:
    """Whether a text has the form of a service principal."""
    return _SERVICE_PRINCIPAL.match(text) is not None


def check_key_values(document: Document, report: Report) -> None:
    """Judge the values under the keys that demand a form."""
    for statement in document.statements:
        for entry in statement.conditions:
            if not entry.base.startswith(("String", "Arn")):
                continue
            check = _FORMS.get(entry.lower_name)
            if check is not None:
                for value in entry.values():
                    if not ("${" in value.text or (has_wildcard(value.text) and check is not _check_region)):
                        check(entry, value, report)
            if _is_limited(entry):
                for value in entry.values():
                    _check_openness(entry, value, report)


def _check_region(entry: ConditionEntry, value: Value, report: Report) -> None:
    if has_wildcard(value.text):
        # Under the other operators the wildcard itself is what gets reported.
        if "Like" not in entry.base or any(map(glob(value.text), REGIONS)):
            return
    elif value.text in REGIONS:
        return
    report.add("INVALID_REGION", f"There is no Region {value.text!r}.", value.path)


def _check_vpc(entry: ConditionEntry, value: Value, report: Report) -> None:
    if not _VPC.match(value.text):
        message = f"{value.text!r} is no VPC ID: vpc- and 8 or 17 letters and digits."
        report.add("INVALID_VPC_FORMAT", message, value.path)


def _check_vpce(entry: ConditionEntry, value: Value, report: Report) -> None:
    if not _VPCE.match(value.text):
        message = f"{value.text!r} is no VPC endpoint ID: vpce- and 8 or 17 letters and digits."
        report.add("INVALID_VPCE_FORMAT", message, value.path)


def _check_kms_key(entry: ConditionEntry, value: Value, report: Report) -> None:
    if not _KMS_KEY.match(value.text):
        message = f"{entry.name} takes the ARN of a KMS key: arn:aws:kms:region:account:key/key-id."
        report.add("INVALID_KMS_KEY_VALUE", message, value.path)


def _check_service(pattern: re.Pattern[str], form: str) -> Callable[[ConditionEntry, Value, Report], None]:
    def check(entry: ConditionEntry, value: Value, report: Report) -> None:
        if not pattern.match(value.text):
            message = f"{value.text!r} is no service principal as {entry.name} takes it. Write {form}."
            report.add("INVALID_SERVICE_PRINCIPAL_FORMAT", message, value.path)

    return check


_SERVICE = _check_service(_SERVICE_PRINCIPAL, "service.amazonaws.com in lower case")
_CALLER = _check_service(_CALLING_SERVICE, "service.amazonaws.com in lower case")
_REGIONAL = _check_service(_REGIONAL_SERVICE, "service.region.amazonaws.com in lower case")

_FORMS: dict[str, Callable[[ConditionEntry, Value, Report], None]] = {
    "aws:requestedregion": _check_region,
    "ec2:region": _check_region,
    "aws:sourcevpc": _check_vpc,
    "aws:sourcevpce": _check_vpce,
    "aws:calledvia": _CALLER,
    "aws:calledviafirst": _CALLER,
    "aws:calledvialast": _CALLER,
    "aws:principalservicename": _SERVICE,
    "aws:principalservicenameslist": _SERVICE,
    "iam:passedtoservice": _SERVICE,
    "iam:awsservicename": _SERVICE,
    "sts:awsservicename": _SERVICE,
    "kms:viaservice": _REGIONAL,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _check_kms_key,
    "s3express:x-amz-server-side-encryption-aws-kms-key-id": _check_kms_key,
    "s3tables:kmskeyarn": _check_kms_key,
    "s3vectors:kmskeyarn": _check_kms_key,
    "secretsmanager:kmskeyarn": _check_kms_key,
}


def _is_limited(entry: ConditionEntry) -> bool:
    name = entry.lower_name
    return name in _SENSITIVE or name in _WITH_BEGINNING or name == "aws:userid"


def _check_openness(entry: ConditionEntry, value: Value, report: Report) -> None:
    text = value.text
    if "Like" in entry.base and has_wildcard(text):
        problem = _open_problem(entry, text, "wildcards")
        if problem:
            report.add("WILDCARD_USAGE_TOO_PERMISSIVE", problem, value.path)
    if "${" in text and _VARIABLE.search(text):
        problem = _open_problem(entry, text, "variables")
        if problem:
            report.add("VARIABLE_USAGE_TOO_PERMISSIVE", problem, value.path)


def _open_problem(entry: ConditionEntry, text: str, what: str) -> str | None:
    name = entry.lower_name
    if name in _SENSITIVE:
        whole = _WHOLE_VARIABLE.match(text)
        # "The same account" or "the same organization" leaves nothing open.
        if whole and whole[1].lower() in _SENSITIVE:
            return None
        return f"{entry.name} must not be compared with {what}. Give the whole value."
    if name in _WITH_BEGINNING:
        match = _OPEN.search(text)
        if match and match.start() < _LEAST_BEGINNING:
            return f"Give at least {_LEAST_BEGINNING} characters of {entry.name} before {what}."
        return None
    before = _VARIABLE.sub("*", text).partition(":")[0]
    if before.strip("*?") and set(before) & set("*?"):
        return f"In {entry.name}, {what} belong to the right of the colon, or stand alone on its left."
    return None
