"""Our own programs as children: web, worker, beat, and the preparation before them."""

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from console.embedded.processes import Child

# What goes to a backend has a second; people wait for pages.
STANDING_BACK = 5

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def preparation(log: Path, environ: Mapping[str, str], *, web_role: str | None = None) -> Child:
    """Return the program that brings tables, catalogue and static files up to date; it answers with the set-up link.

    `web_role` is the database role that the web server works with, where that is not the tables' owner.
    """
    command = ["python", "-m", "console.embedded.prepare", *([web_role] if web_role else [])]
    return _child("prepare", command, log, environ, is_asked=True)


def web(host: str, port: int, log: Path, environ: Mapping[str, str]) -> Child:
    """Return the web server: `WEB_WORKERS` processes of `WEB_THREADS` threads."""
    command = ["granian", "--interface", "wsgi", "--no-ws", "--host", host, "--port", str(port)]
    command += [
        "--workers",
        str(settings.WEB_WORKERS),
        "--blocking-threads",
        str(settings.WEB_THREADS),
        "--respawn-failed-workers",
    ]
    command += ["--log-config", str(BASE_DIR / "console" / "monitoring" / "granian.json")]
    # Longer than any request takes, shorter than what a supervisor waits.
    command += ["--workers-kill-timeout", "10", "console.wsgi:application"]
    return _child("web", command, log, environ)


def worker(log: Path, environ: Mapping[str, str]) -> Child:
    """Return the Celery worker: `WORKER_PROCESSES` of them."""
    command = [
        "celery",
        "-A",
        "console",
        "--quiet",
        "worker",
        "--concurrency",
        str(settings.WORKER_PROCESSES),
    ]
    # Workers need not know each other here, and finding that out takes seconds.
    return _child("worker", [*command, "--without-gossip", "--without-mingle"], log, environ, niceness=STANDING_BACK)


def beat(data_dir: Path, log: Path, environ: Mapping[str, str]) -> Child:
    """Return Celery's clock. The schedule is in the settings, so what an earlier run noted is of no use."""
    folder = data_dir / "beat"
    folder.mkdir(exist_ok=True)
    for noted in folder.iterdir():
        noted.unlink()
    command = ["celery", "-A", "console", "--quiet", "beat", "--schedule", str(folder / "schedule")]
    return _child("beat", [*command, "--pidfile="], log, environ, niceness=STANDING_BACK)


def answers(host: str, port: int) -> bool:
    """Whether the web server answers a request."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(name, port, timeout=10)
    try:
        connection.request("HEAD", "/", headers={"Host": "localhost"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _child(
    name: str, command: list[str], log: Path, environ: Mapping[str, str], *, is_asked: bool = False, niceness: int = 0
) -> Child:
    # The scripts beside our interpreter name it by its path, which changes when a checkout is moved.
    module = {"python": [], "granian": ["-m", "granian"], "celery": ["-m", "celery"]}[command[0]]
    return Child(
        name=name,
        command=[sys.executable, *module, *command[1:]],
        log=log,
        environment=environ,
        folder=BASE_DIR,
        is_asked=is_asked,
        niceness=niceness,
    )
