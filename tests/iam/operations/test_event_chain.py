"""The chain over the event history: each event once, whoever dies and whoever writes meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from console.embedded.processes import wait_until
from iam import events
from iam.models import Event, EventChain, EventCursor, EventLink, EventResource
from iam.operations import event_chain, perform
from iam.operations.event_chain import lay_chain
from iam.queries.event_chain import find_head, head_file, history_key
from iam.queries.event_verification import check_history
from iam.sync.tasks import chain
from tests.factories import make_account, make_policy, make_role, make_user, principal_of, root_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def data_dir(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    settings.EVENTS_KEY = "a key"


def faults():
    return [checked.fault for checked in check_history(history_key()) if checked.fault]


def sequences(account):
    return list(EventLink.objects.filter(account_id=account.pk).order_by("event_id").values_list("sequence", flat=True))


@pytest.mark.django_db
def test_each_account_has_a_chain_of_its_own_in_the_order_of_events():
    one, other = make_account(), make_account()
    for account in (one, other, one):
        perform(root_of(account), "ListUsers")

    lay_chain()

    assert sequences(one) == [1, 2]
    assert sequences(other) == [1]
    assert faults() == []


@pytest.mark.django_db
def test_laying_again_goes_on_where_it_ended():
    account = make_account()
    perform(root_of(account), "ListUsers")
    lay_chain()
    perform(root_of(account), "ListRoles")

    lay_chain()
    lay_chain()

    assert sequences(account) == [1, 2]
    assert EventCursor.objects.get(pk="chain").position == Event.objects.latest("id").pk
    assert find_head(account.pk, history_key()).sequence == 2


@pytest.mark.django_db
def test_batches_make_one_chain(monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 2)
    account = make_account()
    for _ in range(5):
        perform(root_of(account), "ListUsers")

    lay_chain()

    assert sequences(account) == [1, 2, 3, 4, 5]
    assert faults() == []


@pytest.mark.django_db
def test_a_turn_that_is_too_short_says_so(monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 1)
    monkeypatch.setattr(event_chain, "TURN_SECONDS", 0)
    account = make_account()
    for _ in range(2):
        perform(root_of(account), "ListUsers")

    assert lay_chain()
    assert sequences(account) == [1]
    lay_chain()
    assert sequences(account) == [1, 2]


@pytest.mark.django_db
def test_an_event_of_no_account_is_chained():
    account = make_account()
    event = events.event_of_call(root_of(account), "AssumeRoleWithSAML", service="sts", is_read_only=False)
    event.account_id = ""
    events.record(event)

    lay_chain()

    assert EventChain.objects.get().account_id == ""
    assert head_file("").exists()
    assert faults() == []


@pytest.mark.django_db
def test_the_head_is_noted_after_a_worker_died_before_it(monkeypatch):
    account = make_account()
    perform(root_of(account), "ListUsers")
    with monkeypatch.context() as patched:
        patched.setattr(event_chain, "_write_head", lambda head, key: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            lay_chain()

    lay_chain()

    assert sequences(account) == [1]
    assert find_head(account.pk, history_key()).sequence == 1


@pytest.mark.django_db
def test_the_head_is_for_its_owner_only():
    perform(root_of(make_account()), "ListUsers")

    lay_chain()

    (head,) = head_file("").parent.iterdir()
    assert head.stat().st_mode & 0o077 == 0
    assert head.parent.stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_events_are_found_by_what_they_name():
    account = make_account()
    alice = make_user(account, "Alice")
    make_role(account, "Auditor")
    key = "AKIA" + "A" * 16
    perform(replace(principal_of(alice), access_key_id=key), "GetCallerIdentity")
    perform(root_of(account), "AttachUserPolicy", UserName="Alice", PolicyArn=make_policy(account).arn)

    lay_chain()

    named = set(EventResource.objects.values_list("type", "name"))
    assert {("user", "alice"), ("role", "auditor"), ("policy", "readthings")} <= named
    assert EventLink.objects.get(access_key_id=key).actor == "alice"
    assert EventLink.objects.filter(actor="root", name="createrole").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["iam_event", "iam_eventlink", "iam_eventresource"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET account_id = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_chained_cannot_be_rewritten(table, statement):
    make_user(make_account())
    lay_chain()
    with connection.cursor() as sql:
        sql.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as sql:
        sql.execute(statement.format(table))


@pytest.mark.django_db
def test_a_rewritten_history_is_told_in_the_log_and_the_task_ends(caplog):
    account = make_account()
    perform(root_of(account), "ListUsers")
    lay_chain()
    head_file(account.pk).write_text("{}")
    perform(root_of(account), "ListUsers")

    chain()

    assert "is not chained any further" in caplog.text
    assert sequences(account) == [1]


def at_once(*functions):
    failures = []

    def run(function):
        try:
            function()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_chain_what_is_written_meanwhile_once(monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 3)
    account = make_account()
    root = root_of(account)
    has_ended = threading.Event()

    def write():
        for _ in range(25):
            perform(root, "ListUsers")

    def write_all():
        try:
            at_once(write, write)
        finally:
            has_ended.set()

    def lay():
        while not has_ended.is_set():
            lay_chain()

    at_once(write_all, lay, lay)
    lay_chain()

    assert sequences(account) == list(range(1, 51))
    assert faults() == []


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_committed_late_has_its_place():
    account = make_account()
    root = root_of(account)
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            events.record(events.event_of_call(root, "ListRoles", is_read_only=True))
            written.set()
            may_commit.wait(10)

    def write_and_lay():
        written.wait(10)
        perform(root, "ListUsers")
        threading.Timer(0.2, may_commit.set).start()
        lay_chain()

    at_once(write_slowly, write_and_lay)

    names = EventLink.objects.order_by("sequence").values_list("name", flat=True)
    assert list(names) == ["listroles", "listusers"]


# Tells of each batch, and then hangs in the transaction of one.
STOPPING_WORKER = """
import time

import django

django.setup()
from iam.operations import event_chain

append = event_chain._append

def append_and_tell(key, events, chains):
    append(key, events, chains)
    print(len(events), flush=True)
    if events[0].pk > {after}:
        time.sleep(600)

event_chain.BATCH = 4
event_chain._append = append_and_tell
event_chain.lay_chain()
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_leaves_no_lock_and_no_gap(tmp_path):
    account = make_account()
    for _ in range(40):
        perform(root_of(account), "ListUsers")
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    first = Event.objects.earliest("id").pk
    worker = subprocess.Popen(
        [sys.executable, "-c", STOPPING_WORKER.format(after=first + 20)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DATA_DIR": str(tmp_path), "EVENTS_KEY": "a key"},
        stdout=subprocess.PIPE,
    )
    with worker:
        for _ in range(7):
            worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)
    is_cut_off = EventChain.objects.get(pk=account.pk).sequence < 40

    def is_chained():
        lay_chain()
        return EventChain.objects.get(pk=account.pk).sequence == 40

    assert is_cut_off
    assert wait_until(is_chained, 90)
    assert sequences(account) == list(range(1, 41))
    assert faults() == []
