"""Pages for requests that failed, in the plain frame: they must work when nothing else does."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string


def _page(template: str, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(render_to_string(f"errors/{template}.html"), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that no page of the console sends."""
    return _page("400", HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: a door that is closed; refusals by policies are shown where they happen instead."""
    return _page("403", HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such page, or none that this principal may know of."""
    return _page("404", HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault."""
    return _page("500", HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that is older than the session, or that another site sent."""
    return _page("csrf", HTTPStatus.FORBIDDEN)


class MethodNotAllowedMiddleware:
    """Gives a refused method (405) a page, since Django answers it with an empty body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = render_to_string("errors/405.html").encode()
        return response
