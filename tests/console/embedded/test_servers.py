"""Postgres and Valkey as child processes. Every test runs the real programs in a folder of its own."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from console.embedded import addresses, processes
from console.embedded.postgres import Postgres
from console.embedded.processes import Child, wait_until
from console.embedded.valkey import Valkey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that an unprivileged Postgres can be reached in."""
    return tmp_path / "data"


@pytest.fixture
def running() -> Iterator[list[Child]]:
    """Children to be stopped after the test."""
    children: list[Child] = []
    yield children
    for child in children:
        child.kill()


def start(server: Postgres | Valkey, running: list[Child]) -> Child:
    server.folder.parent.mkdir(exist_ok=True)
    server.prepare()
    child = server.child()
    running.append(child)
    child.start()
    assert wait_until(server.is_ready, 120), child.last_lines(20)
    return child


def test_postgres_keeps_what_was_committed_when_it_is_killed(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    child = start(postgres, running)
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")

    child.kill()
    again = Postgres(folder / "postgres", log=folder / "postgres.log")
    start(again, running)

    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]


def test_postgres_flushes_commits_to_the_disk(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    start(postgres, running)

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_postgres_lets_nobody_in_without_the_password(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    start(postgres, running)

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(postgres.sockets), user="iam", dbname="iam", password="guess", connect_timeout=60)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(host=str(postgres.sockets), user="postgres", dbname="postgres", connect_timeout=60)
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700


def test_postgres_has_no_superuser_for_the_console(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    start(postgres, running)

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)


def test_postgres_starts_beside_a_lock_file_that_names_another_process(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    child = start(postgres, running)
    child.ask_to_stop()
    child.stop(10)
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n0\n5432\n\n\n\n")

    start(Postgres(folder / "postgres", log=folder / "postgres.log"), running)


def test_postgres_starts_over_after_a_set_up_that_was_killed(folder, running):
    (folder / "postgres" / "data.new" / "base").mkdir(parents=True)

    start(Postgres(folder / "postgres", log=folder / "postgres.log"), running)


def test_postgres_runs_below_a_path_too_long_for_a_socket(folder, running):
    postgres = Postgres(folder / ("long" * 25) / "postgres", log=folder / "postgres.log")
    postgres.folder.parent.mkdir(parents=True)

    start(postgres, running)
    postgres.discard_sockets()

    assert not postgres.sockets.is_relative_to(postgres.folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_postgres_runs_for_root_below_a_closed_folder(folder, running):
    folder.mkdir(mode=0o700)
    folder.chmod(0o700)
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")

    child = start(postgres, running)

    assert psutil.Process(child.process.pid).uids().effective != 0


def test_valkey_lets_nobody_in_without_the_password(folder, running):
    valkey = Valkey(folder / "valkey", log=folder / "valkey.log")
    start(valkey, running)
    port = redis.Redis.from_url(valkey.url).connection_pool.connection_kwargs["port"]

    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_address_is_for_its_owner_only(folder, running):
    valkey = Valkey(folder / "valkey", log=folder / "valkey.log")
    start(valkey, running)

    assert addresses.read(valkey.folder) == valkey.url
    assert stat.S_IMODE((valkey.folder / "url").stat().st_mode) == 0o600
    assert addresses.read(folder / "nothing") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's end")
def test_children_end_with_a_parent_that_is_killed(folder):
    program = (
        "import pathlib, sys, time\n"
        "from console.embedded.valkey import Valkey\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "valkey = Valkey(folder / 'valkey', log=folder / 'valkey.log')\n"
        "valkey.prepare()\n"
        "child = valkey.child()\n"
        "child.start()\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    with parent, parent.stdout as output:
        child = psutil.Process(int(output.readline()))

        parent.send_signal(signal.SIGKILL)

    assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 60)


def test_postgres_ends_the_processes_of_one_that_was_killed(folder, running):
    postgres = Postgres(folder / "postgres", log=folder / "postgres.log")
    child = start(postgres, running)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        server = psutil.Process(connection.info.backend_pid)
        # Stopped, it cannot notice that its postmaster is gone.
        server.suspend()

        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait()
        start(Postgres(folder / "postgres", log=folder / "postgres.log"), running)

    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_log_that_becomes_long_is_put_aside_while_its_program_writes_on(tmp_path, running, monkeypatch):
    monkeypatch.setattr(processes, "LONGEST_LOG", 10)
    # Whoever looks again before the last writer has gone finds nothing, and looks once more.
    program = "while :; do if read line < steps; then echo $line; fi; done"
    os.mkfifo(tmp_path / "steps")
    child = Child("writer", ["sh", "-c", program], tmp_path / "writer.log", {}, folder=tmp_path)
    running.append(child)
    child.start()

    def say(line: str) -> None:
        (tmp_path / "steps").write_text(f"{line}\n")
        assert wait_until(lambda: line in child.log.read_text(), 60)

    say("a line of many letters")
    child.shorten_log()
    say("and on")
    child.shorten_log()

    assert child.log.read_text() == "and on\n"
    assert (tmp_path / "writer.log.1").read_text() == "a line of many letters\n"
