"""The page behind the one-time set-up link."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.formats import grouped
from console.components.forms import errors_on
from console.setup.forms import SetUpForm
from console.signin import sessions
from console.signin.middleware import public
from iam.operations import accounts, password_rules
from iam.queries import principals


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Create the first account; the link is used up by it."""
    if not accounts.is_setup_token(token):
        context = {"has_accounts": principals.has_accounts()}
        return render(request, "setup/closed.html", context, status=HTTPStatus.NOT_FOUND)
    form = SetUpForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wanted = form.cleaned_data
        with errors_on(form):
            account = accounts.set_up(token, name=wanted["name"], email=wanted["email"], password=wanted["password"])
            request.session[sessions.ROOT_EMAIL] = wanted["email"]
            flash(
                request,
                "success",
                f"The account ID is {grouped(account.pk)}. Sign in as its root user.",
                heading=f"Account {account.name} created.",
            )
            return HttpResponseRedirect(reverse("signin:root"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    # The account's names are not known yet, and no password may equal them.
    rules = password_rules.default_rules("account name", "email").sentences()
    return render(request, "setup/set_up.html", {"form": form, "rules": rules}, status=status)
