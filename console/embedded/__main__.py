"""The one command: `python -m console.embedded` (`make run`)."""

import argparse
import os
import signal
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from console.embedded import preflight, privileges
from console.embedded.processes import StartError
from console.embedded.supervisor import Supervisor


def main() -> int:
    """Run the console until it is stopped. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Start the console with all that it needs, until Ctrl-C.")
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the program that started this one is gone"
    )
    if parser.parse_args().with_parent:
        privileges.die_with_parent(os.getppid(), signal.SIGTERM)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    try:
        # Also makes the first sealing key, in the data directory.
        supervisor = Supervisor(
            settings.DATA_DIR, host=settings.HOST, port=settings.PORT, public_url=settings.PUBLIC_URL
        )
        supervisor.run()
    except (StartError, ImproperlyConfigured) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(preflight.refusal(Path(os.environ.get("DATA_DIR") or "var").absolute(), error))
    except ValueError as error:
        return _refuse(str(error))
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"error: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
