"""What a page may show of an identity: refusals as values, so that each panel can say which action is missing."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import render

from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError


def refusal(
    request: ConsoleRequest, action: str, resource: str = "*", context: Mapping[str, ContextValue] | None = None
) -> IamError | None:
    """Return why the caller may not read something, None where it may."""
    try:
        request.authorizer.require(action, resource, context)
    except IamError as error:
        return error
    return None


def unknown(kind: str, name: str) -> Http404:
    """Return the answer for a name that nobody has, in AWS's words."""
    return Http404(f"The {kind} with name {name} cannot be found.")


def refused(request: ConsoleRequest, error: IamError, heading: str, crumbs: Sequence[tuple[str, str]]) -> HttpResponse:
    """Return the frame of a page whose own read is denied, with the reason in place of its content."""
    context = {"refusal": error, "heading": heading, "crumbs": crumbs}
    return render(request, "identities/refused.html", context, status=HTTPStatus.FORBIDDEN)
