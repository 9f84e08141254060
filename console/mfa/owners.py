"""Whose MFA devices a page is about: a user's, looked after by an administrator, or those of who is signed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse
from django.urls import reverse

from console.identities.access import refused, unknown
from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.queries import users
from iam.queries.mfa_devices import devices_of
from iam.queries.users import MfaRecord, UserRecord

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with MFA devices; `call_name` is what the API calls them: of root, the account ID.

    `about` is what the addresses of their pages name: nobody, where these are one's own.
    """

    label: str
    call_name: str
    arn: str
    devices: tuple[MfaRecord, ...]
    user_name: str | None = None
    user_pk: int | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    about: tuple[str, ...] = ()

    def url(self, page: str, *arguments: str) -> str:
        """Return the address of a page of `console.mfa.urls` about this owner."""
        return reverse(f"mfa:{page}" if self.about else f"mfa:{page}-own", args=[*self.about, *arguments])

    @property
    def back(self) -> str:
        """The page that shows the owner's devices."""
        return home_of(*self.about)

    def crumbs(self, page: str) -> list[tuple[str, str]]:
        """Return the breadcrumbs of a page about the owner's devices."""
        if not self.about:
            return [("My security credentials", self.back), (page, "")]
        return [("Users", reverse("users:list")), (self.label, self.back), (page, "")]


def home_of(*about: str) -> str:
    """Return the page with the devices of a user, or with one's own where there is no name."""
    if about:
        return reverse("users:security-credentials", args=about)
    return reverse("credentials:security-credentials")


def owner_of(user: UserRecord) -> Owner:
    """Return a user as the owner of devices."""
    return Owner(user.name, user.name, user.arn, user.mfa_devices, user.name, user.pk, user.context, (user.name,))


def oneself(request: ConsoleRequest) -> Owner:
    """Return who is signed in. Raises Http404 for who has no devices, such as the session of a role."""
    principal = request.principal
    if principal.session or not (principal.is_user or principal.is_root):
        raise Http404("Only users and the root user have MFA devices.")
    if principal.is_root:
        devices = devices_of(principal.account_id, None)
        return Owner("Root user", principal.account_id, principal.arn, devices)
    user = users.find_user(principal.account_id, principal.name)
    if user is None:
        raise unknown("user", principal.name)
    return Owner(user.name, user.name, user.arn, user.mfa_devices, user.name, user.pk, user.context)


def find_owner(request: ConsoleRequest, *about: str) -> Owner:
    """Return a user by name, or else who is signed in. Raises IamError AccessDenied before Http404.

    One's own pages do not take `iam:GetUser`.
    """
    if not about:
        return oneself(request)
    (name,) = about
    user = users.find_user(request.principal.account_id, name)
    arn = user.arn if user else users.user_arn(request.principal.account_id, name)
    request.authorizer.require("iam:GetUser", arn, user.context if user else None)
    if user is None:
        raise unknown("user", name)
    return owner_of(user)


def owner_page(
    view: Callable[Concatenate[ConsoleRequest, Owner, Arguments], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give a view the owner that its address names; whoever may not read that user gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, *args: Any, name: str | None = None, **kwargs: Any) -> HttpResponse:
        try:
            owner = find_owner(request, *([name] if name else []))
        except IamError as error:
            return refused(request, error, name or "", [("Users", reverse("users:list")), (name or "", "")])
        return view(request, owner, *args, **kwargs)

    return opened
