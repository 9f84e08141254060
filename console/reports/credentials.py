"""The credential report: a file that a worker writes, and the same as a table of this moment (reference 12.1)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from console.components import tables
from console.components.access import refusal
from console.components.changing import tell
from console.components.htmx import is_fragment, render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.reports.credential_lines import Line, line_of_root, line_of_user
from console.reports.polling import Poll
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import perform
from iam.operations.credential_reports import FRESH
from iam.queries import users
from iam.queries.credential_table import certificates_by_user, report_state, root_credentials
from iam.queries.keyset import Cut

GENERATE = "iam:GenerateCredentialReport"
READ = "iam:GetCredentialReport"
CREDENTIALS = Table(
    area="credential-report",
    columns=(
        Column("name", "User", is_sortable=True, is_fixed=True),
        Column("created", "Created", is_sortable=True),
        Column("password_age", "Password age", is_sortable=True),
        Column("last_sign_in", "Password last used", is_sortable=True),
        Column("mfa", "MFA"),
        Column("key_age", "Access key 1 age"),
        Column("key_last_used", "Access key 1 last used"),
        Column("second_key", "Access key 2 age"),
        Column("second_key_used", "Access key 2 last used"),
        Column("certificates", "Signing certificates", is_default=False),
    ),
    filters=(
        Filter(
            "state",
            "Filter users",
            (
                ("", "All users"),
                ("without-mfa", "Without MFA"),
                ("unused", "Unused for 90 days"),
                ("old-keys", "Active keys older than 90 days"),
                ("console", "With console access"),
                ("no-console", "Without console access"),
            ),
        ),
    ),
)


def _table_refusal(request: ConsoleRequest) -> IamError | None:
    """Return why the caller may not see the table: it is what the caller could have written and read."""
    return refusal(request, READ) or refusal(request, GENERATE)


def _page_of_users(request: ConsoleRequest, query: TableQuery) -> Page[Line]:
    account_id, cursor = request.principal.account_id, query.cursor
    state = query.filters["state"]
    wanted = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found = users.list_users(account_id, wanted, query.search, state)
    counts = users.count_users(account_id, query.search, state)
    certificates = certificates_by_user([user.pk for user in found]) if "certificates" in query.columns else {}
    today = timezone.now().date()
    rows = [line_of_user(user, certificates.get(user.pk, ()), query.columns, today) for user in found]
    return Page(CREDENTIALS, query, rows, key=lambda row: row.sort_key, total=counts.total, matches=counts.matches)


def _table(request: ConsoleRequest) -> dict[str, Any]:
    query = CREDENTIALS.read(request)
    denied = _table_refusal(request)
    if denied:
        page: Page[Line] = Page(CREDENTIALS, query, [], key=lambda row: row.sort_key, total=0)
        return {"page": page, "refusal": denied, "counter": ""}
    page = _page_of_users(request, query)
    is_first = query.cursor is None and not query.is_filtered
    root = root_credentials(request.principal.account_id) if is_first else None
    today = timezone.now().date()
    return {
        "page": page,
        "refusal": None,
        "counter": page.total,
        "root": line_of_root(root, query.columns, today) if root else None,
    }


def _file(request: ConsoleRequest, poll: Poll) -> dict[str, Any]:
    """Return what the panel of the file shows. Who may not read the report is not told either how old it is."""
    denied = poll.refusal(request, READ)
    state = None if denied else report_state(request.principal.account_id)
    fresh_until = timezone.now() - FRESH
    is_there = bool(state and not state.is_waited_for and state.generated_at and state.generated_at > fresh_until)
    return {
        "file_refusal": denied,
        "report": state,
        "is_there": is_there,
        "poll": poll,
        "is_waited_for": bool(state and state.is_waited_for),
    }


@require_safe
def credential_report(request: ConsoleRequest) -> HttpResponse:
    """Show how far the file is, and the credentials of all users as they are now."""
    context = _table(request)
    if not is_fragment(request):
        context |= _file(request, Poll.of(request, reverse("reports:credential-file")))
    say = "" if context["refusal"] else context["page"].announcement
    return render_page(request, "reports/credentials.html", "reports/_credentials.html", context, say=say)


@require_safe
def credential_file(request: ConsoleRequest) -> HttpResponse:
    """Answer the panel that waits for the worker; without script this leads to the page."""
    if not is_fragment(request):
        return redirect("reports:credentials")
    context = _file(request, Poll.of(request, request.path))
    response = render_page(request, "reports/_credential_file.html", "reports/_credential_file.html", context)
    if context["is_waited_for"]:
        return response
    return HttpResponseStopPolling(response.content, headers={"Vary": response["Vary"]})


@require_POST
def generate_credential_report(request: ConsoleRequest) -> HttpResponse:
    """Ask for the file; one that is younger than four hours is given out again."""
    try:
        perform(request.principal, "GenerateCredentialReport")
    except IamError as error:
        tell(request, error)
    return HttpResponseRedirect(reverse("reports:credentials"))


# What reads a name or a time of a refusal's empty message, in AWS's words for the code.
_REFUSALS = {
    "ReportNotPresent": "There is no report yet. Generate one first.",
    "ReportInProgress": "The report is being generated.",
    "ReportExpired": "The report is older than four hours. Generate a new one.",
}


@require_GET
def download_credential_report(request: ConsoleRequest) -> HttpResponse:
    """Return the file as AWS names it."""
    try:
        answer = perform(request.principal, "GetCredentialReport")
    except IamError as error:
        if error.code in _REFUSALS:
            error = IamError(error.code, _REFUSALS[error.code])
        tell(request, error)
        return HttpResponseRedirect(reverse("reports:credentials"))
    # Windows knows no file with a colon in its name.
    name = f"status_reports_{answer['GeneratedTime']:%Y-%m-%dT%H-%M-%S}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(answer["Content"], content_type="text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def credential_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, CREDENTIALS, "Credential report", reverse("reports:credentials"))
