"""Whose credentials a page is about, and where the pages about them are.

Each page of this area has two addresses: one among the pages of a user, for administrators, and one below My security
credentials, for oneself. Both have the same names in their namespaces.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, Literal, ParamSpec

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.components.access import refusal
from console.components.changing import Crumbs
from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.principals import Principal
from iam.queries.root_users import RootRecord, find_root_user
from iam.queries.users import KeyRecord, UserRecord, find_user

Arguments = ParamSpec("Arguments")
OWN = "My security credentials"


@dataclass(frozen=True, slots=True)
class Owner:
    """A user, or the root user whose `name` is empty; `trail` are the breadcrumbs that lead to the pages of `area`."""

    name: str
    arn: str
    context: Mapping[str, ContextValue]
    keys: tuple[KeyRecord, ...]
    area: Literal["users", "credentials"]
    trail: tuple[tuple[str, str], ...]
    user: UserRecord | None = None
    root: RootRecord | None = None

    @property
    def whose(self) -> str:
        """The owner in the title of a change set: `of user alice`."""
        return f"of user {self.name}" if self.user else "of the root user"

    @property
    def called(self) -> str:
        """The owner at the beginning of a sentence."""
        return self.name or "The root user"

    @property
    def is_own(self) -> bool:
        """Whether somebody looks at their own credentials."""
        return self.area == "credentials"

    @property
    def named(self) -> dict[str, str]:
        """The parameter that names the owner in a call; without it, root's are meant."""
        return {"UserName": self.name} if self.user else {}

    @property
    def about(self) -> tuple[str, ...]:
        """What addresses of the area name before anything else."""
        return () if self.is_own else (self.name,)

    def url(self, page: str, *arguments: str) -> str:
        """Return the address of a page about the owner's credentials."""
        return reverse(f"{self.area}:{page}", args=[*self.about, *arguments])

    @property
    def home(self) -> str:
        """The page with all the credentials."""
        return self.url("security-credentials")

    @property
    def download_url(self) -> str:
        """Where the form of a file of credentials is posted to."""
        return reverse(f"{self.area}:download")

    def crumbs(self, *more: tuple[str, str]) -> Crumbs:
        """Return the breadcrumbs of a page."""
        return [*self.trail, *more]

    def refusal(self, request: ConsoleRequest, action: str) -> IamError | None:
        """Return why the caller may not read something of the owner's, None where it may."""
        return refusal(request, action, self.arn, self.context)


def owner_of(user: UserRecord, trail: Crumbs) -> Owner:
    """Return a user as the owner of credentials that an administrator looks at."""
    return Owner(user.name, user.arn, user.context, user.keys, "users", tuple(trail), user)


def _own(principal: Principal) -> Owner | None:
    """Return whoever calls, None for a role's or a federated user's session: such a one has no credentials to keep."""
    trail = ((OWN, reverse("credentials:security-credentials")),)
    if principal.is_user and principal.session is None:
        user = find_user(principal.account_id, principal.name)
        if user is None:
            raise Http404
        return Owner(user.name, user.arn, user.context, user.keys, "credentials", trail, user)
    root = find_root_user(principal.account_id) if principal.is_unlimited else None
    if root is None:
        return None
    return Owner("", principal.arn, {}, root.keys, "credentials", trail, root=root)


def own_page(
    view: Callable[Concatenate[ConsoleRequest, Owner, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, Arguments], HttpResponse]:
    """Give a view the credentials of whoever calls; nothing else has to be allowed to see the page's frame."""

    @wraps(view)
    def opened(request: ConsoleRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        owner = _own(request.principal)
        if owner is None:
            return render(request, "credentials/no_credentials.html", {"own": OWN}, status=HTTPStatus.FORBIDDEN)
        return view(request, owner, *args, **kwargs)

    return opened
