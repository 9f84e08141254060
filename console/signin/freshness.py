"""Pages for somebody who proved just now who they are: a session found open makes no keys and changes no MFA device."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest
from console.signin.middleware import SAFE, page_of

# How long password or code count. A form is opened while some of that is left, so that what is typed is not in vain.
COUNTS_FOR = timedelta(minutes=15)
OPENS_FOR = timedelta(minutes=10)

Arguments = ParamSpec("Arguments")


def is_recent(request: ConsoleRequest) -> bool:
    """Whether the person behind a session, in a role or not, proved recently enough who they are."""
    lasts = OPENS_FOR if request.method in SAFE else COUNTS_FOR
    return timezone.now() - request.confirmed_at < lasts


def requires_recent_sign_in(
    view: Callable[Concatenate[ConsoleRequest, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, Arguments], HttpResponse]:
    """Ask for the password or a code before a page where the last proof is too old, and lead back to it.

    Stands outside of what finds the page's object, so that the question tells nobody whether there is one. What is
    posted too late is not carried out: the person is led back to the page that it came from.
    """

    @wraps(view)
    def checked(request: ConsoleRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if is_recent(request) else ask_again(request)

    return checked


def ask_again(request: ConsoleRequest) -> HttpResponse:
    """Lead to the page that asks, and from there back: to the page or dialog, or to the page that a form was on."""
    if request.method in SAFE:
        back = request.get_full_path()
    else:
        back = page_of(request)
        flash(request, "info", "Nothing was changed yet. Confirm that it is you, then send the form again.")
    return redirect_to(request, reverse("signin:confirm") + "?" + urlencode({"next": back}, safe="/"))
