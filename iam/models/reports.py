"""Reports that workers write, and what they are made of: when each principal last used each action."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account


class CredentialReport(models.Model):
    """The account's credential report: asked for and not written yet while `requested_at` is set."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="credential_report"
    )
    requested_at = models.DateTimeField(null=True)
    generated_at = models.DateTimeField(null=True)
    content = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(requested_at__isnull=False) | Q(generated_at__isnull=False),
                name="credential_report_asked_for_or_written",
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], name="credential_report_waiting", condition=Q(requested_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"credential report of {self.account_id}"


class AccessReport(models.Model):
    """A report on when an entity, or an organization's, last used the services it may use.

    It is for who asked for it alone: `requested_by` is that principal's unique id, which for a role has the session's
    name in it. `about` is an ARN or the path of an organization's entity, `content` the services with their accesses.
    """

    class Kind(models.TextChoices):
        ENTITY = "entity", "Entity"
        ORGANIZATION = "organization", "Organization"

    class Granularity(models.TextChoices):
        SERVICE = "SERVICE_LEVEL", "Service"
        ACTION = "ACTION_LEVEL", "Action"

    class State(models.TextChoices):
        IN_PROGRESS = "IN_PROGRESS", "In progress"
        COMPLETED = "COMPLETED", "Completed"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_reports", db_index=False)
    requested_by = models.CharField(max_length=128, db_collation="C")
    kind = models.CharField(max_length=16, choices=Kind)
    about = models.CharField(max_length=2048)
    granularity = models.CharField(max_length=16, choices=Granularity, default=Granularity.SERVICE)
    state = models.CharField(max_length=16, choices=State, default=State.IN_PROGRESS)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    content = models.JSONField(default=list)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["entity", "organization"]), name="access_report_kind"),
            models.CheckConstraint(
                condition=Q(granularity__in=["SERVICE_LEVEL", "ACTION_LEVEL"]), name="access_report_granularity"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["IN_PROGRESS", "COMPLETED", "FAILED"]), name="access_report_state"
            ),
            models.CheckConstraint(
                condition=Q(state="IN_PROGRESS", completed_at__isnull=True)
                | (~Q(state="IN_PROGRESS") & Q(completed_at__isnull=False)),
                name="access_report_completed_at_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state="FAILED") | Q(error_code=""), name="access_report_error_only_where_failed"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "requested_by", "created_at"], name="access_report_of_requester"),
            models.Index(fields=["created_at"], name="access_report_waiting", condition=Q(state="IN_PROGRESS")),
        ]

    def __str__(self) -> str:
        return f"access report {self.id}"


class LastAccess(models.Model):
    """When a principal last called an action, allowed or not; `principal_id` is a user's, a role's or an account's id.

    Rows hold ids, not foreign keys: deleting a user does not undo what it did.
    """

    account_id = models.CharField(max_length=12, db_collation="C")
    principal_id = models.CharField(max_length=128, db_collation="C")
    service = models.CharField(max_length=64, db_collation="C")
    action = models.CharField(max_length=128, db_collation="C")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account_id", "principal_id", "service", "action", name="last_access_unique")
        ]

    def __str__(self) -> str:
        return f"{self.service}:{self.action} by {self.principal_id}"


class EventCursor(models.Model):
    """How far a reader of the event history has come: everything up to event `position` is done."""

    reader = models.CharField(primary_key=True, max_length=32)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reader} at {self.position}"
