"""`/healthz`, `/readyz` and `/metrics`: for machines that watch, without a session, a page or an event."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST

from console.monitoring import health, readings

# What proxies add: a request that one of them passed on comes from somewhere else.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")


def answer(request: HttpRequest) -> HttpResponse | None:
    """Answer a request for one of the three; None for any other."""
    door = DOORS.get(request.path_info)
    if door is None:
        return None
    response = door(request) if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def liveness(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. It looks at nothing: a new process would not bring a database back."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


def readiness(request: HttpRequest) -> HttpResponse:
    """Say whether requests should come here, and what is not well; 503 where they should not."""
    del request
    found = health.readiness()
    told = {"ready": found.is_ready, "failed": found.failed, "checks": dict(found.checks)}
    return JsonResponse(told, status=200 if found.is_ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Give the metrics to whoever has the token, or, where none is set, to this machine."""
    if settings.METRICS_TOKEN:
        if not constant_time_compare(request.META.get("HTTP_AUTHORIZATION", ""), f"Bearer {settings.METRICS_TOKEN}"):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    elif not is_from_this_machine(request):
        return HttpResponse(status=403, content_type="text/plain")
    return HttpResponse(readings.text(), content_type=CONTENT_TYPE_LATEST)


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether a program of this machine asks, and no proxy or browser for somebody elsewhere.

    A page of another site may have its name lead here (DNS rebinding); the name in the request tells.
    """
    if any(header in request.META for header in FORWARDED):
        return False
    try:
        request.get_host()
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except (DisallowedHost, ValueError):
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


DOORS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": liveness,
    "/readyz": readiness,
    "/metrics": metrics,
}
