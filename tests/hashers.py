"""Password hashing at a price that hundreds of tests can pay."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """argon2id with the smallest parameters."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


class CountingHasher(QuickArgon2PasswordHasher):
    """Counts how often the costly work is done."""

    done = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.done += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        CountingHasher.done += 1
        return super().verify(password, encoded)
