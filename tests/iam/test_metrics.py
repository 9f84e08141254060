"""What is counted, in this process and in several."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from iam import metrics
from iam.errors import IamError
from iam.operations import Step, perform, perform_change_set
from tests.factories import make_account, root_of

ROOT = Path(__file__).resolve().parents[2]


def count_of(operation, outcome):
    sample = {"operation": operation, "outcome": outcome}
    return metrics.readings().get_sample_value("iam_operation_seconds_count", sample)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (IamError("AccessDenied", "No."), "denied"),
        (IamError("NoSuchEntity", "No."), "refused"),
        (RuntimeError("A fault of ours"), "failed"),
    ],
)
def test_outcome_of_an_operation_is_told(error, outcome):
    def fail():
        raise error

    before = count_of("Test", outcome) or 0
    with pytest.raises(type(error)):
        metrics.timed("Test", fail)

    assert count_of("Test", outcome) == before + 1


def test_operation_that_succeeds_gives_its_result():
    assert metrics.timed("Succeed", lambda: 7) == 7

    assert count_of("Succeed", "ok") == 1


READ = "print(metrics.readings().get_sample_value('iam_backend_throttles_total', {'account_id': '123456789012'}))"


def test_processes_that_share_a_folder_are_read_together(tmp_path):
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}

    def run(program):
        command = [sys.executable, "-c", f"from iam import metrics\n{program}"]
        return subprocess.check_output(command, cwd=ROOT, env=environ, text=True)

    run("metrics.backend_throttled('123456789012')")
    # A fork, as Celery's workers are, that is killed, as some of them are.
    run(
        "import os, signal\n"
        "child = os.fork()\n"
        "if child: os.waitpid(child, 0)\n"
        "else:\n"
        "    metrics.backend_throttled('123456789012')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )

    assert run(READ) == "2.0\n"


@pytest.mark.django_db
def test_operations_are_timed_alone_and_in_change_sets():
    root = root_of(make_account())
    perform(root, "CreateUser", UserName="alice")
    before = count_of("GetUser", "ok") or 0, count_of("DeleteUser", "refused") or 0

    perform(root, "GetUser", UserName="alice")
    with pytest.raises(IamError):
        perform_change_set(root, [Step("DeleteUser", {"UserName": "nobody"})])

    assert (count_of("GetUser", "ok"), count_of("DeleteUser", "refused")) == (before[0] + 1, before[1] + 1)


@pytest.mark.django_db
def test_name_that_is_no_operation_becomes_no_label():
    with pytest.raises(IamError):
        perform(root_of(make_account()), "NoSuchThing")

    assert "NoSuchThing" not in generate_latest(metrics.readings()).decode()
