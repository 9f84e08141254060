"""Real workers, broker and folders that go away in the middle: nothing is lost, and nothing happens twice."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from console.embedded.processes import Child, wait_until
from console.embedded.valkey import Valkey
from iam.models import Change, ChangeSet
from iam.operations import perform
from iam.sync.backends.local import folder_of
from tests.factories import allow, make_account, make_user, principal_of, root_of

ROOT = Path(__file__).resolve().parents[3]
State = Change.State
# Generous: the machine may be busy. Every wait ends as soon as what it waits for is there.
DEADLINE = 240


class Site:
    """A broker, a clock, workers and administrators on the database of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.valkey = Valkey(folder / "valkey", log=folder / "valkey.log")
        self.valkey.prepare()
        self.children: list[Child] = []
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}",
            "REDIS_URL": self.valkey.url,
            "DATA_DIR": str(self.data_dir),
            "SWEEP_SECONDS": "1",
        }
        self.broker = self.start(self.valkey.child())
        assert wait_until(self.valkey.is_ready, DEADLINE)

    def start(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child

    def celery(self, *arguments: str, **variables: str) -> Child:
        command = [sys.executable, "-m", "celery", "-A", "console", *arguments]
        log = self.folder / f"{arguments[0]}.log"
        return self.start(Child(arguments[0], command, log, {**self.environment, **variables}, folder=ROOT))

    def worker(self, **variables: str) -> Child:
        return self.celery("worker", "--concurrency", "2", "--without-gossip", "--without-mingle", **variables)

    def clock(self, schedule: str = "schedule") -> Child:
        return self.celery("beat", "--schedule", str(self.folder / schedule), "--pidfile=")

    def administrator(self, account, *, seed: int, count: int) -> "subprocess.Popen[bytes]":
        arguments = [sys.executable, "-W", "error", "-m", "tests.iam.sync.activity", account.pk, str(seed), str(count)]
        return subprocess.Popen(arguments, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE)

    def stop(self) -> None:
        for child in reversed(self.children):
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop(15)

    @property
    def logs(self) -> str:
        return "\n".join(path.read_text()[-4000:] for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def site(transactional_db, tmp_path, settings):
    made = Site(tmp_path)
    settings.DATA_DIR = made.data_dir
    yield made
    made.stop()


def verified(account) -> int:
    return Change.objects.filter(account=account, state=State.VERIFIED).count()


def wait_for(site, condition) -> None:
    assert wait_until(condition, DEADLINE), site.logs


def is_done(account) -> bool:
    return not Change.objects.filter(account=account).exclude(state=State.VERIFIED).exists()


def accepted(administrator) -> int:
    output, _ = administrator.communicate(timeout=DEADLINE)
    assert administrator.returncode == 0
    return int(output)


def test_workers_killed_in_a_loop_lose_and_repeat_nothing(site, assert_in_step):
    account = make_account()
    site.clock()
    administrators = [site.administrator(account, seed=seed, count=110) for seed in (1, 2)]
    chance = random.Random(20260823)
    kills = 0

    while kills < 8:
        worker = site.worker(LOCAL_BACKEND_GIT="1")
        carried = verified(account) + chance.randrange(1, 12)
        wait_for(site, lambda carried=carried: verified(account) >= carried or is_done(account))
        # Sometimes with all that it started, sometimes leaving a process that still has the lane.
        os.kill(worker.process.pid, signal.SIGKILL) if chance.random() < 0.3 else worker.kill()
        kills += 1
    survivor = site.worker(LOCAL_BACKEND_GIT="1")
    count = sum(accepted(administrator) for administrator in administrators)
    wait_for(site, lambda: is_done(account))

    assert count == 220
    assert ChangeSet.objects.filter(account=account).count() == count + 1
    assert survivor.is_running
    assert_in_step(account)
    assert_committed_once(account)


def assert_committed_once(account) -> None:
    """Each change set is one commit, or part of an earlier one, and the last commit is the files."""

    def git(*arguments: str) -> str:
        return subprocess.check_output(["git", "-C", str(folder_of(account.pk)), *arguments], text=True)

    commits = Counter(git("log", "--format=%(trailers:key=Change-Set,valueonly,separator=)").split())
    known = {str(pk) for pk in ChangeSet.objects.filter(account=account).values_list("pk", flat=True)}
    assert set(commits) <= known
    assert set(commits.values()) == {1}
    assert git("status", "--porcelain", "--", "account.json", "users", "groups", "policies") == ""


def test_changes_made_while_the_broker_is_away_are_carried_when_it_is_back(site, assert_in_step):
    account = make_account()
    site.worker()
    site.clock()
    wait_for(site, lambda: is_done(account))
    site.broker.kill()

    assert accepted(site.administrator(account, seed=3, count=30)) == 30
    # Whoever was at work when the broker went finishes what it had.
    assert not is_done(account)
    site.start(site.valkey.child())

    wait_for(site, lambda: is_done(account))
    assert_in_step(account)


def test_changes_wait_for_a_folder_that_cannot_be_written(site, assert_in_step):
    site.data_dir.mkdir(exist_ok=True)
    # Root may write everywhere, so a file stands where the folder has to be.
    obstacle = site.data_dir / "accounts"
    obstacle.write_text("in the way")
    account = make_account()
    make_user(account, "alice")
    site.worker()
    site.clock()

    wait_for(site, lambda: Change.objects.filter(account=account, attempts__gte=3).exists())
    waiting = Change.objects.filter(account=account).earliest("id")
    assert waiting.state != State.FAILED
    assert str(obstacle) in waiting.error_message
    assert obstacle.read_text() == "in the way"
    obstacle.unlink()

    wait_for(site, lambda: is_done(account))
    assert_in_step(account)


def test_two_workers_and_two_clocks_share_the_lanes_of_many_accounts(site, assert_in_step):
    accounts = [make_account() for _ in range(3)]
    administrators = [site.administrator(account, seed=7, count=25) for account in accounts]
    for schedule in ("one", "other"):
        site.worker()
        site.clock(schedule)

    assert [accepted(administrator) for administrator in administrators] == [25, 25, 25]
    for account in accounts:
        wait_for(site, lambda account=account: is_done(account))
        assert_in_step(account)
        assert set(Change.objects.filter(account=account).values_list("attempts", flat=True)) == {1}


def test_change_reaches_the_files_without_waiting_for_the_clock(site, assert_in_step):
    account = make_account()
    site.worker()
    assert accepted(site.administrator(account, seed=5, count=1)) == 1

    wait_for(site, lambda: is_done(account))

    assert_in_step(account)


def test_reports_asked_for_while_no_worker_runs_are_written_later(site):
    account = make_account()
    root = root_of(account)
    user = make_user(account, statements=[allow("iam:GetUser")])
    perform(principal_of(user), "GetUser")
    perform(root, "GenerateCredentialReport")
    job = perform(root, "GenerateServiceLastAccessedDetails", Arn=user.arn)["JobId"]

    site.worker()
    site.clock()

    def details():
        return perform(root, "GetServiceLastAccessedDetails", JobId=job)

    wait_for(site, lambda: details()["JobStatus"] == "COMPLETED")
    assert user.arn.encode() in perform(root, "GetCredentialReport")["Content"]
    assert [service["LastAuthenticatedEntity"] for service in details()["ServicesLastAccessed"]] == [user.arn]
