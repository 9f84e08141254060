"""Access analyzers: what each looks for, how far its scan is, and what it found."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account

EXTERNAL_TYPES = ("ACCOUNT", "ORGANIZATION")


class Analyzer(models.Model):
    """An analyzer of an account: of external access, or of access unused for `unused_access_age` days.

    A scan is asked for while `scan_requested_at` is set. `scan_position` is the last entity of those it has done.
    """

    class Type(models.TextChoices):
        ACCOUNT = "ACCOUNT", "External access, current account"
        ORGANIZATION = "ORGANIZATION", "External access, current organization"
        UNUSED = "ACCOUNT_UNUSED_ACCESS", "Unused access"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="analyzers", db_index=False)
    name = models.CharField(max_length=255, db_collation="C")
    type = models.CharField(max_length=32, choices=Type)
    unused_access_age = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    scan_requested_at = models.DateTimeField(null=True)
    scan_started_at = models.DateTimeField(null=True)
    scan_position = models.CharField(max_length=32, blank=True)
    scan_done = models.PositiveIntegerField(default=0)
    scan_total = models.PositiveIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "name", name="analyzer_name_unique"),
            models.CheckConstraint(condition=Q(name__regex=r"^[A-Za-z][A-Za-z0-9_.-]*$"), name="analyzer_name_pattern"),
            models.CheckConstraint(
                condition=Q(type="ACCOUNT_UNUSED_ACCESS", unused_access_age__range=(1, 365))
                | Q(type__in=EXTERNAL_TYPES, unused_access_age=None),
                name="analyzer_type_and_age",
            ),
            models.CheckConstraint(
                condition=Q(scan_started_at=None) | Q(scan_requested_at__isnull=False),
                name="analyzer_scans_what_was_asked_for",
            ),
        ]
        indexes = [
            models.Index(
                fields=["scan_requested_at"], name="analyzer_waiting", condition=Q(scan_requested_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The analyzer's ARN, in the region of global services."""
        return f"arn:aws:access-analyzer:us-east-1:{self.account_id}:analyzer/{self.name}"


class ArchiveRule(models.Model):
    """Findings that an analyzer archives by itself: `criteria` maps properties to what they must be."""

    analyzer = models.ForeignKey(Analyzer, on_delete=models.CASCADE, related_name="archive_rules", db_index=False)
    name = models.CharField(max_length=255, db_collation="C")
    criteria = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("analyzer", "name", name="archive_rule_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z][A-Za-z0-9_.-]*$"), name="archive_rule_name_pattern"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Finding(models.Model):
    """Something that an analyzer found; `key` is the same whenever the same is found again.

    `entity_id` is the unique id of the user or role, so that nobody who takes over a name takes over its findings.
    """

    class Type(models.TextChoices):
        EXTERNAL = "ExternalAccess", "External access"
        ROLE = "UnusedIAMRole", "Unused role"
        KEY = "UnusedIAMUserAccessKey", "Unused access key"
        PASSWORD = "UnusedIAMUserPassword", "Unused password"
        PERMISSION = "UnusedPermission", "Unused permissions"

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "Active"
        ARCHIVED = "ARCHIVED", "Archived"
        RESOLVED = "RESOLVED", "Resolved"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    analyzer = models.ForeignKey(Analyzer, on_delete=models.CASCADE, related_name="findings", db_index=False)
    key = models.CharField(max_length=64, db_collation="C")
    type = models.CharField(max_length=32, choices=Type)
    entity_kind = models.CharField(max_length=8)
    entity_id = models.CharField(max_length=128, db_collation="C")
    resource = models.CharField(max_length=2048)
    name = models.CharField(max_length=128)
    principal_kind = models.CharField(max_length=16, blank=True)
    principal = models.CharField(max_length=2048, blank=True)
    is_public = models.BooleanField(default=False)
    details = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    analyzed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("analyzer", "key", name="finding_once"),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "ExternalAccess",
                        "UnusedIAMRole",
                        "UnusedIAMUserAccessKey",
                        "UnusedIAMUserPassword",
                        "UnusedPermission",
                    ]
                ),
                name="finding_type",
            ),
            models.CheckConstraint(condition=Q(status__in=["ACTIVE", "ARCHIVED", "RESOLVED"]), name="finding_status"),
            models.CheckConstraint(condition=Q(entity_kind__in=["user", "role"]), name="finding_entity_kind"),
        ]
        indexes = [
            models.Index(fields=["analyzer", "status", "updated_at", "id"], name="finding_by_update"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.resource}"
