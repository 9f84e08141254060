"""The Trust relationships tab of a role, and editing who may assume it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.code import pretty
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.navigation import find_url
from console.identities import changing
from console.policies.reports import Report
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import page_context
from console.roles.trust_panels import clean_trust_policy, refused_report, trust_policy_field
from iam import policy
from iam.policy.match import arn_fields
from iam.queries import roles
from iam.queries.roles import RoleRecord

WORDS = {
    "aws:multifactorauthpresent": "Signed in with MFA",
    "sts:externalid": "External ID",
}


@dataclass(frozen=True, slots=True)
class Trusted:
    """One principal of a statement: who it is, what it may or must not do, and the statement's conditions."""

    who: str
    icon: str
    url: str | None
    actions: tuple[str, ...]
    conditions: tuple[str, ...]
    is_denied: bool


def trusted(document: str, account_id: str) -> list[Trusted]:
    """Return whom a trust policy names, in the order of the text; an unreadable text names nobody."""
    try:
        statements = policy.parse(document).statements
    except policy.PolicySyntaxError:
        return []
    return [row for statement in statements for row in _trusted(statement, account_id)]


def _trusted(statement: policy.Statement, account_id: str) -> Iterator[Trusted]:
    for entry in statement.principal.entries if statement.principal else ():
        who, icon, url = _who(entry, account_id)
        yield Trusted(
            who,
            icon,
            url,
            statement.actions.values if statement.actions else (),
            tuple(_condition(condition) for condition in statement.conditions),
            is_denied=statement.effect is policy.Effect.DENY,
        )


def _who(entry: policy.PrincipalEntry, account_id: str) -> tuple[str, str, str | None]:
    """Return how a principal is called, its icon, and its page where this account has one."""
    if entry.kind == "Service":
        return entry.value, "globe", None
    if entry.kind != "AWS":
        return entry.value, "globe", None
    if entry.value == "*":
        return "Everyone", "globe", None
    fields = arn_fields(entry.value)
    if len(fields) != 6:
        # An id is left where a user or role was deleted; nobody can be it any more.
        return entry.value, "user", None
    kind, _, path = fields[5].partition("/")
    name = path.rpartition("/")[2]
    if kind == "root":
        own = " (this account)" if fields[4] == account_id else ""
        return f"Account {fields[4]}{own}", "globe", None
    if fields[2] == "iam" and fields[4] == account_id and kind in {"user", "role"}:
        return name, kind, find_url(f"{kind}s:details", name)
    return entry.value, "user", None


def _condition(condition: policy.Condition) -> str:
    values = ", ".join(condition.values)
    known = WORDS.get(condition.key.lower())
    if known and condition.operator in {"Bool", "BoolIfExists"} and condition.values == ("true",):
        return known
    return f"{known or condition.key} {condition.operator} {values}"


@require_safe
@role_page
def trust(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show who can assume a role."""
    document = pretty(roles.trust_policy(role.pk))
    context = {
        **page_context(request, role, "Trust relationships"),
        "document": document,
        "rows": trusted(document, request.principal.account_id),
    }
    return render(request, "roles/trust.html", context)


class TrustPolicyForm(ConsoleForm):
    """The trust policy of a role that exists."""

    parameter_fields: ClassVar = {"PolicyDocument": "trust_policy"}

    trust_policy = trust_policy_field("Trust policy")

    def __init__(self, *args: Any, request: ConsoleRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_trust_policy(self) -> str:
        return clean_trust_policy(self.request, self.cleaned_data["trust_policy"])

    def report(self) -> Report | None:
        """Return what validation says about a document that was refused."""
        return refused_report(self.request, self)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page
def edit_trust(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Change who can assume a role; sessions that exist already go on."""
    back = reverse("roles:trust", args=[role.name])
    posted = request.POST if request.method == "POST" else None
    current = {"trust_policy": pretty(roles.trust_policy(role.pk))}
    form = TrustPolicyForm(posted, request=request, initial=current)
    if posted is not None and form.is_valid():
        with errors_on(form):
            step = identity_of(role).step("UpdateAssumeRolePolicy", PolicyDocument=form.cleaned_data["trust_policy"])
            title = f"Change the trust policy of role {role.name}"
            changing.change(request, [step], title=title, done=f"Changed the trust policy of {role.name}.")
            return redirect_to(request, back)
    context = {
        "form": form,
        "role": role,
        "back": back,
        "crumbs": identity_of(role).crumbs(("Edit trust policy", "")),
    }
    return render(request, "roles/edit_trust.html", context, status=422 if form.errors else 200)
