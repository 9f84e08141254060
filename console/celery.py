"""The Celery application: `celery -A console worker`, `celery -A console beat`."""

import os
from typing import Any

from celery import Celery
from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokerLostError

from console.monitoring import workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")


class Channel(redis.Channel):
    """A channel that says so when its connection is gone.

    Kombu's own fails with an AttributeError when a task ends after the broker went away, and that ends the worker; a
    lost connection it can bear.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if getattr(self.connection, "client", None) is None:
            raise BrokerLostError("The connection of this channel was closed.")
        parameters: dict[str, Any] = super()._connparams(asynchronous)
        return parameters


redis.Transport.Channel = Channel

app = Celery("iam")
# Threads of the web server have no current application of their own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["iam.sync", "console.signin"])
workers.connect()
