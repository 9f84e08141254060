"""The file of credentials behind every Download .csv button."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.components.downloads import DownloadGoneError, read_offer
from console.components.flashes import flash
from console.components.htmx import redirect_to


def _download(request: HttpRequest, back: str) -> HttpResponse:
    try:
        return read_offer(request, request.POST.get("file", ""))
    except DownloadGoneError:
        text = "The file was downloaded already, or the page that offered it is older than 15 minutes."
        flash(request, "error", f"{text} Secrets cannot be shown again: make new ones.")
        return redirect_to(request, back)


@require_POST
def download_for_users(request: HttpRequest) -> HttpResponse:
    """Return the file that the posted word stands for, once."""
    return _download(request, reverse("users:list"))


@require_POST
def download_for_oneself(request: HttpRequest) -> HttpResponse:
    """The same, from My security credentials."""
    return _download(request, reverse("credentials:security-credentials"))
