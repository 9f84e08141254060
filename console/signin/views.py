"""Signing in and out. Every refusal reads the same, whatever was wrong (console reference 3.7)."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.signin import sessions
from console.signin.destinations import forget, remembered, safe_next
from console.signin.entering import enter, page, posted, refusal, to
from console.signin.forms import EmailForm, KindForm, RootPasswordForm, UserForm
from console.signin.middleware import public
from iam.errors import IamError
from iam.operations import signin
from iam.queries import principals
from iam.sources import source_of


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
            return to("signin:account", next_url, known.account)
    is_root = request.POST.get("kind") == "root"
    email = EmailForm(posted(request) if is_root else None)
    if email.is_valid():
        return _to_root_password(request, email)
    form = UserForm(None if is_root else posted(request))
    entered = _enter_as_user(request, form)
    if isinstance(entered, HttpResponse):
        return entered
    context = {
        "kind": KindForm(initial={"kind": "root" if is_root else "iam"}),
        "email": email,
        "form": form,
        "has_accounts": principals.has_accounts(),
    }
    response = page(request, "signin/chooser.html", context, entered)
    if "different" in request.GET:
        forget(response)
    return response


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def user(request: HttpRequest, account: str = "") -> HttpResponse:
    """Sign in as IAM user; with the account filled in on the account's own sign-in URL."""
    if request.method != "POST":
        if _is_signed_into(request, account):
            return HttpResponseRedirect(safe_next(request))
        known = remembered(request)
        name = known.user if known and known.account == account else ""
        form = UserForm(initial={"account": account, "user": name, "remember": bool(name)})
        return render(request, "signin/user.html", {"form": form, "account": account})
    form = UserForm(request.POST)
    entered = _enter_as_user(request, form)
    if isinstance(entered, HttpResponse):
        return entered
    return page(request, "signin/user.html", {"form": form, "account": account}, entered)


def _is_signed_into(request: HttpRequest, account: str) -> bool:
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
    form = EmailForm(posted(request), initial={"email": request.session.get(sessions.ROOT_EMAIL, "")})
    if form.is_valid():
        return _to_root_password(request, form)
    return page(request, "signin/root.html", {"form": form})


def _to_root_password(request: HttpRequest, form: EmailForm) -> HttpResponse:
    request.session[sessions.ROOT_EMAIL] = form.cleaned_data["email"]
    return to("signin:root-password", safe_next(request))


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def root_password(request: HttpRequest) -> HttpResponse:
    """Step two of the root user."""
    next_url = safe_next(request)
    email = request.session.get(sessions.ROOT_EMAIL)
    if email is None:
        return to("signin:root", next_url)
    form = RootPasswordForm(posted(request))
    status = None
    if form.is_valid():
        try:
            entered = signin.sign_in_root(email, form.cleaned_data["password"], source_of(request))
            return enter(request, entered, next_url)
        except IamError as error:
            status = refusal(form, error)
    return page(request, "signin/root_password.html", {"form": form, "email": email}, status)


def _enter_as_user(request: HttpRequest, form: UserForm) -> HttpResponse | HTTPStatus | None:
    """Sign in with the form: where to go, or the status of a refusal, which is then on the form."""
    if not form.is_valid():
        return None
    wanted = form.cleaned_data
    try:
        entered = signin.sign_in_user(wanted["account"], wanted["user"], wanted["password"], source_of(request))
    except IamError as error:
        return refusal(form, error)
    return enter(request, entered, safe_next(request), account=wanted["account"], is_remembered=wanted["remember"])


@public
@never_cache
@require_safe
def expired(request: HttpRequest) -> HttpResponse:
    """Say that the session has run out; the way back in leads to the same page."""
    next_url = safe_next(request)
    if request.principal:  # type: ignore[attr-defined]
        return HttpResponseRedirect(next_url)
    return render(request, "signin/expired.html", {"again": to("signin:chooser", next_url).headers["Location"]})


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
