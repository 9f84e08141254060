"""The History tab: what was done to a policy, and where it was attached."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.events import listing
from console.policies.access import page_context, policy_page
from console.requests import ConsoleRequest
from iam.queries.policy_details import PolicyDetails


@require_safe
@policy_page
def history(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show the events about a policy."""
    kind = "policy" if policy.is_own else "aws-policy"
    context = {**page_context(request, policy, "History"), **listing.history(request, kind, policy.name)}
    return render_page(request, "policies/history.html", "events/_history.html", context)
