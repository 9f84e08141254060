"""What Celery's processes do around their work: set up the log, measure tasks, and end in good order."""

import gc
import logging.config
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from celery import Task, signals
from django.conf import settings

from iam import logs, metrics
from iam.sync import stopping

# By the task's id; a process of a worker has one at a time.
_running: dict[str, tuple[float, ExitStack]] = {}


def set_up_log(**_: Any) -> None:
    """Write as the web server does; without this, Celery has formats of its own."""
    logging.config.dictConfig(settings.LOGGING)


def keep_from_collector(**_: Any) -> None:
    """Have the collector pass over what a process begins with, which stays as long as the process does."""
    gc.freeze()


def begin_task(task_id: str, task: Task, **_: Any) -> None:
    """Have the lines of the log name the task."""
    stack = ExitStack()
    stack.enter_context(logs.bound(task=task.name))
    _running[task_id] = perf_counter(), stack


def end_task(task_id: str, task: Task, state: str | None = None, **_: Any) -> None:
    """Note how long the task took."""
    began, stack = _running.pop(task_id)
    stack.close()
    metrics.task_done(task.name, is_ok=state == "SUCCESS", seconds=perf_counter() - began)


def end_turns(**_: Any) -> None:
    """Have tasks end after the change they are at, instead of their turns."""
    stopping.ask()


def connect() -> None:
    """Have Celery call all of these."""
    signals.setup_logging.connect(set_up_log)
    signals.worker_process_init.connect(keep_from_collector)
    signals.task_prerun.connect(begin_task)
    signals.task_postrun.connect(end_task)
    signals.worker_shutting_down.connect(end_turns)
