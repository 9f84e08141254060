"""The page of a policy: what it allows, as tables or as JSON."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.components.access import refusal
from console.components.htmx import render_page
from console.policies.access import page_context, policy_page
from console.policies.summary import read_summary
from console.reports.last_accessed import last_accessed_page
from console.requests import ConsoleRequest
from iam.queries.last_accesses import Subject
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
    """Show which of the services that the policy allows were used by those who have it, and when."""
    subject = Subject("policy", policy.pk, policy.name, policy.arn)
    context = page_context(request, policy, "Last Accessed")
    return last_accessed_page(request, subject, "policies/last_accessed.html", context, policy.context)
