"""The search page, the command palette, and the documentation of an AWS action."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.components.forms import ConsoleForm
from console.components.htmx import is_fragment, render_page
from console.requests import ConsoleRequest
from console.search import recent, results
from console.search.granting import granting
from console.search.options import Results, page_of
from iam.policy import catalog
from iam.queries.search import Kind

LONGEST = 512
IN_PALETTE, ON_PAGE = 5, 20
SHORTCUTS = (
    (
        "Everywhere",
        (
            (("Ctrl", "K"), "Search or jump to anything"),
            (("/",), "Go to the search of the list; without one, the same as Ctrl K"),
            (("?",), "Show this list"),
            (("Esc",), "Close what is open, and give the focus back"),
        ),
    ),
    (
        "In a list",
        (
            (("J",), "Next row"),
            (("K",), "Previous row"),
            (("X",), "Select the row"),
            (("Enter",), "Open the row"),
            (((".",)), "Open the row's menu"),
        ),
    ),
    (
        "In the search",
        (
            (("↑",), "Previous result"),
            (("↓",), "Next result"),
            (("Enter",), "Open the result"),
            (("Ctrl", "Enter"), "Open the result in a new tab"),
        ),
    ),
)


class SearchForm(ConsoleForm):
    """What is searched for."""

    q = forms.CharField(
        max_length=LONGEST,
        required=False,
        error_messages={"max_length": "Search for up to %(limit_value)d characters; this has %(show_value)d."},
    )


class OpenForm(ConsoleForm):
    """Which find is opened: a user, group or role by name, a policy by ARN."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in Kind])
    key = forms.CharField(max_length=700)


def _results(request: ConsoleRequest, limit: int) -> dict[str, Any]:
    form = SearchForm(request.GET)
    if not form.is_valid():
        return {"error": form.errors["q"][0], "results": Results(""), "q": ""}
    text = form.cleaned_data["q"]
    found = results.search(request, text, limit) if text else results.suggest(request)
    return {"results": found, "q": text}


@require_safe
def page(request: ConsoleRequest) -> HttpResponse:
    """Search on a page of its own, with and without script."""
    context = _results(request, ON_PAGE)
    status = 422 if "error" in context else 200
    say = context["results"].announcement
    return render_page(request, "search/page.html", "search/_results.html", context, status, say=say)


@require_safe
def palette(request: ConsoleRequest) -> HttpResponse:
    """Return the palette as a dialog over the page; without script, go to the search page."""
    if not is_fragment(request):
        return HttpResponseRedirect(reverse("search:page"))
    return render(request, "search/_palette.html", {"results": results.suggest(request)})


@require_safe
def palette_results(request: ConsoleRequest) -> HttpResponse:
    """Return the palette's lines for what was typed."""
    if not is_fragment(request):
        query = {"q": request.GET["q"]} if "q" in request.GET else {}
        return HttpResponseRedirect(f"{reverse('search:page')}?{urlencode(query)}")
    context = _results(request, IN_PALETTE)
    say = context["results"].announcement
    return render_page(request, "search/_options.html", "search/_options.html", context, say=say)


@require_safe
def open_found(request: ConsoleRequest) -> HttpResponse:
    """Lead to the page of a find, and remember it among the recent ones."""
    form = OpenForm(request.GET)
    if not form.is_valid():
        return HttpResponseRedirect(reverse("search:page"))
    kind, key = Kind(form.cleaned_data["kind"]), form.cleaned_data["key"]
    url = page_of(kind, key)
    if url is None:
        raise Http404(f"There is no page of {kind.value} {key}.")
    recent.remember(request, kind, key)
    return HttpResponseRedirect(url)


@require_safe
def action(request: ConsoleRequest, service: str, name: str) -> HttpResponse:
    """Document an action: what it does, on what, under which conditions, and which policies of the account grant it."""
    found = catalog.find_action(f"{service}:{name}")
    if found is None:
        raise Http404(f"There is no action {service}:{name}.")
    context = {"action": found, "service": catalog.find_service(found.service), "granting": granting(request, found)}
    return render(request, "search/action.html", context)


@require_safe
def shortcuts(request: ConsoleRequest) -> HttpResponse:
    """List the keys: over the page, or as one of its own."""
    return render_page(request, "search/shortcuts.html", "search/_shortcuts.html", {"shortcuts": SHORTCUTS})
