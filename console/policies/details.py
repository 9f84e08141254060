"""The page of a policy: what it allows, as tables or as JSON."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.components.access import refusal
from console.components.htmx import render_page
from console.policies.access import page_context, policy_page
from console.policies.summary import read_summary
from console.requests import ConsoleRequest
from iam.queries.policies import find_document
from iam.queries.policy_details import PolicyDetails


@require_safe
@policy_page
def permissions(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show the default version, as a summary that can be followed down to the resources of an action."""
    error = refusal(request, "iam:GetPolicyVersion", policy.arn, policy.context)
    is_json = request.GET.get("show") == "json"
    context = {**page_context(request, policy, "Permissions"), "refusal": error, "is_json": is_json}
    document = "" if error else find_document(request.principal.account_id, policy.arn) or ""
    if error or is_json:
        return render(request, "policies/permissions.html", {**context, "document": document})
    context["summary"] = read_summary(request, document)
    return render_page(request, "policies/permissions.html", "policies/_summary.html", context)


@require_safe
@policy_page
def last_accessed(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Keep the place of the report on use."""
    return render(request, "policies/last_accessed.html", page_context(request, policy, "Last Accessed"))
