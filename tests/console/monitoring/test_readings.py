"""What Prometheus reads."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from iam.models import Account, Change, Connection, Drift
from iam.operations import heartbeats, perform
from tests.factories import make_account, make_user, root_of, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client):
    """Return a function that gives the value of a metric with labels, None without it."""

    def value(name, **labels):
        families = text_string_to_metric_families(client.get("/metrics").content.decode())
        found = [
            sample.value
            for family in families
            for sample in family.samples
            if (sample.name, sample.labels) == (name, labels)
        ]
        assert len(found) <= 1
        return found[0] if found else None

    return value


@pytest.fixture
def mirror():
    """An account of AWS whose circuit is open."""
    account = Account.objects.create(pk="210987654321", name="Production", kind="aws", created_at=timezone.now())
    owner = make_account()
    Connection.objects.create(
        account=account,
        owner=owner,
        name="Production",
        source="environment",
        created_at=timezone.now(),
        failures=3,
        retry_at=timezone.now() + timedelta(minutes=1),
    )
    return account


def test_lanes_are_told_by_account_and_state(read):
    account = make_account()
    make_user(account, "alice")
    make_user(account, "bob")
    Change.objects.filter(account=account).update(created_at=timezone.now() - timedelta(minutes=2))
    last = Change.objects.filter(account=account).latest("id")
    Change.objects.filter(pk=last.pk).update(state="failed", error_code="LimitExceeded")
    of_account = {"account_id": account.pk, "kind": "local"}

    assert read("iam_changes", **of_account, state="pending") == 2
    assert read("iam_changes", **of_account, state="failed") == 1
    assert 120 <= read("iam_changes_oldest_seconds", **of_account, state="pending") < 180
    assert read("iam_changes", **of_account, state="verified") is None


def test_open_circuits_and_drift_are_told(read, mirror):
    for number, is_ignored in enumerate([False, True, False]):
        Drift.objects.create(
            account=mirror, kind="user", name=f"user{number}", found_at=timezone.now(), is_ignored=is_ignored
        )

    assert read("iam_connection_failures", account_id=mirror.pk) == 3
    assert read("iam_connection_circuit_open", account_id=mirror.pk) == 1
    assert read("iam_drifts", account_id=mirror.pk) == 2


def test_history_and_sweep_are_told(read):
    assert read("iam_sweep_age_seconds") is None
    make_user(make_account())
    heartbeats.note_sweep()

    assert read("iam_events_unchained") >= 1
    assert read("iam_events_unchained_oldest_seconds") >= 0
    assert 0 <= read("iam_sweep_age_seconds") < 60


def test_operations_are_told(read):
    root = root_of(make_account())
    before = read("iam_operation_seconds_count", operation="ListUsers", outcome="ok") or 0

    perform(root, "ListUsers")

    assert read("iam_operation_seconds_count", operation="ListUsers", outcome="ok") == before + 1


def test_requests_are_told_by_names_that_are_ours(read, client):
    sign_in(client, root_of(make_account()))
    labels = {"route": "users:details", "method": "GET", "status": "404"}
    before = read("iam_request_seconds_count", **labels) or 0

    client.get("/users/details/nobody-of-this-name/")
    client.get("/no-such-page-anywhere/")
    client.generic("BREW", "/users/")

    text = client.get("/metrics").content.decode()
    assert read("iam_request_seconds_count", **labels) == before + 1
    assert read("iam_request_seconds_count", route="none", method="GET", status="404") >= 1
    assert read("iam_request_seconds_count", route="users:list", method="other", status="405") >= 1
    assert "nobody-of-this-name" not in text
    assert "no-such-page-anywhere" not in text
    assert "BREW" not in text


def test_reading_takes_few_statements_for_many_accounts(client, django_assert_num_queries):
    for _ in range(3):
        make_user(make_account())

    # Transaction, limit of time, changes, connections, drifts, history.
    with django_assert_num_queries(7):
        client.get("/metrics")


def test_metrics_of_processes_are_there_without_a_database(read, client, monkeypatch):
    def fail():
        raise OperationalError("away")

    monkeypatch.setattr("console.monitoring.readings.read_installation", fail)

    assert read("iam_database_up") == 0
    assert "iam_request_seconds" in client.get("/metrics").content.decode()
