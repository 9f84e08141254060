"""Where the embedded servers listen, for every process that is started beside them (`manage.py`, a shell)."""

import os
import secrets
from pathlib import Path


def read(folder: Path) -> str:
    """Return the URL of the embedded server of a folder, "" where there never was one."""
    try:
        return (folder / "url").read_text().strip()
    except OSError:
        return ""


def write(folder: Path, url: str) -> None:
    """Keep the URL, with its password, for the owner of the folder only."""
    write_private(folder / "url", url + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file, readable by its owner only, at once."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
