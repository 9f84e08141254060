"""Views of hand-over links: the page that makes them, the one that opens them, and the receipts."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.components.downloads import DownloadGoneError, Offer, look_at_offer, offer_csv, take_offer
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url_for
from console.signin.middleware import public
from iam.errors import IamError
from iam.operations import handovers
from iam.operations.handovers import Handed
from iam.queries.handovers import HandoverRecord, find_by_digest, find_handover, handovers_by
from iam.sources import source_of

LIFETIMES = (("3600", "1 hour"), ("86400", "24 hours"), ("604800", "7 days"))
# What a link's page shows hidden until somebody asks for it.
SECRETS = frozenset({"Password", "Secret access key"})


class LifetimeForm(ConsoleForm):
    """How long the links open."""

    lifetime = forms.ChoiceField(
        label="The link opens for",
        help_text="Once opened, or after this time, it shows nothing any more.",
        choices=LIFETIMES,
        widget=forms.RadioSelect,
        initial="86400",
    )


@require_POST
def create(request: ConsoleRequest) -> HttpResponse:
    """Ask how long links should open, and make them of credentials that were just shown."""
    word = request.POST.get("file", "")
    try:
        offer = look_at_offer(request, word)
        form = LifetimeForm(request.POST if "lifetime" in request.POST else None)
        if form.is_valid():
            with errors_on(form):
                return _make(request, word, timedelta(seconds=int(form.cleaned_data["lifetime"])))
    except DownloadGoneError:
        text = "The credentials were handed over or downloaded already, or their page is older than 15 minutes."
        flash(request, "error", f"{text} Secrets cannot be shown again: make new ones.")
        return redirect_to(request, reverse("users:list"))
    context = {"form": form, "word": word, "names": [name for name, _ in offer.by_user]}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "handovers/create.html", context, status=status)


def _make(request: ConsoleRequest, word: str, lifetime: timedelta) -> HttpResponse:
    """Make a link for each user and show them, this once."""
    offer: Offer = look_at_offer(request, word)
    handed = [Handed(name, tuple(values)) for name, values in offer.by_user]
    tokens = handovers.create(request.principal, handed, lifetime)
    take_offer(request, word)
    made = [(each.user_name, _url(token)) for each, token in zip(handed, tokens, strict=True)]
    context = {
        "links": [{"name": name, "url": url, "email": _email(url)} for name, url in made],
        "offer": offer_csv(request, "hand_over_links.csv", ("User name", "Hand-over link"), made),
        "lifetime": dict(LIFETIMES)[str(int(lifetime.total_seconds()))],
    }
    return render(request, "handovers/created.html", context)


def _url(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('handovers:open', args=[token])}"


def _email(url: str) -> str:
    text = (
        "Hello,\n\nyour credentials for the AWS Management Console are behind this link. It opens once, so open it "
        f"when you can keep what it shows:\n\n{url}\n"
    )
    return f"mailto:?subject={quote('Your credentials')}&body={quote(text)}"


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link is for; what is behind it only to who asks for it, so that no preview of a mail uses it up."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            opened = handovers.open_link(token, source_of(request))
        except IamError:
            return _closed(request, token)
        context = {
            "opened": opened,
            "values": [(label, value, label in SECRETS) for label, value in opened.values],
            "sign_in_url": (
                sign_in_url_for(opened.account_id, is_in_aws=opened.is_in_aws)
                if "Password" in dict(opened.values)
                else ""
            ),
        }
        return render(request, "handovers/opened.html", context)
    found = find_by_digest(handovers.digest_of(token))
    if found is None or found.state != "waiting":
        return _closed(request, token)
    return render(request, "handovers/open.html", {"handover": found})


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    context = {"handover": find_by_digest(handovers.digest_of(token))}
    return render(request, "handovers/closed.html", context, status=HTTPStatus.NOT_FOUND)


@require_safe
def own(request: ConsoleRequest) -> HttpResponse:
    """Show the links that the caller made, and what became of them."""
    found = handovers_by(request.principal.account_id, request.principal.unique_id)
    return render(request, "handovers/list.html", {"handovers": found})


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: ConsoleRequest, handover: UUID) -> HttpResponse:
    """Close a link before somebody opens it: the caller's own, or one of a user whose password it may set."""
    found = find_handover(request.principal.account_id, handover)
    if found is None or not _may_withdraw(request, found):
        raise Http404("There is no such hand-over link.")
    form = ConsoleForm(request.POST if request.method == "POST" else None)
    back = reverse("handovers:list")
    if form.is_valid():
        with errors_on(form):
            handovers.withdraw(request.principal, handover)
            flash(request, "success", f"Hand-over link for {found.user_name} withdrawn.")
            return redirect_to(request, back)
    context = {"form": form, "handover": found, "back": back}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render_page(request, "handovers/withdraw.html", "handovers/_withdraw.html", context, status=status)


def _may_withdraw(request: ConsoleRequest, found: HandoverRecord) -> bool:
    if found.creator_id == request.principal.unique_id:
        return True
    return request.authorizer.allows("iam:UpdateLoginProfile", found.user_arn)
