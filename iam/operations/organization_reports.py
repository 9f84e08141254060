"""When the accounts of an organization last used the services that it lets them use."""

from typing import Any

from iam.errors import IamError
from iam.models import AccessReport
from iam.operations.access_reports import BUILDERS, ask_for_report, error_of, find_report, page_of, status_of
from iam.operations.registry import Call, operation

# As many jobs of an account may be in progress at once.
MOST_AT_ONCE = 10


@operation("GenerateOrganizationsAccessReport")
def generate_organizations_access_report(
    call: Call, *, entity_path: str, organizations_policy_id: str | None = None
) -> dict[str, Any]:
    """Ask for a report and return the id of the job. Raises IamError ReportGenerationLimitExceeded.

    Whether the account may have it, the job finds out.
    """
    del organizations_policy_id
    waiting = AccessReport.objects.filter(
        account=call.account_id, kind=AccessReport.Kind.ORGANIZATION, state=AccessReport.State.IN_PROGRESS
    )
    if waiting.count() >= MOST_AT_ONCE:
        raise IamError("ReportGenerationLimitExceeded", "Maximum number of concurrent jobs exceeded")
    return ask_for_report(call, AccessReport.Kind.ORGANIZATION, entity_path)


@operation("GetOrganizationsAccessReport")
def get_organizations_access_report(
    call: Call,
    *,
    job_id: str,
    max_items: int | None = None,
    marker: str | None = None,
    sort_key: str = "SERVICE_NAMESPACE_ASCENDING",
) -> dict[str, Any]:
    """Return the state of a job, and why it failed."""
    del sort_key
    report = find_report(call, job_id, AccessReport.Kind.ORGANIZATION)
    details, paging = page_of(report.content, marker, max_items)
    answer = {**status_of(report), "AccessDetails": details, **paging}
    return {**answer, "ErrorDetails": error_of(report)} if report.error_code else answer


def _build(report: AccessReport) -> list[Any]:
    # No account of this installation is in an organization, whose policies could let it use services.
    raise IamError("AccessDenied", f"The account {report.account_id} is not the management account of an organization.")


BUILDERS[AccessReport.Kind.ORGANIZATION] = _build
