"""The console's addresses, and a bare view that returns the bytes of `bare` in the data directory."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from console.urls import handler400, handler403, handler404, handler500
from console.urls import urlpatterns as console_urls

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def page(_request: HttpRequest) -> HttpResponse:
    """Return the bytes."""
    return HttpResponse((settings.DATA_DIR / "bare").read_bytes())


urlpatterns = [path("bare/", page), *console_urls]
