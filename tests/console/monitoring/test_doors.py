"""The three doors for machines that watch: what they tell, and to whom."""

import time

import pytest
from django.db import connection
from django.utils import timezone

from console.monitoring import health
from iam import sealing
from iam.models import Event, Heartbeat
from iam.operations import heartbeats
from iam.sync import tasks
from tests.factories import make_account, root_of, sign_in

DOORS = ["/healthz", "/readyz", "/metrics"]


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch):
    monkeypatch.setattr(health, "KEPT_SECONDS", -1.0)


def failed(client):
    return client.get("/readyz").json()["failed"]


def test_liveness_touches_nothing(client, settings):
    # Without the database fixture, any use of it fails.
    settings.SEALING_KEYS, settings.SEALING_KEYS_FILE = [], settings.DATA_DIR / "missing"

    response = client.get("/healthz", headers={"Host": "10.0.0.7:8000", "Cookie": "iam-session=unknown"})

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_ready_installation_says_so(client):
    tasks.sweep()

    response = client.get("/readyz", headers={"Host": "10.0.0.7:8000"})

    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "failed": [],
        "checks": dict.fromkeys(["database", "migrations", "sealing_key", "broker", "workers"], True),
    }


@pytest.mark.django_db(transaction=True)
def test_lost_broker_and_late_workers_leave_web_ready(client, settings):
    settings.REDIS_URL = "redis://:hidden-word@127.0.0.1:1/0"
    Heartbeat.objects.create(name=heartbeats.SWEEP, at=timezone.now() - timezone.timedelta(hours=1))

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["failed"] == ["broker", "workers"]


def test_lost_database_is_not_ready(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert {"database", "migrations"} <= set(response.json()["failed"])
    assert "nowhere" not in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_database_of_an_earlier_version_is_not_ready(client):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'away' WHERE app = 'iam'")
        try:
            response = client.get("/readyz")
        finally:
            cursor.execute("UPDATE django_migrations SET app = 'iam' WHERE app = 'away'")

    assert response.status_code == 503
    assert "migrations" in response.json()["failed"]
    assert "database" not in response.json()["failed"]


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_sealing_key_that_cannot_be_read_is_not_ready(client, settings, tmp_path, content):
    settings.SEALING_KEYS, settings.SEALING_KEYS_FILE = [], tmp_path / "sealing.keys"
    if content:
        settings.SEALING_KEYS_FILE.write_text(content)

    assert "sealing_key" in failed(client)

    settings.SEALING_KEYS_FILE.write_text(sealing.new_key())
    assert "sealing_key" not in failed(client)


def test_many_who_ask_make_one_process_look_once(client, monkeypatch):
    monkeypatch.setattr(health, "KEPT_SECONDS", 60.0)
    monkeypatch.setattr(health, "_last", None)
    looks = []

    def look():
        looks.append(1)
        return health.Readiness(dict.fromkeys(health.NEEDED, True), time.monotonic())

    monkeypatch.setattr(health, "look", look)

    for _ in range(5):
        client.get("/readyz")

    assert len(looks) == 1


@pytest.mark.parametrize("door", DOORS)
def test_doors_take_no_other_method(client, door):
    response = client.post(door, {"Action": "ListUsers"})

    assert response.status_code == 405


@pytest.mark.parametrize("door", ["/healthz/", "/readyz/x", "//metrics", "/metrics;x", "/METRICS"])
@pytest.mark.django_db
def test_other_addresses_are_no_doors(client, door):
    assert client.get(door).status_code == 404 or client.get(door)["Location"].startswith("/sign")


@pytest.mark.django_db(transaction=True)
def test_doors_leave_neither_session_nor_event(client):
    sign_in(client, root_of(make_account()))
    events = Event.objects.count()

    for door in DOORS:
        assert "Set-Cookie" not in client.get(door).headers

    assert Event.objects.count() == events


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.django_db
def test_metrics_are_for_the_machine_itself(client, address):
    response = client.get("/metrics", REMOTE_ADDR=address, headers={"Host": "localhost:8000"})

    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    "sent",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "::ffff:192.0.2.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": ""},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"HTTP_HOST": "rebound.example.com"},
    ],
    ids=str,
)
def test_metrics_are_for_nobody_elsewhere(client, sent, settings):
    settings.TRUSTED_PROXIES = 1

    response = client.get("/metrics", **sent)

    assert (response.status_code, response.content) == (403, b"")


@pytest.mark.django_db
def test_token_opens_metrics_from_elsewhere(client, settings):
    settings.METRICS_TOKEN = "a-token-of-the-monitoring"
    headers = {"Authorization": "Bearer a-token-of-the-monitoring", "Host": "10.0.0.7:8000"}

    response = client.get("/metrics", headers=headers, REMOTE_ADDR="192.0.2.1")

    assert response.status_code == 200


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a-token",
        "a-token-of-the-monitoring",
        "Basic a-token-of-the-monitoring",
        "Bearer ä",
    ],
)
def test_other_tokens_open_nothing(client, settings, shown):
    settings.METRICS_TOKEN = "a-token-of-the-monitoring"

    response = client.get("/metrics", headers={"Authorization": shown})

    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"] == "Bearer"
