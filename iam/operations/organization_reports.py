"""When the accounts of an organization last used the services that it lets them use.

An organization has one root with all accounts right below it, and the one service control policy that AWS gives every
organization, which allows everything: so a report lists all services.
"""

from collections.abc import Mapping
from typing import Any

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import AccessReport, Organization
from iam.operations.access_reports import (
    BUILDERS,
    ask_for_report,
    error_of,
    find_report,
    moment_of,
    page_of,
    status_of,
)
from iam.operations.registry import Access, Call, operation
from iam.policy import catalog
from iam.queries.last_accesses import REGION
from iam.queries.organization_accesses import services_used_by
from iam.queries.organizations import account_ids_of, entity_path, organization_of

# As many jobs of an account may be in progress at once.
MOST_AT_ONCE = 10
FULL_ACCESS = "p-FullAWSAccess"


def _generating(call: Call, parameters: Mapping[str, Any]) -> Access:
    policy_id = parameters.get("OrganizationsPolicyId")
    context: dict[str, ContextValue] = {"iam:OrganizationsPolicyId": policy_id} if policy_id else {}
    return Access(f"arn:aws:iam::{call.account_id}:access-report/{parameters['EntityPath']}", context)


@operation("GenerateOrganizationsAccessReport", access=_generating)
def generate_organizations_access_report(
    call: Call, *, entity_path: str, organizations_policy_id: str = ""
) -> dict[str, Any]:
    """Ask for a report and return the id of the job. Raises IamError ReportGenerationLimitExceeded.

    Whether the account may have it, the job finds out.
    """
    waiting = AccessReport.objects.filter(
        account=call.account_id, kind=AccessReport.Kind.ORGANIZATION, state=AccessReport.State.IN_PROGRESS
    )
    if waiting.count() >= MOST_AT_ONCE:
        raise IamError("ReportGenerationLimitExceeded", "Maximum number of concurrent jobs exceeded")
    about = f"{entity_path} {organizations_policy_id}".strip()
    return ask_for_report(call, AccessReport.Kind.ORGANIZATION, about)


@operation("GetOrganizationsAccessReport")
def get_organizations_access_report(
    call: Call,
    *,
    job_id: str,
    max_items: int | None = None,
    marker: str | None = None,
    sort_key: str = "SERVICE_NAMESPACE_ASCENDING",
) -> dict[str, Any]:
    """Return what a job found, or why it failed."""
    report = find_report(call, job_id, AccessReport.Kind.ORGANIZATION)
    details, paging = page_of(_sorted(report.content, sort_key), marker, max_items)
    answer = {**status_of(report), "AccessDetails": [_shape(*service) for service in details], **paging}
    if report.error_code:
        return {**answer, "ErrorDetails": error_of(report)}
    if report.state == AccessReport.State.COMPLETED:
        answer["NumberOfServicesAccessible"] = len(report.content)
        answer["NumberOfServicesNotAccessed"] = sum(1 for _, use, _ in report.content if use is None)
    return answer


def _sorted(content: list[Any], sort_key: str) -> list[Any]:
    """Return the services in the order asked for, which is that of the content where it says nothing else."""
    is_descending = sort_key.endswith("_DESCENDING")
    if sort_key.startswith("LAST_AUTHENTICATED_TIME"):
        return sorted(content, key=lambda service: service[1][0] if service[1] else "", reverse=is_descending)
    return content[::-1] if is_descending else content


def _shape(prefix: str, use: list[str] | None, accounts: int) -> dict[str, Any]:
    known = catalog.find_service(prefix)
    shape = {
        "ServiceName": known.name if known else prefix,
        "ServiceNamespace": prefix,
        "TotalAuthenticatedEntities": accounts,
    }
    if use is None:
        return shape
    return {**shape, "LastAuthenticatedTime": moment_of(use[0]), "EntityPath": use[1], "Region": REGION}


def _build(report: AccessReport) -> list[Any]:
    organization = organization_of(report.account_id)
    if organization is None or organization.management_account_id != report.account_id:
        raise IamError(
            "AccessDenied", f"The account {report.account_id} is not the management account of an organization."
        )
    if organization.feature_set != Organization.FeatureSet.ALL:
        raise IamError("AccessDenied", "Service control policies are not enabled for the root of the organization.")
    path, _, policy_id = report.about.partition(" ")
    accounts = _accounts_at(organization, path.rstrip("/"), policy_id)
    return [
        [
            use.prefix,
            [use.last_at.isoformat(), entity_path(organization, use.account_id)] if use.last_at else None,
            use.accounts,
        ]
        for use in services_used_by(accounts)
    ]


def _accounts_at(organization: Organization, path: str, policy_id: str) -> list[str]:
    """Return the accounts that a report is about. Raises IamError NoSuchEntity."""
    manager = organization.management_account_id
    accounts = account_ids_of(organization)
    below = {entity_path(organization, account): [account] for account in accounts}
    # No policy limits the management account, so a report about the root leaves it out.
    below[entity_path(organization)] = [account for account in accounts if account != manager]
    if path not in below:
        raise IamError("NoSuchEntity", f"The entity path {path} cannot be found.")
    if policy_id not in ("", FULL_ACCESS) and below[path] != [manager]:
        raise IamError("NoSuchEntity", f"The policy {policy_id} cannot be found.")
    return below[path]


BUILDERS[AccessReport.Kind.ORGANIZATION] = _build
