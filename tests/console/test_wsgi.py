"""Processes begin with what their requests and tasks need, and the collector passes over it."""

import subprocess
import sys

from django.conf import settings

WEB = """
import gc, sys
import console.wsgi
print(gc.get_freeze_count() > len(gc.get_objects()))
from django.template import loader
from django.urls import resolve
modules = set(sys.modules)
resolve("/users/")
loader.get_template("users/list.html")
print(*sorted(name for name in set(sys.modules) - modules if name.startswith(("console.", "iam."))))
"""
WORKER = """
import gc
from celery import signals
import console.celery
signals.worker_process_init.send(sender=None)
print(gc.get_freeze_count() > len(gc.get_objects()))
"""


def lines(program: str) -> list[str]:
    return subprocess.check_output([sys.executable, "-c", program], cwd=settings.BASE_DIR, text=True).splitlines()


def test_web_process_begins_with_its_views_and_the_tags_of_templates():
    assert lines(WEB) == ["True", ""]


def test_worker_keeps_from_the_collector_what_it_begins_with():
    assert lines(WORKER) == ["True"]
