"""The Query API at the path `/`, beside the console.

It stands before Django's handler, with its middleware, signals and responses: those are the console's, and took a fifth
of the time of a call.
"""

import uuid
from collections.abc import Callable, Iterable
from http.client import responses
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import UnreadablePostError

from iam import logs
from iam.api.door import Answer, answer

# As Django has it, whose answers may be of any type of its own.
Application = Callable[[WSGIEnvironment, StartResponse], Any]
# The method, the status and the seconds of a request.
Note = Callable[[str, int, float], None]


class QueryApi:
    """A WSGI application (PEP 3333) that answers requests of API clients; everything else goes on to the console.

    Sessions, cookies, CSRF tokens, host names and HTML are the console's. `note` is told what was answered.
    """

    def __init__(self, console: Application, note: Note) -> None:
        self.console = console
        self.note = note

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_for_api(environ):
            return self.console(environ, start_response)
        answered = self._answer(Request(environ))
        start_response(f"{answered.status} {responses[answered.status]}", answered.headers)
        return [answered.content]

    def _answer(self, request: "Request") -> Answer:
        began = perf_counter()
        with logs.bound(request_id=uuid.uuid4()):
            try:
                answered = answer(request)
            finally:
                # Before the client has its answer: its next request may want the connection.
                if not connection.in_atomic_block:
                    connection.close()
            self.note(request.method, answered.status, perf_counter() - began)
        return answered


class Request(WSGIRequest):
    """A request as far as the API looks at it: without what Django prepares for forms, cookies and addresses."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = self.META = environ
        self.method: str = environ["REQUEST_METHOD"].upper()
        try:
            self._left = max(0, int(environ.get("CONTENT_LENGTH") or 0))
        except ValueError:
            self._left = 0

    def read(self, size: int | None = None, /) -> bytes:
        """Return as many bytes of the body, or what is left of it. Raises UnreadablePostError."""
        wanted = self._left if size is None else min(size, self._left)
        try:
            content: bytes = self.environ["wsgi.input"].read(wanted)
        except OSError as error:
            raise UnreadablePostError(*error.args) from error
        self._left -= len(content)
        return content


def is_for_api(environ: WSGIEnvironment) -> bool:
    """Whether an API client sent the request: no page of the console posts to `/` or signs anything."""
    if (environ.get("PATH_INFO") or "/") != "/":
        return False
    if environ["REQUEST_METHOD"].upper() == "POST" or environ.get("HTTP_AUTHORIZATION", "").startswith("AWS"):
        return True
    query = "&" + environ.get("QUERY_STRING", "")
    return "&Action=" in query or "&X-Amz-" in query
