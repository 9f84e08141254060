"""Finding groups for a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse
from django.urls import reverse

from console.identities.access import refused, unknown
from console.identities.identity import Identity
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import groups
from iam.queries.groups import GroupRecord

Arguments = ParamSpec("Arguments")


def open_group(request: ConsoleRequest, name: str) -> GroupRecord:
    """Return a group whose page is asked for. Raises IamError AccessDenied before Http404: names are not given away."""
    group = groups.find_group(request.principal.account_id, name)
    request.authorizer.require(
        "iam:GetGroup", group.arn if group else groups.group_arn(request.principal.account_id, name)
    )
    if group is None:
        raise unknown("group", name)
    return group


def identity_of(group: GroupRecord) -> Identity:
    """Return a group as the pages that groups share with users and roles take it."""
    return Identity("Group", group.pk, group.name, group.arn)


def crumbs(name: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a group's pages."""
    return [
        ("User groups", reverse("groups:list")),
        (name, reverse("groups:details", args=[name]) if more else ""),
        *more,
    ]


def group_page(
    view: Callable[Concatenate[ConsoleRequest, GroupRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the group that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            group = open_group(request, name)
        except IamError as error:
            return refused(request, error, name, crumbs(name))
        return view(request, group, *args, **kwargs)

    return opened
