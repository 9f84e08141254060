"""Waking workers, which look for what waits: messages are nudges, and the rows are the truth."""

import logging
import threading
import time

import psycopg
from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from iam.queries.lanes import is_lane_taken

logger = logging.getLogger(__name__)

DRAIN = "iam.sync.drain"
# Changes of one account that follow each other faster go to the worker together.
PAUSE_SECONDS = 0.05
# While workers are at it, they see by themselves what comes; this only finds one that ends just then.
LONG_PAUSE_SECONDS = 0.2

_lock = threading.Lock()
_waiting: set[str] = set()
_is_at_work = False


def wake_soon(account_id: str) -> None:
    """Tell a worker that an account has changes, at once but beside the request, which need not wait for the broker.

    A process that dies before leaves it to the sweep.
    """
    global _is_at_work  # noqa: PLW0603 - one for the process
    with _lock:
        _waiting.add(account_id)
        if _is_at_work:
            return
        _is_at_work = True
    try:
        threading.Thread(target=_wake_waiting, name="waking workers").start()
    except RuntimeError:
        _rest()
        logger.warning("No thread is to be had that wakes workers; the sweep will find the changes of %s.", account_id)


def _wake_waiting() -> None:
    try:
        while accounts := _take_waiting():
            is_woken = sum(wake_worker(account_id) for account_id in accounts) > 0
            time.sleep(PAUSE_SECONDS if is_woken else LONG_PAUSE_SECONDS)
    except BaseException:
        _rest()
        raise


def _take_waiting() -> list[str]:
    """Return the accounts that wait; where there are none, the next one starts a thread again."""
    with _lock:
        accounts = sorted(_waiting)
        _waiting.clear()
        if not accounts:
            _rest()
    return accounts


def _rest() -> None:
    global _is_at_work  # noqa: PLW0603
    _is_at_work = False


def wake_worker(account_id: str) -> bool:
    """Tell a worker that an account has changes; False where one has the lane and so will see them by itself."""
    try:
        is_needed = not is_lane_taken(account_id)
    except psycopg.Error as error:
        logger.info("The database does not tell whether account %s has a worker already: %s", account_id, error)
        is_needed = True
    if is_needed:
        nudge(DRAIN, account_id)
    return is_needed


def nudge(task: str, *arguments: str) -> None:
    """Send a task's message. A lost one costs nothing but time: the sweep finds what waits."""
    try:
        current_app.send_task(task, arguments, retry=False)
    except (OperationalError, RedisError, OSError):
        logger.warning("The broker did not take the message for %s%s; the sweep will find its work.", task, arguments)
