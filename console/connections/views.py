"""Connections to AWS accounts: the list, the wizard that makes one, and the page of each."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.access import refusal, refused
from console.components.context import COLOR_OF_AWS
from console.components.forms import errors_on
from console.components.htmx import is_fragment, redirect_to
from console.components.wizards import Run, Step, Wizard, run_step, start
from console.connections.forms import KEYS, PROFILE, ROLE, AccessForm, MethodForm, RoleForm
from console.reports.polling import Poll
from console.requests import ConsoleRequest
from console.signin.freshness import requires_recent_sign_in
from iam.authorization import Authorizer
from iam.operations.connection_roles import RoleToCreate
from iam.operations.connection_rules import trusted_owners
from iam.operations.connections import create_connection
from iam.queries.connection_records import ConnectionRecord, connections_of, find_connection, known_worker
from iam.queries.connections import connection_arn, find_entrance, may_enter

CRUMBS = [("AWS accounts", "/aws-accounts/")]
CONNECT = Wizard(
    name="connect-account",
    title="Connect an AWS account",
    submit="Connect",
    steps=(
        Step("method", "Choose the way in", MethodForm, "connections/connect/method.html"),
        Step("access", "Specify access", AccessForm, "connections/connect/access.html"),
    ),
    step_url="connections:connect-step",
    cancel_url="connections:list",
    result="Test and enter",
)


@require_safe
def list_connections(request: ConsoleRequest) -> HttpResponse:
    """Show the AWS accounts that this account manages."""
    owner = request.principal.account_id
    error = refusal(request, "console:ListConnections", connection_arn(owner, "*"))
    if error:
        return refused(request, error, "AWS accounts", CRUMBS)
    return render(request, "connections/list.html", {"connections": connections_of(owner)})


@require_safe
def connect(request: ConsoleRequest) -> HttpResponse:
    """Begin to connect an account."""
    return start(request, CONNECT)


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def connect_step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step."""
    return run_step(request, CONNECT, draft, step, finish=_finish)


def _finish(run: Run, form: Any) -> HttpResponse | None:
    method, given = run.form("method").cleaned_data, form.cleaned_data
    way = method["method"]
    with errors_on(form):
        connection = create_connection(
            run.request.principal,
            name=method["name"],
            source={KEYS: "keys", PROFILE: "profile"}.get(way, "environment"),
            profile=given.get("profile", ""),
            keys=form.keys() if way == KEYS else None,
            assumes_role=way == ROLE or given.get("assumes_role", False),
            region=given["region"],
            endpoint_url=given.get("endpoint_url", ""),
            is_read_only=given["is_read_only"],
        )
        run.close()
    if form.errors:
        return None
    return redirect_to(run.request, reverse("connections:details", args=[connection.pk]))


View = Callable[[ConsoleRequest, ConnectionRecord], HttpResponse]


def of_connection(view: View) -> Callable[[ConsoleRequest, UUID], HttpResponse]:
    """Give a view the connection of its address: 404 for one of others, a refusal for who may not read it."""

    @wraps(view)
    def found(request: ConsoleRequest, connection: UUID) -> HttpResponse:
        owner = request.principal.account_id
        error = refusal(request, "console:GetConnection", connection_arn(owner, connection))
        if error:
            return refused(request, error, "AWS account", CRUMBS)
        record = find_connection(owner, connection)
        if record is None:
            raise Http404("There is no such connection.")
        return view(request, record)

    return found


def role_to_create(record: ConnectionRecord, *, reads_only: bool) -> RoleToCreate:
    """Return the role that a connection needs, for whom workers are as far as that is known."""
    worker = record.result.get("worker_arn") or known_worker(record.owner_id)
    return RoleToCreate(str(worker), record.external_id, reads_only)


@require_safe
@of_connection
def details(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Show a connection: how it fares, what to create in AWS, and how to enter the account."""
    return show(request, record, RoleForm())


def show(request: ConsoleRequest, record: ConnectionRecord, form: RoleForm, status: int = 200) -> HttpResponse:
    """Show the page of a connection with the form for its role."""
    reads_only = request.GET.get("access", "read" if record.is_read_only else "full") == "read"
    context = {
        **_status(request, record),
        "role": role_to_create(record, reads_only=reads_only) if record.external_id else None,
        "form": form,
        "trusted": sorted(trusted_owners()),
    }
    return render(request, "connections/details.html", context, status=status)


@require_safe
def status(request: ConsoleRequest, connection: UUID) -> HttpResponse:
    """Show how a connection fares; the page asks while a worker is at it."""
    poll = Poll.of(request, request.path)
    error = poll.refusal(request, "console:GetConnection", connection_arn(request.principal.account_id, connection))
    if error:
        return refused(request, error, "AWS account", CRUMBS)
    record = find_connection(request.principal.account_id, connection)
    if record is None:
        raise Http404("There is no such connection.")
    if not is_fragment(request):
        return redirect_to(request, reverse("connections:details", args=[connection]))
    return render(request, "connections/_status.html", {**_status(request, record), "is_polled": True})


def _status(request: ConsoleRequest, record: ConnectionRecord) -> dict[str, Any]:
    reading = [action for action in record.denied if _is_read(action)]
    person = request.signed_in
    entrance = find_entrance(record.entry_role_arn) if record.account_id else None
    is_own = person.account_id == record.owner_id
    authorizer = Authorizer(person) if request.role else request.authorizer
    return {
        "connection": record,
        "poll": Poll.of(request, reverse("connections:status", args=[record.id])),
        "is_waiting": record.is_testing or bool(record.newest_import and record.newest_import.is_open),
        "denied_reads": reading,
        "denied_writes": [action for action in record.denied if action not in reading],
        "color": COLOR_OF_AWS,
        "may_enter": bool(entrance and is_own and may_enter(authorizer, entrance)),
    }


def _is_read(action: str) -> bool:
    return action.partition(":")[2].startswith(("Get", "List", "Simulate", "Generate"))


@require_safe
@of_connection
def template(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Return the CloudFormation template of the role."""
    if not record.external_id:
        raise Http404("This connection has no role.")
    role = role_to_create(record, reads_only=request.GET.get("access") == "read")
    return HttpResponse(
        role.template,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="iam-console-role.yaml"'},
    )
