"""When a user, group, role or policy last used the services that its policies grant, and which policies do."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from iam.errors import IamError
from iam.models import AccessReport
from iam.operations.access_reports import (
    BUILDERS,
    ask_for_report,
    error_of,
    find_report,
    moment_of,
    page_of,
    status_of,
)
from iam.operations.entities import get, get_policy, no_such
from iam.operations.kinds import IDENTITIES, IdentityKind
from iam.operations.paging import DEFAULT_PAGE, decode_marker, encode_marker
from iam.operations.registry import Access, Call, operation
from iam.policy import catalog
from iam.policy.effective import Effective
from iam.queries.bearing import Bearing
from iam.queries.last_accesses import (
    REGION,
    EntityUse,
    ServiceUse,
    Subject,
    Use,
    arn_of,
    entities_after,
    policies_on,
    services_used,
)

_ARN = re.compile(
    r"arn:aws:iam::(?P<account>[0-9]{12}|aws):(?P<kind>user|group|role|policy)/(?:[!-~]*/)?(?P<name>[^/]+)"
)
_IDENTITIES: dict[str, IdentityKind[Any]] = {kind.label: kind for kind in IDENTITIES}


def _subject(account_id: str, arn: str) -> Subject:
    """Return what an ARN names. Raises IamError InvalidInput for what no report is about, and NoSuchEntity."""
    match = _ARN.fullmatch(arn)
    if not match:
        raise IamError("InvalidInput", f"ARN {arn} is not valid.", parameter="Arn")
    if match["kind"] == "policy":
        policy = get_policy(account_id, arn)
        return Subject("policy", policy.pk, policy.name, policy.arn)
    kind = _IDENTITIES[match["kind"]]
    found = get(kind, account_id, match["name"])
    if found.arn != arn:
        raise no_such(kind, match["name"])
    return Subject(kind.label, found.pk, found.name, found.arn)  # type: ignore[arg-type]


def _named(_call: Call, parameters: Mapping[str, Any]) -> Access:
    return Access(parameters["Arn"])


@operation("GenerateServiceLastAccessedDetails", access=_named)
def generate_service_last_accessed_details(
    call: Call, *, arn: str, granularity: str = AccessReport.Granularity.SERVICE
) -> dict[str, Any]:
    """Ask for a report and return the id of the job. Raises IamError InvalidInput, NoSuchEntity."""
    _subject(call.account_id, arn)
    return ask_for_report(call, AccessReport.Kind.ENTITY, arn, granularity=granularity)


@operation("GetServiceLastAccessedDetails")
def get_service_last_accessed_details(
    call: Call, *, job_id: str, max_items: int | None = None, marker: str | None = None
) -> dict[str, Any]:
    """Return the services that the subject's policies grant, by prefix, with their last use."""
    report = find_report(call, job_id, AccessReport.Kind.ENTITY)
    services, paging = page_of(report.content, marker, max_items)
    answer = {
        **status_of(report),
        "JobType": report.granularity,
        "ServicesLastAccessed": [_service_shape(service) for service in services],
        **paging,
    }
    return {**answer, "Error": error_of(report)} if report.error_code else answer


def _service_shape(service: list[Any]) -> dict[str, Any]:
    prefix, use, principals, actions = service
    known = catalog.find_service(prefix)
    shape = {
        "ServiceName": known.name if known else prefix,
        "ServiceNamespace": prefix,
        "TotalAuthenticatedEntities": principals,
    }
    if use:
        shape["LastAuthenticated"] = moment_of(use[0])
        shape["LastAuthenticatedEntity"] = use[1]
        shape["LastAuthenticatedRegion"] = REGION
    if actions:
        shape["TrackedActionsLastAccessed"] = [_action_shape(*action) for action in actions]
    return shape


def _action_shape(name: str, use: list[str] | None) -> dict[str, Any]:
    if use is None:
        return {"ActionName": name}
    return {
        "ActionName": name,
        "LastAccessedEntity": use[1],
        "LastAccessedTime": moment_of(use[0]),
        "LastAccessedRegion": REGION,
    }


def _build(report: AccessReport) -> list[Any]:
    subject = _subject(report.account_id, report.about)
    with_actions = report.granularity == AccessReport.Granularity.ACTION
    return [_content(service, with_actions) for service in services_used(report.account_id, subject)]


def _content(service: ServiceUse, with_actions: bool) -> list[Any]:
    actions = [[name, _use(use)] for name, use in service.actions] if with_actions else []
    return [service.prefix, _use(service.last), service.principals, actions]


def _use(use: Use | None) -> list[str] | None:
    return [use.at.isoformat(), use.arn] if use else None


BUILDERS[AccessReport.Kind.ENTITY] = _build


@operation("GetServiceLastAccessedDetailsWithEntities")
def get_service_last_accessed_details_with_entities(
    call: Call, *, job_id: str, service_namespace: str, max_items: int | None = None, marker: str | None = None
) -> dict[str, Any]:
    """Return the users and roles behind a report, the latest to use a service first.

    They are read as they are now: a page costs the same however many members a group has.
    """
    report = find_report(call, job_id, AccessReport.Kind.ENTITY)
    after = _read_marker(marker)
    answer: dict[str, Any] = {**status_of(report), "EntityDetailsList": [], "IsTruncated": False}
    if report.error_code:
        return {**answer, "Error": error_of(report)}
    if report.state == AccessReport.State.IN_PROGRESS:
        return answer
    size = max_items or DEFAULT_PAGE
    subject = _subject(call.account_id, report.about)
    found = entities_after(call.account_id, subject, service_namespace, after, size + 1)
    answer["EntityDetailsList"] = [_entity_shape(call.account_id, entity) for entity in found[:size]]
    if len(found) > size:
        last_at, unique_id = found[size - 1].sort_key
        answer |= {"IsTruncated": True, "Marker": encode_marker(f"{last_at.isoformat()} {unique_id}")}
    return answer


def _read_marker(marker: str | None) -> tuple[datetime, str] | None:
    if marker is None:
        return None
    moment, _, unique_id = decode_marker(marker).partition(" ")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not unique_id.isalnum():
        raise IamError("ValidationError", "Invalid Marker.", parameter="Marker")
    return found, unique_id


def _entity_shape(account_id: str, entity: EntityUse) -> dict[str, Any]:
    info = {
        "Arn": arn_of(account_id, entity),
        "Name": entity.name,
        "Type": entity.kind,
        "Id": entity.unique_id,
        "Path": entity.path,
    }
    return {"EntityInfo": info, **({"LastAuthenticated": entity.last_at} if entity.last_at else {})}


@operation("ListPoliciesGrantingServiceAccess", access=_named)
def list_policies_granting_service_access(
    call: Call, *, arn: str, service_namespaces: list[str], marker: str | None = None
) -> dict[str, Any]:
    """Return, for each service, the policies of a user, group or role that allow anything of it."""
    subject = _subject(call.account_id, arn)
    if subject.kind == "policy":
        raise IamError("InvalidInput", f"ARN {arn} is not that of a user, group or role.", parameter="Arn")
    policies = [(policy, Effective([policy.policy])) for policy in policies_on(call.account_id, subject)]
    namespaces, paging = page_of(service_namespaces, marker, None)
    granting = [
        {
            "ServiceNamespace": namespace,
            "Policies": [_policy_shape(policy) for policy, says in policies if says.granted(namespace.lower())],
        }
        for namespace in namespaces
    ]
    return {"PoliciesGrantingServiceAccess": granting, **paging}


def _policy_shape(policy: Bearing) -> dict[str, Any]:
    if policy.owner is None:
        return {"PolicyName": policy.name, "PolicyType": "MANAGED", "PolicyArn": policy.arn}
    return {
        "PolicyName": policy.name,
        "PolicyType": "INLINE",
        "EntityType": policy.owner.kind.upper(),
        "EntityName": policy.owner.name,
    }
