"""What can be known to be wrong before anything starts, each as one sentence with the way out."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from console.embedded.processes import StartError

MEGABYTE = 1024 * 1024
# An empty database cluster with its first log segment, the catalogue and the static files come to about 120 MB.
ROOM_TO_INSTALL, ROOM_TO_RUN = 250 * MEGABYTE, 32 * MEGABYTE


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold a data directory for ourselves. The system lets go of it when we are gone, however that happens."""
    with (data_dir / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            message = f"DATA_DIR {data_dir} is in use: the console already runs on it (process {holder})."
            raise StartError(f"{message} Stop that one, or set another DATA_DIR and PORT.") from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def make_data_dir(data_dir: Path) -> None:
    """Make the directory where there is none, and refuse one that cannot be written to or is full."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
        probe = data_dir / f".probe.{os.getpid()}"
        try:
            probe.write_bytes(b"\0" * 4096)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise StartError(refusal(data_dir, error)) from None
    needed = ROOM_TO_RUN if (data_dir / "postgres" / "data").exists() else ROOM_TO_INSTALL
    free = shutil.disk_usage(data_dir).free
    if free < needed:
        raise StartError(
            f"The disk of DATA_DIR {data_dir} is full: {free // MEGABYTE} MB are free, "
            f"at least {needed // MEGABYTE} MB are needed."
        )


def refusal(data_dir: Path, error: OSError) -> str:
    """Say what an error of the operating system means for the data directory."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of DATA_DIR {data_dir} is full."
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return f"DATA_DIR {data_dir} is not a directory."
    return f"DATA_DIR {data_dir} cannot be written to: {error.strerror}."


def check_port(host: str, port: int) -> None:
    """Refuse an address that the web server could not listen on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: connections of an earlier run that still fade out are no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        raise StartError(f"HOST {host} is no address of this machine.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"PORT {port} on {host} is taken by another program. Set another PORT.") from None
        if error.errno == errno.EACCES:
            raise StartError(f"PORT {port} is reserved for root. Set a PORT from 1024 on.") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise StartError(f"HOST {host} is no address of this machine.") from None
        raise StartError(f"The web server cannot listen on {host}:{port}: {error.strerror}.") from None


def check_database(url: str) -> None:
    """Refuse a DATABASE_URL that leads nowhere, without ever printing its password."""
    if urlsplit(url).scheme not in {"postgres", "postgresql"}:
        raise StartError("DATABASE_URL must begin with postgresql://.")
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise StartError(f"DATABASE_URL cannot be used: {_first_line(error, url)}") from None


def check_broker(url: str) -> None:
    """Refuse a REDIS_URL that leads nowhere, without ever printing its password."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StartError(f"REDIS_URL cannot be used: {_first_line(error, url)}") from None


def _first_line(error: Exception, url: str) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    with contextlib.suppress(ValueError):
        if password := urlsplit(url).password:
            line = line.replace(password, "…")
    return line
