"""Child processes that never outlive the process that started them."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from console.embedded import privileges

# Every child and its children carry this variable with their data directory: how the next run knows them.
MARK = "IAM_CONSOLE_RUN"
LONGEST_LOG = 10 * 1024 * 1024


class StartError(Exception):
    """Why the console cannot start or go on, in a sentence for the terminal."""


@dataclass
class Child:
    """A program in a session of its own, so that a Ctrl-C in the terminal reaches its supervisor alone.

    `environment` is all that the program gets. `user` and `reaching` are `privileges.become`'s. With `is_asked` its
    standard output is an answer, to be read with `answer`, and not part of the log. `niceness` is how far it stands
    back for others who want the processor.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    user: pwd.struct_passwd | None = None
    reaching: tuple[Path, ...] = ()
    folder: Path | None = None
    is_asked: bool = False
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the program; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.shorten_log()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.is_asked else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=self._before_the_program(os.getpid()),
            )

    def shorten_log(self) -> None:
        """Put a log that has become long aside and go on with an empty one.

        The program has the file open, so it is copied; what is written in that moment is lost.
        """
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    @property
    def is_running(self) -> bool:
        """Whether the program runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def end(self) -> str:
        """How the program ended: `exit code 1`, `SIGKILL`."""
        code = self.process.returncode if self.process else None
        if code is None:
            return "is running"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def ask_to_stop(self) -> None:
        """Send the signal that the program takes as a request to finish."""
        if self.process is not None and self.is_running:
            self.process.send_signal(self.stop_signal)

    def stop(self, seconds: float) -> None:
        """Wait so long for the program to finish, then kill it and all that it started."""
        if self.process is None:
            return
        try:
            self.process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the program, where it still runs, and what it left behind in its session."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def answer(self) -> str:
        """Return what the program, which has ended, wrote to its standard output: a few lines, or a pipe would fill."""
        if self.process is None or self.process.stdout is None:
            return ""
        with self.process.stdout as output:
            return output.read().decode()

    def last_lines(self, count: int = 5) -> str:
        """Return the end of the log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return ""

    def _before_the_program(self, parent: int) -> Callable[[], None]:
        def prepare() -> None:
            os.nice(self.niceness)
            if self.user is not None:
                privileges.become(self.user, reaching=self.reaching)
            # After the change of user, which clears it.
            privileges.die_with_parent(parent, self.stop_signal)

        return prepare


def inherited(data_dir: Path, **more: str) -> dict[str, str]:
    """Return our environment with the mark and more variables: what our own programs run in."""
    folder = str(Path(sys.executable).parent)
    path = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", MARK: str(data_dir), **more}


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end_all(belongs: Callable[[psutil.Process], bool]) -> None:
    """End every process that belongs, first with a request and then with force."""
    left = [process for process in psutil.process_iter() if _still(process, belongs)]
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

        # Not psutil.wait_procs: where no init reaps orphans, it waits for the dead.
        def are_gone() -> bool:
            return not any(_still(process, belongs) for process in left)

        if wait_until(are_gone, seconds):
            return
    numbers = ", ".join(str(process.pid) for process in left)
    raise StartError(f"Processes of an earlier run do not end: {numbers}.")


def is_marked(process: psutil.Process, data_dir: Path) -> bool:
    """Whether a process was started by a run on the data directory."""
    return bool(process.environ().get(MARK) == str(data_dir))


def _still(process: psutil.Process, belongs: Callable[[psutil.Process], bool]) -> bool:
    """Whether a process runs, is not ourselves, and belongs."""
    try:
        return process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE and belongs(process)
    except (psutil.Error, OSError):
        return False
