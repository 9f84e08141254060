"""Which backend an account has."""

from collections.abc import Callable

from iam.models import Account
from iam.sync.backends.base import Backend
from iam.sync.backends.local import LocalBackend

_BACKENDS: dict[str, Callable[[Account], Backend]] = {Account.Kind.LOCAL: LocalBackend}


def backend_of(account: Account) -> Backend:
    """Return a backend for one batch of an account's changes."""
    return _BACKENDS[account.kind](account)
