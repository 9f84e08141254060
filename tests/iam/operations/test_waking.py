"""Workers hear of changes beside the request, and once for those that follow each other fast."""

import base64
import json
import threading
from collections import Counter
from types import SimpleNamespace

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


def test_worker_that_is_at_it_is_not_told_and_looked_for_less_often(monkeypatch):
    account = make_account()
    before = messages()[account.pk]
    pauses = pauses_with_changes(monkeypatch, account.pk, 1)

    with lane_of(account.pk) as lane:
        assert lane
        waking.wake_soon(account.pk)
        assert messages()[account.pk] == before
    assert pauses == [waking.LONG_PAUSE_SECONDS] * 2

    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 1


def test_requests_keep_the_connections_of_the_pool(monkeypatch):
    account = make_account()
    messages()
    pauses_with_changes(monkeypatch, account.pk, 2)
    before = connection.pool.get_stats()["requests_num"]

    waking.wake_soon(account.pk)
    messages()

    assert connection.pool.get_stats()["requests_num"] == before


@pytest.mark.parametrize("comes_back", [True, False])
def test_worker_is_told_where_the_database_does_not_tell_who_is_at_it(monkeypatch, comes_back):
    account = make_account()
    with lane_of(account.pk) as lane, connection.cursor() as sql:
        assert lane
        waking.wake_soon(account.pk)
        before = messages()[account.pk]
        if not comes_back:
            sql.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} CONNECTION LIMIT 1")
        try:
            sql.execute("SELECT pg_terminate_backend(%s, 10000)", [sessions.kept().info.backend_pid])
            pauses_with_changes(monkeypatch, account.pk, 1)

            waking.wake_soon(account.pk)

            # By the second time there is another session.
            assert messages()[account.pk] == before + (1 if comes_back else 2)
        finally:
            sql.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} CONNECTION LIMIT -1")


def test_without_a_thread_the_sweep_has_to_find_the_change(monkeypatch, caplog):
    account = make_account()
    before = messages()[account.pk]

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", start)
        waking.wake_soon(account.pk)
    assert f"the sweep will find the changes of {account.pk}" in caplog.text

    waking.wake_soon(account.pk)

    assert messages()[account.pk] == before + 1


def test_network_that_says_nothing_keeps_nobody_for_long():
    assert sessions.kept().info.get_parameters()["tcp_user_timeout"] == "3000"
