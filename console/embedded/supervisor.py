"""Everything that the console needs, started in order, watched, and stopped together."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from console import environment
from console.embedded import preflight, programs
from console.embedded.postgres import WEB_ROLE, Postgres
from console.embedded.processes import Child, StartError, end_all, inherited, is_marked
from console.embedded.valkey import Valkey

# A child that ends this often without having run for a minute in between is not worth another try.
MOST_FAILURES = 6
LONG_ENOUGH = 60
# A worker finishes the change in flight, and one that is killed finds it again; Postgres writes what it has in memory.
SECONDS_TO_STOP, SECONDS_FOR_SERVERS = 15, 60


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C, or a signal."""


@dataclass
class Watched:
    """A child that is started again when it ends."""

    child: Child
    started_at: float = field(default_factory=time.monotonic)
    failures: int = 0
    next_start_at: float | None = None


class Supervisor:
    """One run of the console on one data directory.

    Signals only set a flag, and every wait looks at it: nothing is ever interrupted half way.
    """

    def __init__(self, data_dir: Path, *, host: str, port: int, public_url: str) -> None:
        self.data_dir = data_dir
        self.logs = data_dir / "log"
        self.host = host
        self.port = port
        self.public_url = public_url
        self.watched: list[Watched] = []
        self.is_stopping = False
        self.postgres: Postgres | None = None

    def run(self) -> None:
        """Start everything, print the address, and watch until somebody stops it. Raises StartError."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        preflight.make_data_dir(self.data_dir)
        with preflight.locked(self.data_dir):
            try:
                # What a killed run left running holds its port.
                end_all(lambda process: is_marked(process, self.data_dir))
                preflight.check_port(self.host, self.port)
                self._start()
                self._watch()
            except Stopped:
                _say("Stopping.")
            except OSError as error:
                raise StartError(preflight.refusal(self.data_dir, error)) from error
            finally:
                self._stop()

    def _start(self) -> None:
        began = time.monotonic()
        _say(f"Starting the console; its data and logs are in {self.data_dir}")
        metrics = _emptied(self.data_dir / "metrics")
        environ = inherited(self.data_dir, PROMETHEUS_MULTIPROC_DIR=str(metrics), **self._start_servers())
        link = self._prepare(environ)
        of_web = {**environ, "DATABASE_URL": self.postgres.web_url} if self.postgres else environ
        web = programs.web(self.host, self.port, self.logs / "web.log", of_web)
        self._add(web)
        self._wait(web, lambda: programs.answers(self.host, self.port), 60)
        # After the first answer: people wait for pages, changes may wait a second.
        self._add(programs.worker(self.logs / "worker.log", environ))
        self._add(programs.beat(self.data_dir, self.logs / "beat.log", environ))
        _say(f"Started in {time.monotonic() - began:.1f} s.\n\n  The console:           {self.public_url}/")
        if link:
            _say(f"  Set up (works once):   {link}")
        _say("\nPress Ctrl-C to stop.")

    def _start_servers(self) -> dict[str, str]:
        """Start the servers that are embedded, check those that are not; return the addresses of both."""
        database_url, redis_url = environment.text("DATABASE_URL"), environment.text("REDIS_URL")
        if database_url:
            preflight.check_database(database_url)
        if redis_url:
            preflight.check_broker(redis_url)
        if not database_url:
            self.postgres = Postgres(self.data_dir / "postgres", log=self.logs / "postgres.log")
            database_url = self._start_server(self.postgres)
        if not redis_url:
            redis_url = self._start_server(Valkey(self.data_dir / "valkey", log=self.logs / "valkey.log"))
        return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def _start_server(self, server: Postgres | Valkey) -> str:
        server.prepare()
        child = server.child()
        self._add(child)
        # After a power cut Postgres replays its log first.
        self._wait(child, server.is_ready, 120)
        return server.url

    def _prepare(self, environ: dict[str, str]) -> str:
        """Bring tables, catalogue and static files up to date; return the set-up link while there is no account."""
        role = WEB_ROLE if self.postgres else None
        child = programs.preparation(self.logs / "prepare.log", environ, web_role=role)
        child.start()
        try:
            while child.is_running:
                self._pause(0.02)
        finally:
            child.kill()
        if child.process is None or child.process.returncode:
            raise StartError(f"The database could not be prepared ({child.end}). {_end_of_log(child)}")
        return child.answer().strip()

    def _add(self, child: Child) -> None:
        self._pause(0)
        child.start()
        self.watched.append(Watched(child))

    def _wait(self, child: Child, is_ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not child.is_running:
                raise StartError(f"{child.name} did not start ({child.end}). {_end_of_log(child)}")
            if time.monotonic() > deadline:
                raise StartError(f"{child.name} did not answer within {seconds:.0f} s. {_end_of_log(child)}")
            self._pause(0.05)

    def _watch(self) -> None:
        while True:
            for watched in self.watched:
                if not watched.child.is_running:
                    self._start_again(watched)
                watched.child.shorten_log()
            self._pause(0.2)

    def _start_again(self, watched: Watched) -> None:
        """Start a child that ended once more: at once the first time, then after longer and longer pauses."""
        now = time.monotonic()
        if watched.next_start_at is None:
            # What it started may live on, and hold its port.
            watched.child.kill()
            watched.failures = 0 if now - watched.started_at > LONG_ENOUGH else watched.failures + 1
            if watched.failures >= MOST_FAILURES:
                raise StartError(f"{watched.child.name} keeps ending. {_end_of_log(watched.child)}")
            watched.next_start_at = now + (2 ** (watched.failures - 1) if watched.failures > 1 else 0)
            _say(f"{watched.child.name} ended ({watched.child.end}); starting it again. See {watched.child.log}")
        if now >= watched.next_start_at:
            if watched.child.name == "postgres" and self.postgres is not None:
                self.postgres.prepare()
            watched.child.start()
            watched.started_at, watched.next_start_at = now, None

    def _stop(self) -> None:
        """Stop our programs first and the servers they use last."""
        servers = {"postgres", "valkey"}
        children = [watched.child for watched in self.watched]
        for group, seconds in (
            ([child for child in children if child.name not in servers], SECONDS_TO_STOP),
            ([child for child in children if child.name in servers], SECONDS_FOR_SERVERS),
        ):
            deadline = time.monotonic() + seconds
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.stop(deadline - time.monotonic())
        if self.postgres is not None:
            self.postgres.discard_sockets()

    def _pause(self, seconds: float) -> None:
        if self.is_stopping:
            raise Stopped
        time.sleep(seconds)

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True


def _emptied(folder: Path) -> Path:
    """Return a folder without what processes of earlier runs counted."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _end_of_log(child: Child) -> str:
    return f"The end of {child.log}:\n{child.last_lines()}"


def _say(text: str) -> None:
    # A terminal that is gone is no reason to stop.
    try:
        os.write(1, (text + "\n").encode())
    except OSError:
        pass
