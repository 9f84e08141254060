"""The yardstick for pages: a Django project with one view, no middleware and no database.

`BARE_FILE` names the file whose bytes it returns. Started by `bench.pages` under the same server as the console.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

BODY = Path(os.environ["BARE_FILE"]).read_bytes()


def page(_request: HttpRequest) -> HttpResponse:
    """Return the bytes."""
    return HttpResponse(BODY)


urlpatterns = [path("", page)]
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="bare", MIDDLEWARE=[])  # noqa: S106
application = get_wsgi_application()
