"""Around every request: its id, its line in the log, and how long it took."""

import logging
import uuid
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from console.monitoring import doors
from iam import logs, metrics

logger = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
# Probes every few seconds, and a page's files: nobody looks for them.
_QUIET = frozenset({"static", *doors.DOORS})


class MonitoringMiddleware:
    """Answers those who watch, and notes what everybody else was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        with logs.bound(request_id=uuid.uuid4()):
            response = doors.answer(request) or self.get_response(request)
            _note(request, response, perf_counter() - began)
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = _route_name(request)
    told = logs.route_of(request) if request.resolver_match else route
    note_answer(route, str(request.method), response.status_code, seconds, told=told)


def note_answer(route: str, method: str, status: int, seconds: float, *, told: str = "") -> None:
    """Count an answer and write its line.

    The route is a name that is ours, whatever the address says; the line may tell it otherwise.
    """
    method = method if method in _METHODS else "other"
    metrics.request_answered(route, method, status, seconds)
    level = logging.DEBUG if route in _QUIET else logging.INFO
    if not logger.isEnabledFor(level):
        return
    details = {
        "method": method,
        "route": told or route,
        "status": status,
        "duration_ms": round(seconds * 1000, 1),
    }
    logger.log(level, "%s %s %d %.1f ms", *details.values(), extra={"details": details})


def _route_name(request: HttpRequest) -> str:
    if request.resolver_match:
        return request.resolver_match.view_name
    if request.path_info in doors.DOORS:
        return request.path_info
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"
