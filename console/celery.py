"""The Celery application: `celery -A console worker`, `celery -A console beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("iam")
# Threads of the web server have no current application of their own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["iam.sync"])
