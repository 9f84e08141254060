"""Reading services.zip, which build.py writes."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from zipfile import ZipFile

ARCHIVE = Path(__file__).with_name("services.zip")
_lock = Lock()


@cache
def _archive() -> ZipFile:
    # In memory: processes that fork would share an open file's position.
    return ZipFile(BytesIO(ARCHIVE.read_bytes()))


def read(name: str) -> Any:
    """Return the content of one member, `index` or a service prefix. Raises KeyError for an unknown one."""
    with _lock:
        return json.loads(_archive().read(f"{name}.json"))
