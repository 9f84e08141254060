"""How commands tell a refusal, or that there is no database: one line on standard error, and exit status 1."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import OperationalError

from iam.errors import IamError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn an IamError, and the error of a database that does not answer, into a CommandError."""
    try:
        yield
    except IamError as error:
        raise CommandError(f"{error.code}: {error.message}") from error
    except OperationalError as error:
        raise CommandError(
            "The database does not answer. Is the console running, and is the environment the console's "
            "(DATA_DIR, DATABASE_URL)?"
        ) from error
