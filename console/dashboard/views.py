"""The IAM dashboard."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.components.panels import panel
from console.dashboard import panels
from console.reports.analyzer_access import readable_analyzers
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Show the account, how full it is, and what would make it safer."""
    alias = panel(lambda: panels.alias(request))
    account_id = request.principal.account_id
    context = {
        "account": request.account,
        "alias": alias,
        "sign_in_url": sign_in_url(request.account, account_id if alias.refusal else ""),
        "resources": panel(lambda: panels.resources(request)),
        "recommendations": panels.recommendations(request),
        "analyzers": panel(lambda: readable_analyzers(request)),
        "recent_changes": panels.recent_changes(request),
    }
    return render(request, "dashboard/home.html", context)
