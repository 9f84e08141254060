"""Where somebody goes after signing in, and what the browser remembers about the account."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

REMEMBERED_COOKIE = "iam-account"
REMEMBERED_FOR = 365 * 24 * 60 * 60


def safe_next(request: HttpRequest) -> str:
    """Return the page asked for in `next` where it is a path of our own, else the dashboard's."""
    target = request.GET.get("next", "")
    is_own_path = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_own_path else "/"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The account (alias or id) and user name of the last sign-in that was to be remembered."""

    account: str
    user: str


def remembered(request: HttpRequest) -> Remembered | None:
    """Return what this browser remembers, None for nothing or where somebody changed the cookie."""
    value = request.get_signed_cookie(REMEMBERED_COOKIE, default=None, max_age=REMEMBERED_FOR)
    account, separator, user = (value or "").partition("/")
    return Remembered(account, user) if separator else None


def remember(response: HttpResponse, account: str, user: str) -> None:
    """Keep account and user name in this browser."""
    response.set_signed_cookie(
        REMEMBERED_COOKIE,
        f"{account}/{user}",
        max_age=REMEMBERED_FOR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponse) -> None:
    """Remember no account in this browser."""
    response.delete_cookie(REMEMBERED_COOKIE, samesite="Lax")
