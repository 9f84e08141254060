"""A process begins with all that its requests need, and its first visitor does not wait for it."""

import gc
import subprocess
import sys

from celery import signals
from django.conf import settings

BEGINNING = """
import gc, sys
import console.wsgi
print(gc.get_freeze_count() > len(gc.get_objects()))
from django.urls import resolve
modules = set(sys.modules)
resolve("/users/")
print(*sorted(set(sys.modules) - modules))
"""


def test_views_are_loaded_with_the_application_and_stay_out_of_the_collectors_way():
    told = subprocess.check_output([sys.executable, "-c", BEGINNING], cwd=settings.BASE_DIR, text=True)

    assert told.splitlines() == ["True", ""]


def test_collector_passes_over_what_a_worker_begins_with():
    before = gc.get_freeze_count()
    kept = [[] for _ in range(1000)]

    signals.worker_process_init.send(sender=None)

    assert gc.get_freeze_count() >= before + len(kept)
