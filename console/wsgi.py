"""The WSGI application, for granian or any other server."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.template import engines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

application = get_wsgi_application()
# The views come with their addresses, and the tags of templates. Else the first visitor of each process would wait.
import_module(settings.ROOT_URLCONF)
engines.all()
# What is there by now stays, and a collection that walks through it halts all requests for a tenth of a second.
gc.freeze()
