"""Finding roles for a page, with what its caller may not read taken out."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse

from console.identities.access import refused, unknown
from console.identities.identity import Identity
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import roles
from iam.queries.roles import RoleRecord

Arguments = ParamSpec("Arguments")


def open_role(request: ConsoleRequest, name: str) -> RoleRecord:
    """Return a role whose page is asked for. Raises IamError AccessDenied before Http404: names are not given away."""
    account_id = request.principal.account_id
    role = roles.find_role(account_id, name)
    request.authorizer.require(
        "iam:GetRole", role.arn if role else roles.role_arn(account_id, name), role.context if role else None
    )
    if role is None:
        raise unknown("role", name)
    return role


def identity_of(role: RoleRecord) -> Identity:
    """Return a role as the pages that roles share with users and groups take it."""
    return Identity("Role", role.pk, role.name, role.arn, role.context, role.boundary_arn, role.tags)


def role_page(
    view: Callable[Concatenate[ConsoleRequest, RoleRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the role that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            role = open_role(request, name)
        except IamError as error:
            return refused(request, error, name, Identity("Role", 0, name, "").crumbs())
        return view(request, role, *args, **kwargs)

    return opened
