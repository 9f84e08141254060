"""Resources: whether they are ARNs, and such as their service has."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from iam.policy import catalog
from iam.policy.findings.actions import SERVICE_OF_TYPE
from iam.policy.findings.reading import Document
from iam.policy.findings.report import PolicyKind, Replace, Report
from iam.policy.findings.resource_formats import formats_of, is_unlisted
from iam.policy.match import arn_fields, glob
from iam.policy.regions import PARTITIONS, REGIONS
from iam.policy.remembering import remember

_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# Services with resources that belong to AWS: their ARNs say `aws` instead of an account, or leave it out.
_SAY_AWS = frozenset({"bedrock", "cloudformation", "iam", "sagemaker"})
_LEAVE_OUT = frozenset({"resource-explorer-2", "ssm"})


class _Problem(NamedTuple):
    code: str
    message: str
    meant: str | None = None


def check_resources(document: Document, report: Report) -> None:
    """Judge every member of Resource and NotResource."""
    own_service = SERVICE_OF_TYPE.get(report.resource_type or "")
    for statement in document.statements:
        for strings in statement.resource_lists:
            for position, resource in enumerate(strings.values):
                if resource == "*":
                    continue
                for problem in _problems(resource):
                    path = strings.place(position)
                    mend = Replace(path, problem.meant) if problem.meant else None
                    report.add(problem.code, problem.message, path, mend=mend)
                if report.kind is PolicyKind.TYPED_RESOURCE and own_service and _is_foreign(resource, own_service):
                    message = f"A policy of {report.resource_type} cannot name {resource}. Use ARNs of {own_service}."
                    report.add("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", message, strings.place(position))


def _is_foreign(resource: str, own_service: str) -> bool:
    fields = arn_fields(resource)
    service = fields[2] if len(fields) > 2 else ""
    return bool(service) and "$" not in service and not glob(service)(own_service)


@remember(16384)
def _problems(resource: str) -> tuple[_Problem, ...]:
    if resource and not resource.strip("*"):
        return ()
    if not resource.startswith("arn:"):
        return (_Problem("INVALID_ARN_PREFIX", f"{resource!r} is no ARN. A resource is * or begins with arn:."),)
    fields = _fields(resource)
    if len(fields) < 6:
        form = "arn:partition:service:region:account:resource"
        return (_Problem("MISSING_ARN_FIELD", f"{resource} lacks fields. An ARN has the form {form}."),)
    return (*_partition_problems(fields), *_service_problems(fields))


def _fields(resource: str) -> tuple[str, ...]:
    """Split an ARN, but not at the colons of its variables."""
    if "${" not in resource:
        return arn_fields(resource)
    masked = _VARIABLE.sub(lambda match: match[0].replace(":", "\0"), resource)
    return tuple(field.replace("\0", ":") for field in arn_fields(masked))


def _partition_problems(fields: tuple[str, ...]) -> Iterator[_Problem]:
    partition = fields[1]
    if not _is_open(partition, PARTITIONS):
        yield _Problem("INVALID_PARTITION", f"There is no partition {partition!r}. Use {', '.join(PARTITIONS)}.")


def _is_open(field: str, known: "dict[str, frozenset[str]] | frozenset[str]") -> bool:
    """Whether a field is, or by a wildcard or variable can be, one of the known ones."""
    if "${" in field or field in known:
        return True
    if "*" not in field and "?" not in field:
        return False
    fits = glob(field)
    return any(fits(name) for name in known)


def _service_problems(fields: tuple[str, ...]) -> Iterator[_Problem]:
    service = fields[2]
    if "*" in service or "?" in service:
        yield _Problem("WILDCARD_IN_SERVICE_NAME", "A wildcard in an ARN's service may reach services not meant.")
        return
    if service != service.lower():
        meant = ":".join((*fields[:2], service.lower(), *fields[3:]))
        message = f"The service in an ARN is written in lower case: {service.lower()}."
        yield _Problem("INVALID_ARN_SERVICE_CASE", message, meant)
        return
    if service not in _known_services():
        yield _Problem("INVALID_SERVICE", f"There is no service {service!r}.")
        return
    yield from _field_problems(fields)


@cache
def _known_services() -> frozenset[str]:
    return frozenset(catalog.arn_namespaces()) | {service.prefix for service in catalog.services()}


def _field_problems(fields: tuple[str, ...]) -> Iterator[_Problem]:
    _, partition, service, region, account, resource = fields
    if region and "${" not in region:
        regions = PARTITIONS.get(partition, REGIONS)
        if not _is_open(region, regions):
            yield _Problem("INVALID_ARN_REGION", f"There is no Region {region} in the partition {partition}.")
    formats = formats_of(service, resource)
    if account and not _is_account(account, service, formats):
        yield _Problem("INVALID_ARN_ACCOUNT", f"{account} is no account ID. Give 12 digits.")
    if not catalog.arn_formats(service):
        return
    if not formats:
        if is_unlisted(service, resource):
            return
        yield _Problem("INVALID_ARN_RESOURCE", f"{resource!r} has the form of no resource of {service}.")
        return
    yield from _presence_problems(fields, formats)


def _is_account(account: str, service: str, formats: tuple[catalog.ArnFormat, ...]) -> bool:
    if "*" in account or "?" in account or "${" in account or _ACCOUNT.match(account):
        return True
    return (account == "aws" and service in _SAY_AWS) or account in {known.account for known in formats}


def _presence_problems(fields: tuple[str, ...], formats: tuple[catalog.ArnFormat, ...]) -> Iterator[_Problem]:
    """Compare the Region and the account that there are with those that each fitting format has."""
    _, _, service, region, account, resource = fields
    if not region and all(known.region for known in formats):
        yield _Problem("MISSING_ARN_REGION", f"ARNs of this resource of {service} have a Region. Add it, or *.")
    if region.strip("*") and not any(known.region for known in formats):
        meant = ":".join((*fields[:3], "", *fields[4:]))
        yield _Problem("ARN_REGION_NOT_ALLOWED", f"ARNs of this resource of {service} have no Region.", meant)
    may_lack_account = service in _LEAVE_OUT or not resource.strip("*")
    if not account and not may_lack_account and all(known.account for known in formats):
        yield _Problem("MISSING_ARN_ACCOUNT", f"ARNs of this resource of {service} have an account ID. Add 12 digits.")
    if account.strip("*") and not any(known.account for known in formats):
        meant = ":".join((*fields[:4], "", *fields[5:]))
        yield _Problem("ARN_ACCOUNT_NOT_ALLOWED", f"ARNs of this resource of {service} have no account ID.", meant)
