"""What the console itself has to remember: unfinished wizards, preferences, failed sign-ins, the set-up link."""

import uuid

from django.db import models

from iam.models.accounts import Account


class Draft(models.Model):
    """The answers of an unfinished wizard, sealed as a whole because a password may be among them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="drafts")
    principal_id = models.CharField(max_length=128)
    wizard = models.CharField(max_length=64)
    sealed_answers = models.BinaryField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.wizard} {self.id}"


class Preference(models.Model):
    """How one principal likes one area of the console: columns, page size, …"""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="preferences", db_index=False)
    principal_id = models.CharField(max_length=128)
    area = models.CharField(max_length=64)
    values = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "principal_id", "area", name="preference_unique")]

    def __str__(self) -> str:
        return f"{self.area} of {self.principal_id}"


class SignInThrottle(models.Model):
    """Recent failures of one sign-in name or one address; `key` is a digest, so that no name is kept."""

    key = models.CharField(primary_key=True, max_length=64)
    failures = models.PositiveIntegerField(default=0)
    first_failure_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key


class SetupLink(models.Model):
    """The link that creates the first account; only a digest of its token is kept."""

    token_digest = models.CharField(primary_key=True, max_length=64)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"set-up link of {self.created_at}"
