"""Finding users for a page, with what its caller may not read taken out."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse
from django.urls import reverse

from console.identities.access import refused, unknown
from console.identities.identity import Identity
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import users
from iam.queries.users import UserRecord

Arguments = ParamSpec("Arguments")


def open_user(request: ConsoleRequest, name: str, action: str = "iam:GetUser") -> UserRecord:
    """Return a user whose page is asked for. Raises IamError AccessDenied before Http404: names are not given away."""
    user = users.find_user(request.principal.account_id, name)
    arn = user.arn if user else users.user_arn(request.principal.account_id, name)
    request.authorizer.require(action, arn, user.context if user else None)
    if user is None:
        raise unknown("user", name)
    return user


def identity_of(user: UserRecord) -> Identity:
    """Return a user as the pages that users share with groups and roles take it."""
    return Identity("User", user.pk, user.name, user.arn, user.context, user.boundary_arn, user.tags)


def crumbs(name: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a user's pages."""
    return [("Users", reverse("users:list")), (name, reverse("users:details", args=[name]) if more else ""), *more]


def user_page(
    view: Callable[Concatenate[ConsoleRequest, UserRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the user that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            user = open_user(request, name)
        except IamError as error:
            return refused(request, error, name, crumbs(name))
        return view(request, user, *args, **kwargs)

    return opened
