"""The WSGI application, for granian or any other server."""

import gc
import os
from functools import partial
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.template import engines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

_pages = get_wsgi_application()

# What needs Django's applications to be there.
from console.monitoring.middleware import note_answer  # noqa: E402
from iam.api.wsgi import QueryApi  # noqa: E402

application = QueryApi(_pages, note=partial(note_answer, "api"))
# The views come with their addresses, and the tags of templates. Else the first visitor of each process would wait.
import_module(settings.ROOT_URLCONF)
engines.all()
# What is there by now stays, and a collection that walks through it halts all requests for a tenth of a second.
gc.freeze()
