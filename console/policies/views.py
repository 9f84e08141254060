"""Pages about managed policies."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.policies import find_document, find_policies


@require_safe
def show_document(request: ConsoleRequest, arn: str) -> HttpResponse:
    """Show the default version of a policy: a page, or the row that a table's expander opens."""
    context: dict[str, object] = {"name": arn.rpartition("/")[2], "arn": arn}
    try:
        request.authorizer.require("iam:GetPolicyVersion", arn)
    except IamError as error:
        context["refusal"] = error
    else:
        found = find_policies(request.principal.account_id, [arn])
        text = find_document(request.principal.account_id, arn)
        if not found or text is None:
            raise Http404(f"No policy {arn}.")
        context |= {"policy": found[0], "name": found[0].name, "document": text}
    return render_page(request, "policies/document.html", "policies/_document_row.html", context)
