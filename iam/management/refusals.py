"""How commands tell a refusal: one line with IAM's code on standard error, and exit status 1."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from iam.errors import IamError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn an IamError into a CommandError."""
    try:
        yield
    except IamError as error:
        raise CommandError(f"{error.code}: {error.message}") from error
