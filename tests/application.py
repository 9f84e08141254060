"""A client of the whole application: of its pages, as Django's test client is, and of the Query API beside them."""

from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from console.wsgi import application
from iam.api.wsgi import is_for_api


def answer_of(application: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return the status line, the headers and the content that a WSGI application answers."""
    begun: list[Any] = []

    def start(*head: Any) -> Callable[[bytes], object]:
        begun.extend(head)
        return begun.append

    content = b"".join(application(environ, start))
    status, headers = begun
    return status, headers, content


class _Handler(ClientHandler):
    def __call__(self, environ: WSGIEnvironment) -> Any:
        if not is_for_api(environ):
            return super().__call__(environ)
        status, headers, content = answer_of(application, environ)
        response: Any = HttpResponse(content, status=int(status[:3]), reason=status[4:], headers=dict(headers))
        response.wsgi_request = WSGIRequest(environ)
        return response


class ApplicationClient(Client):
    """Django's test client, before which the Query API stands as it does before the console."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handler = _Handler(enforce_csrf_checks=self.handler.enforce_csrf_checks)
