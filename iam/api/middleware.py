"""The Query API at the path `/`, beside the console."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse

from iam.api.door import answer


class QueryApiMiddleware:
    """Answers requests of API clients; everything else goes on to the console.

    It stands before all other middleware: sessions, cookies, CSRF tokens, host names and HTML are the console's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_for_api(request):
            return self.get_response(request)
        answered = answer(request)
        # Django does it once the answer is sent, when the same client's next request may be waiting for a connection.
        if not connection.in_atomic_block:
            connection.close()
        return answered


def is_for_api(request: HttpRequest) -> bool:
    """Whether an API client sent the request: no page of the console posts to `/` or signs anything."""
    if request.path_info != "/":
        return False
    if request.method == "POST" or request.META.get("HTTP_AUTHORIZATION", "").startswith("AWS"):
        return True
    query = "&" + request.META.get("QUERY_STRING", "")
    return "&Action=" in query or "&X-Amz-" in query
