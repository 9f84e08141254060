"""Signing in and out. Every refusal reads the same, whatever was wrong (console reference 3.7)."""

import math
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.components.flashes import flash
from console.components.forms import ConsoleForm
from console.signin import sessions
from console.signin.destinations import forget, remember, remembered, safe_next
from console.signin.forms import ChangePasswordForm, EmailForm, KindForm, RootPasswordForm, UserForm
from console.signin.middleware import public
from console.signin.passwords import change_forced_password, visible_rules
from iam.errors import IamError
from iam.operations import signin
from iam.operations.signin import SignedIn
from iam.queries import principals
from iam.sources import source_of

# When a signed-in user begins to be warned about a password that expires (console reference 3.6).
WARNING_DAYS = 15


def _to(name: str, next_url: str, *arguments: str, **query: str) -> HttpResponse:
    if next_url != "/":
        query["next"] = next_url
    url = reverse(name, args=arguments)
    return HttpResponseRedirect(url + ("?" + urlencode(query, safe="/") if query else ""))


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def chooser(request: HttpRequest) -> HttpResponse:
    """Root user or IAM user, on one page; `?different` forgets the remembered account first."""
    next_url = safe_next(request)
    if request.method != "POST":
        if request.principal:  # type: ignore[attr-defined]
            return HttpResponseRedirect(next_url)
        known = remembered(request)
        if known and "different" not in request.GET:
            return _to("signin:account", next_url, known.account)
    is_root = request.POST.get("kind") == "root"
    email = EmailForm(_posted(request) if is_root else None)
    if email.is_valid():
        return _to_root_password(request, email)
    form = UserForm(None if is_root else _posted(request))
    entered = _enter_as_user(request, form)
    if isinstance(entered, HttpResponse):
        return entered
    context = {
        "kind": KindForm(initial={"kind": "root" if is_root else "iam"}),
        "email": email,
        "form": form,
        "has_accounts": principals.has_accounts(),
    }
    response = _page(request, "signin/chooser.html", context, entered)
    if "different" in request.GET:
        forget(response)
    return response


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def user(request: HttpRequest, account: str = "") -> HttpResponse:
    """Sign in as IAM user; with the account filled in on the account's own sign-in URL."""
    if request.method != "POST":
        if _is_signed_in_to(request, account):
            return HttpResponseRedirect(safe_next(request))
        known = remembered(request)
        name = known.user if known and known.account == account else ""
        form = UserForm(initial={"account": account, "user": name, "remember": bool(name)})
        return render(request, "signin/user.html", {"form": form, "account": account})
    form = UserForm(request.POST)
    entered = _enter_as_user(request, form)
    if isinstance(entered, HttpResponse):
        return entered
    return _page(request, "signin/user.html", {"form": form, "account": account}, entered)


def _is_signed_in_to(request: HttpRequest, account: str) -> bool:
    """Whether the form would lead where the browser is already; another account's form replaces the session."""
    here = request.account  # type: ignore[attr-defined]
    return bool(here) and account.lower() in {"", here.id, here.alias}


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def root(request: HttpRequest) -> HttpResponse:
    """Step one of the root user: the e-mail address, which is not looked up before the password is there."""
    next_url = safe_next(request)
    if request.method != "POST" and request.principal:  # type: ignore[attr-defined]
        return HttpResponseRedirect(next_url)
    form = EmailForm(_posted(request), initial={"email": request.session.get(sessions.ROOT_EMAIL, "")})
    if form.is_valid():
        return _to_root_password(request, form)
    return _page(request, "signin/root.html", {"form": form})


def _to_root_password(request: HttpRequest, form: EmailForm) -> HttpResponse:
    request.session[sessions.ROOT_EMAIL] = form.cleaned_data["email"]
    return _to("signin:root-password", safe_next(request))


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def root_password(request: HttpRequest) -> HttpResponse:
    """Step two of the root user."""
    next_url = safe_next(request)
    email = request.session.get(sessions.ROOT_EMAIL)
    if email is None:
        return _to("signin:root", next_url)
    form = RootPasswordForm(_posted(request))
    status = None
    if form.is_valid():
        try:
            entered = signin.sign_in_root(email, form.cleaned_data["password"], source_of(request))
            return _enter(request, entered, next_url)
        except IamError as error:
            status = _refusal(form, error)
    return _page(request, "signin/root_password.html", {"form": form, "email": email}, status)


def _enter_as_user(request: HttpRequest, form: UserForm) -> HttpResponse | HTTPStatus | None:
    """Sign in with the form: where to go, or the status of a refusal, which is then on the form."""
    if not form.is_valid():
        return None
    wanted = form.cleaned_data
    try:
        entered = signin.sign_in_user(wanted["account"], wanted["user"], wanted["password"], source_of(request))
    except IamError as error:
        return _refusal(form, error)
    next_url = safe_next(request)
    if entered.must_change_password:
        sessions.begin_password_change(request, entered.principal, next_url=next_url, remember=wanted["remember"])
        return _to("signin:change-password", "/")
    response = _enter(request, entered, next_url)
    if wanted["remember"]:
        remember(response, wanted["account"], entered.principal.name)
    else:
        forget(response)
    return response


def _enter(request: HttpRequest, entered: SignedIn, next_url: str) -> HttpResponse:
    sessions.begin(request, entered.principal)
    if entered.password_expires_at:
        left = math.ceil((entered.password_expires_at - timezone.now()).total_seconds() / 86400)
        if left <= WARNING_DAYS:
            days = "1 day" if left == 1 else f"{left} days"
            change = ("Change password", reverse("account:change-password"))
            flash(request, "warning", f"Your password expires in {days}.", link=change)
    return HttpResponseRedirect(next_url)


def _refusal(form: ConsoleForm, error: IamError) -> HTTPStatus:
    # Without the code: a person at the door is told one sentence.
    form.add_error(None, error.message)
    return HTTPStatus.TOO_MANY_REQUESTS if error.code == "Throttling" else HTTPStatus.UNPROCESSABLE_ENTITY


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(
    request: HttpRequest, template: str, context: dict[str, object], status: HTTPStatus | None = None
) -> HttpResponse:
    if status is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    response = render(request, template, context, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "60"
    return response


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change a password that opens nothing else before (console reference 3.6)."""
    pending = sessions.password_change(request)
    if pending is None:
        return HttpResponseRedirect("/")
    form = ChangePasswordForm(_posted(request), rules=visible_rules(pending.principal))
    if form.is_valid() and change_forced_password(pending.principal, form):
        sessions.begin(request, pending.principal)
        flash(request, "success", "Your password has been changed.")
        response = HttpResponseRedirect(pending.next)
        if pending.remember:
            remember(response, pending.account.sign_in_name, pending.principal.name)
        return response
    return _page(request, "signin/change_password.html", {"form": form, "pending": pending})


@public
@never_cache
@require_safe
def expired(request: HttpRequest) -> HttpResponse:
    """Say that the session has run out; the way back in leads to the same page."""
    next_url = safe_next(request)
    if request.principal:  # type: ignore[attr-defined]
        return HttpResponseRedirect(next_url)
    return render(request, "signin/expired.html", {"again": _to("signin:chooser", next_url).headers["Location"]})


@public
@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; the remembered account stays."""
    sessions.end(request)
    return HttpResponseRedirect(reverse("signin:signed-out"))


@public
@never_cache
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say so, and offer the way back."""
    return render(request, "signin/signed_out.html")
