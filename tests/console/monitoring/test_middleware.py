"""What the log says about requests."""

import json
import logging

import pytest
from django.conf import settings
from django.urls import reverse

from iam import logs
from iam.models import ChangeSet, Event
from tests.factories import make_account, root_of, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """Return a function that gives the lines of the log as JSON."""
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(logs.ContextFilter())
    return lambda: [json.loads(logs.JsonFormatter().format(record)) for record in caplog.records]


def access_line(lines):
    return next(line for line in lines() if line["logger"] == "console.monitoring.middleware")


def test_request_has_one_line_with_what_it_did(client, lines):
    account = make_account()
    sign_in(client, root_of(account))

    client.post(reverse("groups:create"), {"group_name": "Developers"})

    line, change_set = access_line(lines), ChangeSet.objects.filter(account=account).latest("created_at")
    assert line.pop("duration_ms") > 0
    assert line["message"].startswith("POST /groups/create/ 302 ")
    assert {
        name: line[name] for name in ("method", "route", "status", "account_id", "change_set_id", "request_id")
    } == {
        "method": "POST",
        "route": "/groups/create/",
        "status": 302,
        "account_id": account.pk,
        "change_set_id": str(change_set.pk),
        "request_id": str(change_set.request_id),
    }


def test_request_id_is_that_of_its_events(client, lines):
    sign_in(client, root_of(make_account()))

    client.get("/users/")

    event = Event.objects.latest("id")
    assert event.name == "ListUsers"
    assert access_line(lines)["request_id"] == str(event.request_id)


def test_call_of_the_api_names_its_operation_and_id(client, lines):
    body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=hidden-word"

    response = client.post("/", body, content_type="application/x-www-form-urlencoded")

    line = access_line(lines)
    assert (line["route"], line["operation"], line["status"]) == ("api", "AssumeRoleWithWebIdentity", 400)
    assert "hidden-word" not in json.dumps(lines())
    assert line["request_id"] == response["x-amzn-RequestId"]


@pytest.mark.parametrize(
    "path",
    [
        "/setup/hidden-word/",
        "/handover/hidden-word-hidden-word-hidden-word-hidden-w/",
        "/signin/recover/hidden-word/",
        "/users/?q=hidden-word",
        "/no-such-page/hidden-word/",
        "/?Action=hidden-word",
        "/users/details/hidden-word/?X-Amz-Security-Token=hidden-word",
    ],
)
def test_log_says_no_path_and_no_query(client, lines, path):
    client.get(path, headers={"Referer": "http://testserver/hidden-word/", "User-Agent": "hidden-word"})
    client.post(path, {"password": "hidden-word"})

    assert len([line for line in lines() if line["logger"] == "console.monitoring.middleware"]) >= 1
    assert "hidden-word" not in json.dumps(lines())


def test_fault_of_ours_is_told_without_the_path(client, lines, monkeypatch):
    def fail(*arguments, **others):
        raise RuntimeError("A fault of ours")

    client.raise_request_exception = False
    monkeypatch.setattr("iam.operations.handovers.open_link", fail)
    path = reverse("handovers:open", args=["hidden-word-hidden-word-hidden-word-hidden-w"])

    response = client.post(path)

    assert response.status_code == 500
    errors = [line for line in lines() if line["level"] == "ERROR"]
    assert "A fault of ours" in errors[0]["exception"]
    assert errors[0]["request_id"] == access_line(lines)["request_id"]
    assert "hidden-word" not in json.dumps(lines())


def test_probes_and_files_have_no_line(client, lines):
    client.get("/healthz")
    client.get("/static/hidden-word.js")

    assert not [line for line in lines() if line["logger"] == "console.monitoring.middleware"]


def test_libraries_that_write_secrets_at_debug_never_do():
    assert settings.LOGGING["loggers"]["botocore"]["level"] == "INFO"
    assert not logging.getLogger("botocore.parsers").isEnabledFor(logging.DEBUG)
