"""The file of credentials behind every Download .csv button."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from console.components.downloads import DownloadGoneError, read_offer
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest


@require_POST
def download(request: ConsoleRequest) -> HttpResponse:
    """Return the file that the posted word stands for, once."""
    try:
        return read_offer(request, request.POST.get("file", ""))
    except DownloadGoneError:
        text = "The file was downloaded already, or the page that offered it is older than 15 minutes."
        flash(request, "error", f"{text} Secrets cannot be shown again: make new ones.")
        return redirect_to(request, reverse("users:list"))
