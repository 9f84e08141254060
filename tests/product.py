"""The complete product, started by its one command, for tests that need it whole."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from console.embedded.processes import wait_until

ROOT = Path(__file__).resolve().parent.parent
# What the environment of the tests says about their own servers.
OF_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "SEALING_KEYS", "IAM_TEST_SERVERS", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class NewAccount:
    """An account made for a test, with its root user's credentials."""

    account_id: str
    sign_in_url: str
    root_email: str
    root_password: str
    access_key_id: str
    secret_access_key: str


class Product:
    """One run of `python -m console.embedded` on a data directory and a port of its own."""

    def __init__(self, data_dir: Path, *, port: int | None = None, **variables: str) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        ours = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
        self.environment = {**ours, "DATA_DIR": str(data_dir), "PORT": str(self.port), **variables}
        self.process: subprocess.Popen[bytes] | None = None
        self._beside: subprocess.Popen[str] | None = None
        self._output = data_dir.parent / f"{data_dir.name}.output"

    def start(self) -> None:
        """Start it without waiting; it ends with us, however we end."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "console.embedded", "--with-parent"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has written to the terminal."""
        return self._output.read_text()

    @property
    def is_ready(self) -> bool:
        """Whether it has printed its address."""
        return "The console:" in self.output

    def wait(self, seconds: float = 180) -> None:
        """Wait until it is ready; fail the test with its output where that does not happen."""
        process = self._running()
        wait_until(lambda: self.is_ready or process.poll() is not None, seconds)
        if not self.is_ready:
            raise AssertionError(f"The product did not start:\n{self.output}")

    def wait_for_end(self, seconds: float = 120) -> int:
        """Wait until it has ended; return its exit code."""
        return self._running().wait(seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as a terminal or an init system does; return its exit code."""
        process = self._running()
        if self._beside:
            self._beside.communicate()
            self._beside = None
        process.send_signal(number)
        return process.wait(120)

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run a `manage.py` command beside it, as an administrator does; return what it prints.

        One process runs them all: to start Python and Django costs more than most commands.
        """
        if self._beside is None:
            command = [sys.executable, "-m", "tests.beside"]
            pipe = subprocess.PIPE
            self._beside = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, text=True, bufsize=1
            )
        asked, answers = self._beside.stdin, self._beside.stdout
        assert asked
        assert answers
        asked.write(json.dumps({"arguments": arguments, "given": given}) + "\n")
        done = json.loads(answers.readline())
        if done["code"]:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done['errors']}")
        output: str = done["output"]
        return output

    def new_account(self, *options: str, root_password: str = "Correct-Horse-9") -> NewAccount:
        """Make an account with a random root e-mail."""
        email = f"root-{os.urandom(4).hex()}@example.com"
        command = ["create_account", "--root-email", email, "--root-password-stdin", "--root-access-key", *options]
        made = json.loads(self.manage(*command, given=root_password))
        return NewAccount(
            account_id=made["account_id"],
            sign_in_url=made["sign_in_url"],
            root_email=email,
            root_password=root_password,
            access_key_id=made["access_key_id"],
            secret_access_key=made["secret_access_key"],
        )

    def child(self, name: str) -> psutil.Process:
        """Return its child `postgres`, `valkey`, `web`, `worker` or `beat`."""
        word = {"valkey": "valkey-server", "web": "granian"}.get(name, name)
        for process in psutil.Process(self._running().pid).children():
            # One that has just ended has no command line any more.
            with contextlib.suppress(psutil.Error):
                if any(Path(part).name == word for part in " ".join(process.cmdline()).split()):
                    return process
        raise AssertionError(f"There is no process {name}.")

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise AssertionError("The product was not started.")
        return self.process


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
