"""Pages, their fragments, and what follows a swap. The server decides what is swapped, never the request."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect

# Regions that belong to no page. Each partial has a fixed id and says itself that it is swapped out of band.
OUT_OF_BAND = {
    "flashbar": "components/_flashbar.html",
    "change-status": "components/_change_status.html",
}


def is_fragment(request: HttpRequest) -> bool:
    """Whether only a part of the page is asked for; boosted and history requests need all of it."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest,
    page: str,
    fragment: str,
    context: dict[str, Any],
    status: int = 200,
    *,
    regions: Sequence[str] = (),
    say: str = "",
) -> HttpResponse:
    """Render a page, or the fragment that it includes.

    A fragment may bring `regions` along out of band, and `say` a few words in the live region.
    """
    if is_fragment(request):
        response = render(request, fragment, context, status=status)
        for region in regions:
            response.write(render_to_string(OUT_OF_BAND[region], {**context, "out_of_band": True}, request))
        if say:
            response.write(format_html('<div hx-swap-oob="innerHTML:#live">{}</div>', say))
    else:
        response = render(request, page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """Leave the page, whoever asked: a form by 302, htmx by loading the new page as a whole."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)
