"""Hashing passwords: costly for those that people choose, quick for those that nobody can guess."""

from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher, is_password_usable, make_password
from django.contrib.auth.hashers import check_password as check


class GeneratedPassword(str):
    """A password of twenty random characters or more: no guessing gets there, however fast its hash can be tried."""

    __slots__ = ()


class GeneratedPasswordHasher(Argon2PasswordHasher):
    """argon2id at a small price, so that a thousand users at once take seconds and not minutes."""

    time_cost = 1
    memory_cost = 1024
    parallelism = 1


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    if isinstance(password, GeneratedPassword):
        hasher = GeneratedPasswordHasher()
        return hasher.encode(str(password), hasher.salt())
    return make_password(password)


def is_password(password: str, encoded: str | None) -> bool:
    """Whether a password is right; whatever there is to compare with, and be it nothing, that takes as long to say."""
    if not encoded or not is_password_usable(encoded):
        make_password(password)
        return False
    is_right = check(password, encoded)
    if get_hasher().must_update(encoded):
        # As much work as for a user whose password somebody chose.
        make_password(password)
    return is_right
