"""SIGTERM lets the web server and workers finish what they are at."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest
from django.db import connection

from console.embedded import programs
from console.embedded.processes import Child, wait_until
from iam.models import Change
from iam.operations import Step, perform, perform_change_set
from iam.queries.lanes import is_lane_taken
from tests.factories import make_account, make_user, root_of
from tests.product import free_port

State = Change.State
DEADLINE = 120


@pytest.fixture
def environ(transactional_db, tmp_path: Path, settings) -> dict[str, str]:
    """Processes of a test have its database, and files of their own."""
    settings.DATA_DIR = tmp_path
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(tmp_path)}


@pytest.fixture
def started() -> Iterator[list[Child]]:
    children: list[Child] = []
    yield children
    for child in children:
        child.kill()


def test_web_server_finishes_the_request_in_flight(environ, started, tmp_path):
    port, account = free_port(), make_account()
    key = perform(root_of(account), "CreateAccessKey", UserName=make_user(account, "alice").name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    web_url = f"http://localhost:{port}"
    web = programs.web("127.0.0.1", port, tmp_path / "web.log", environ)
    started.append(web)
    web.start()
    assert wait_until(lambda: programs.answers("127.0.0.1", port), DEADLINE)
    answers: list[str] = []

    def ask() -> None:
        answers.append(session.client("sts", endpoint_url=web_url).get_caller_identity()["Account"])

    with psycopg.connect(environ["DATABASE_URL"]) as holder:
        holder.execute("LOCK TABLE iam_accesskey")
        asking = threading.Thread(target=ask)
        asking.start()
        assert wait_until(lambda: is_waiting("iam_accesskey"), DEADLINE), web.last_lines()
        web.ask_to_stop()
        assert wait_until(lambda: "Shutting down" in web.log.read_text(), DEADLINE)
        holder.rollback()
    asking.join()
    web.stop(DEADLINE)

    assert answers == [account.pk]
    assert web.end == "exit code 0"


def is_waiting(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = %s::regclass)", [table])
        return bool(cursor.fetchone()[0])


def states(account) -> set[str]:
    return set(Change.objects.filter(account=account).values_list("state", flat=True))


def test_worker_finishes_its_change_and_leaves_the_rest_to_others(environ, started, tmp_path):
    account = make_account()
    steps = [Step("CreateUser", {"UserName": f"user-{number}"}) for number in range(600)]
    perform_change_set(root_of(account), steps)
    first = programs.worker(tmp_path / "first.log", environ)
    second = programs.worker(tmp_path / "second.log", environ)
    started += [first, second]
    first.start()
    assert wait_until(lambda: State.VERIFIED in states(account), DEADLINE), first.last_lines()

    first.ask_to_stop()
    first.stop(DEADLINE)

    assert first.end == "exit code 0"
    assert states(account) == {State.VERIFIED, State.PENDING}
    assert not is_lane_taken(account.pk)
    second.start()
    assert wait_until(lambda: states(account) == {State.VERIFIED}, DEADLINE), second.last_lines()
    assert set(Change.objects.filter(account=account).values_list("attempts", flat=True)) == {1}
