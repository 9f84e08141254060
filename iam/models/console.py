"""What the console itself has to remember: who is signed in, unfinished wizards, preferences, failed sign-ins, …"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from iam.models import identifiers
from iam.models.accounts import Account
from iam.models.users import User


class ConsoleSession(models.Model):
    """A browser in which a user, or the root user where `user` is null, is signed in. Without its row it is over.

    The id opens nothing: what a browser shows for it is the key of the session that names this one.
    """

    id = models.CharField(primary_key=True, max_length=22, default=identifiers.console_session_id, db_collation="C")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="console_sessions", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="console_sessions", db_index=False)
    began_at = models.DateTimeField()
    # When password or code were given last, and a code; what conditions and the pages for fresh sign-ins look at.
    confirmed_at = models.DateTimeField()
    mfa_at = models.DateTimeField(null=True)
    # When and from where there was a request last, to the minute.
    seen_at = models.DateTimeField(default=timezone.now)
    source_ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, blank=True)
    # The session of the role that the person acts as just now.
    role_arn = models.CharField(max_length=2048, blank=True)

    class Meta:
        indexes = [models.Index("user", "account", name="console_session_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__gte=models.F("began_at")), name="console_session_confirmed_after_beginning"
            )
        ]

    def __str__(self) -> str:
        return f"session of {self.began_at}"


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


class PasswordRecovery(models.Model):
    """Somebody's wish for a new root password; the address may be nobody's until a worker has looked.

    Once the link was sent, only a digest of its token is kept.
    """

    email = models.EmailField()
    requested_at = models.DateTimeField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="password_recoveries")
    token_digest = models.CharField(max_length=64, null=True, unique=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(account=None, token_digest=None, sent_at=None)
                | Q(account__isnull=False, token_digest__isnull=False, sent_at__isnull=False),
                name="password_recovery_sent_as_a_whole",
            )
        ]

    def __str__(self) -> str:
        return f"recovery of {self.requested_at}"
