"""Bring an installation up to date: tables, catalogue, static files.

Writes the path of the set-up page to standard output where there is no account yet, and everything else to standard
error. One process, because starting Django takes longer than finding that nothing has changed.
The one argument, if any, is the database role of the web server.
"""

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def main() -> None:
    """Run the commands that a start needs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    django.setup()
    # Styled output would put escapes into the log.
    call_command("migrate", interactive=False, stdout=sys.stderr, no_color=True)
    for role in sys.argv[1:]:
        call_command("grant_web", role, no_color=True)
    call_command("load_catalog", stdout=sys.stderr, no_color=True)
    collect_static_files(settings.STATIC_ROOT)
    link = io.StringIO()
    call_command("setup_link", stdout=link, no_color=True)
    sys.stdout.write(link.getvalue())


def collect_static_files(folder: Path) -> None:
    """Collect, hash and compress the static files, unless the ones of the last time are the same."""
    stamp = folder / ".sources"
    sources = static_sources()
    if stamp.exists() and stamp.read_text() == sources:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=1, stdout=sys.stderr, no_color=True)
    stamp.write_text(sources)


def static_sources() -> str:
    """Return a digest that changes when any static file does, from names, sizes and times."""
    found = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            found.append((name, status.st_size, status.st_mtime_ns))
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    return hashlib.sha256(json.dumps([backend, sorted(found)]).encode()).hexdigest()


if __name__ == "__main__":
    main()
