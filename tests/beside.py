"""Commands of `manage.py`, one after another in one process: `python -m tests.beside`, which `tests.product` starts.

Each line of standard input is a command, each line of standard output what came of it, both JSON.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from typing import Any

from django.core.management import ManagementUtility
from django.db import connections


def run(arguments: list[str], given: str) -> dict[str, Any]:
    """Run a command as `manage.py` does, with `given` as its standard input."""
    output, errors, code = io.StringIO(), io.StringIO(), 0
    sys.stdin = io.StringIO(given)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            ManagementUtility(["manage.py", *arguments]).execute()
    except SystemExit as end:
        code = int(end.code or 0)
    except Exception:
        traceback.print_exc(file=errors)
        code = 1
    finally:
        connections.close_all()
    return {"code": code, "output": output.getvalue(), "errors": errors.getvalue()}


def main() -> None:
    """Answer until nobody asks any more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
