"""Workers hear of changes beside the request, and once for those that follow each other fast."""

import base64
import json
import threading
import time
from collections import Counter

import pytest
import redis
from django.conf import settings

from iam.operations import perform, waking
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


def test_worker_that_is_at_it_is_not_woken_and_is_again_when_it_ended():
    account = make_account()
    before = messages()[account.pk]

    with lane_of(account.pk) as lane:
        assert lane
        perform(root_of(account), "CreateUser", UserName="alice")
        assert messages()[account.pk] == before
    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 1


def test_worker_that_is_at_it_is_looked_for_less_often(monkeypatch):
    account = make_account()
    messages()
    monkeypatch.setattr(waking, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(waking, "LONG_PAUSE_SECONDS", 0.5)
    began_at = time.monotonic()

    with lane_of(account.pk) as lane:
        assert lane
        waking.wake_soon(account.pk)
        messages()

    assert time.monotonic() - began_at >= waking.LONG_PAUSE_SECONDS
