"""Password hashing at a price that hundreds of tests can pay."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """argon2id with the smallest parameters."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
