"""The document of a managed policy, for tables whose rows open."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.policies import find_document
from iam.queries.policy_details import find_policy


@require_safe
def show_document(request: ConsoleRequest, arn: str) -> HttpResponse:
    """Show the default version of a policy: a page, or the row that a table's expander opens."""
    context: dict[str, object] = {"name": arn.rpartition("/")[2], "arn": arn}
    policy = find_policy(request.principal.account_id, arn)
    try:
        request.authorizer.require("iam:GetPolicyVersion", arn, policy.context if policy else None)
    except IamError as error:
        context["refusal"] = error
    else:
        text = find_document(request.principal.account_id, arn)
        if policy is None or text is None:
            raise Http404(f"No policy {arn}.")
        context |= {"policy": policy, "name": policy.name, "document": text}
    return render_page(request, "policies/document.html", "policies/_document_row.html", context)
