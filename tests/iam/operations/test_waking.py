"""Workers hear of changes beside the request, and once for those that follow each other fast."""

import base64
import json
import threading
from collections import Counter
from types import SimpleNamespace

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from iam.operations import perform, waking
from iam.queries import sessions
from iam.sync.lock import lane_of
from tests.factories import make_account, root_of

pytestmark = pytest.mark.django_db(transaction=True)


def messages() -> Counter[str]:
    """Return how many messages wait for workers, by account, once all are sent."""
    for thread in threading.enumerate():
        if thread.name == "waking workers":
            thread.join()
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        bodies = [json.loads(message)["body"] for message in broker.lrange("iam", 0, -1)]
    return Counter(arguments[0] for arguments, *_ in map(json.loads, map(base64.b64decode, bodies)) if arguments)


def test_a_change_wakes_a_worker():
    account = make_account()
    before = messages()[account.pk]

    perform(root_of(account), "CreateUser", UserName="alice")

    assert messages()[account.pk] == before + 1


def test_changes_that_follow_fast_wake_one_worker_for_each_account():
    accounts = [make_account(), make_account()]
    before = messages()

    for _ in range(100):
        for account in accounts:
            waking.wake_soon(account.pk)

    sent = messages() - before
    assert all(1 <= sent[account.pk] < 100 for account in accounts)


def pauses_with_changes(monkeypatch, account_id: str, changes: int) -> list[float]:
    """Have as many changes come in the pauses of the thread that wakes workers, one in each; return these."""
    pauses = []

    def pause(seconds: float) -> None:
        # Django's connection is one of the pool that requests work with.
        assert connection.connection is None
        if len(pauses) < changes:
            waking.wake_soon(account_id)
        pauses.append(seconds)

    monkeypatch.setattr(waking, "time", SimpleNamespace(sleep=pause))
    return pauses


def test_worker_is_told_of_changes_that_keep_coming(monkeypatch):
    account = make_account()
    before = messages()[account.pk]
    pauses = pauses_with_changes(monkeypatch, account.pk, 2)

    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 3
    assert pauses == [waking.PAUSE_SECONDS] * 3


def test_worker_that_is_at_it_is_looked_for_less_often_and_not_told(monkeypatch):
    account = make_account()
    before = messages()[account.pk]
    pauses = pauses_with_changes(monkeypatch, account.pk, 2)

    with lane_of(account.pk) as lane:
        assert lane
        waking.wake_soon(account.pk)
        assert messages()[account.pk] == before + 1
    assert pauses == [waking.PAUSE_SECONDS, waking.LONG_PAUSE_SECONDS, waking.LONG_PAUSE_SECONDS]

    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 2


def test_database_that_does_not_answer_is_asked_again(monkeypatch, caplog):
    account = make_account()
    before = messages()[account.pk]
    pauses_with_changes(monkeypatch, account.pk, 2)
    connect = sessions.connect
    refusals = iter([psycopg.OperationalError("the server is away")])

    def connect_at_last(**parameters):
        for refusal in refusals:
            raise refusal
        return connect(**parameters)

    monkeypatch.setattr(sessions, "connect", connect_at_last)

    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 2
    assert (
        f"The database did not tell who carries changes; the sweep will find those of ['{account.pk}']." in caplog.text
    )
