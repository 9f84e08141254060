"""What people do to a connection: test it, change it, name its role, replace its keys, disconnect the account."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.components.changing import Question, ask_for, tell
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.connections.forms import EditForm, KeysForm, RoleForm
from console.connections.views import of_connection, show
from console.requests import ConsoleRequest
from console.signin.freshness import requires_recent_sign_in
from iam.errors import IamError
from iam.operations import connections
from iam.operations.connection_rules import is_trusted
from iam.queries.connection_records import ConnectionRecord


def _page(connection: UUID) -> str:
    return reverse("connections:details", args=[connection])


@require_POST
def test(request: ConsoleRequest, connection: UUID) -> HttpResponse:
    """Have a worker test the connection."""
    try:
        connections.request_test(request.principal, connection)
    except IamError as error:
        tell(request, error)
    return redirect_to(request, _page(connection))


@require_POST
@requires_recent_sign_in
@of_connection
def set_role(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Note the ARN of the role that was created in the account, and test."""
    form = RoleForm(request.POST)
    if form.is_valid():
        with errors_on(form):
            connections.update_connection(request.principal, record.id, role_arn=form.cleaned_data["role_arn"].strip())
            return redirect_to(request, _page(record.id))
    return show(request, record, form, status=422)


@require_POST
@requires_recent_sign_in
def switch_read_only(request: ConsoleRequest, connection: UUID) -> HttpResponse:
    """Refuse changes from now on, or let them go to AWS."""
    is_read_only = request.POST.get("read_only") == "1"
    try:
        changed = connections.update_connection(request.principal, connection, is_read_only=is_read_only)
    except IamError as error:
        tell(request, error)
    else:
        flash(request, "success", f"{changed.name} is {'read-only' if is_read_only else 'open to changes'} now.")
    return redirect_to(request, _page(connection))


def _dialog(
    request: ConsoleRequest,
    connection: UUID,
    form: ConsoleForm,
    heading: str,
    act: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            act(form.cleaned_data)
            return redirect_to(request, _page(connection))
    context = {"form": form, "heading": heading, "back": _page(connection), "action": request.get_full_path()}
    status = 422 if form.errors else 200
    return render_page(request, "connections/form.html", "connections/_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@of_connection
def edit(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Change name, Region, endpoint, profile and whether changes are refused."""
    form = EditForm(request.POST if request.method == "POST" else None, initial=_initial(record))
    if not record.profile:
        del form.fields["profile"]
    if not is_trusted(record.owner_id):
        del form.fields["endpoint_url"]

    def act(given: dict[str, Any]) -> None:
        changed = connections.update_connection(request.principal, record.id, **given)
        flash(request, "success", f"{changed.name} was changed.")

    return _dialog(request, record.id, form, f"Edit {record.name}", act)


def _initial(record: ConnectionRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in EditForm.base_fields}


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@of_connection
def replace_keys(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Give the connection other keys."""
    form = KeysForm(request.POST if request.method == "POST" else None)

    def act(given: dict[str, Any]) -> None:
        del given
        connections.rotate_keys(request.principal, record.id, form.keys())
        flash(request, "success", "The keys were replaced. They are used once a test has succeeded with them.")

    return _dialog(request, record.id, form, f"Replace the access keys of {record.name}", act)


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@of_connection
def disconnect_account(request: ConsoleRequest, record: ConnectionRecord) -> HttpResponse:
    """Forget the account and the connection, once that was confirmed."""
    waiting = record.moving + record.failed
    warning = (
        f"{waiting} change{' has' if waiting == 1 else 's have'} not reached AWS. "
        f"{'It is' if waiting == 1 else 'They are'} discarded with the connection."
    )
    question = Question(
        heading=f"Disconnect {record.name}?",
        submit="Disconnect",
        steps=(),
        title="",
        done=f"{record.name} was disconnected. AWS was not touched.",
        back=_page(record.id),
        next=reverse("connections:list"),
        crumbs=[("AWS accounts", reverse("connections:list")), (record.name, _page(record.id))],
        text="The mirror of the account and the connection are deleted, and everybody who is in it leaves. AWS is not "
        "touched. The event history stays.",
        warning=warning if waiting else "",
        typed="discard" if waiting else "disconnect",
        typed_label="To confirm",
    )

    def act() -> None:
        connections.disconnect(request.principal, record.id, discards=bool(waiting))

    return ask_for(request, question, act)
