"""Connections to AWS accounts, and what was last known and found different there."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account


class Connection(models.Model):
    """How workers reach one AWS account, or whatever speaks its API.

    The worker's own credentials (`source` environment or profile), or keys given here, act directly or assume
    `role_arn`. `account` is null until a first test told whose account it is. Administrators of the local account
    `owner` manage it, and enter it as `entry_role_arn`.
    """

    class Source(models.TextChoices):
        ENVIRONMENT = "environment", "Environment"
        PROFILE = "profile", "Profile"
        KEYS = "keys", "Access keys"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.OneToOneField(Account, on_delete=models.CASCADE, null=True, related_name="connection")
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="connections")
    name = models.CharField(max_length=50)
    source = models.CharField(max_length=12, choices=Source)
    profile = models.CharField(max_length=128, blank=True)
    access_key_id = models.CharField(max_length=128, blank=True)
    # A JSON object with `secret_access_key` and, for temporary keys, `session_token`.
    sealed_keys = models.BinaryField(null=True)
    role_arn = models.CharField(max_length=2048, blank=True)
    external_id = models.CharField(max_length=1224, blank=True)
    entry_role_arn = models.CharField(max_length=2048, blank=True)
    region = models.CharField(max_length=32, default="us-east-1")
    endpoint_url = models.CharField(max_length=2048, blank=True)
    is_read_only = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    test_requested_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    # What the last test said: `caller_arn`, `caller_id`, `denied` actions, or `error_code` and `error_message`.
    test_result = models.JSONField(default=dict)
    # Whether the role lets the worker say who acts (sts:SetSourceIdentity).
    passes_source_identity = models.BooleanField(default=False)
    # The circuit breaker: after failures in a row nothing is sent before `retry_at`.
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=128, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["environment", "profile", "keys"]), name="connection_source"
            ),
            models.CheckConstraint(
                condition=Q(source="keys") ^ (Q(access_key_id="") & Q(sealed_keys__isnull=True)),
                name="connection_has_keys_only_as_source",
            ),
            models.CheckConstraint(condition=~Q(source="profile", profile=""), name="connection_has_profile"),
        ]

    def __str__(self) -> str:
        return self.name


class KnownDocument(models.Model):
    """An entity of an AWS account as AWS was last known to have it: what drift is told from.

    The document has the shape of `iam.queries.documents`; `name` is in lower case, as in keys.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="known_documents", db_index=False)
    kind = models.CharField(max_length=32, db_collation="C")
    name = models.CharField(max_length=700, db_collation="C")
    document = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "kind", "name", name="known_document_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Inventory(models.Model):
    """One reading of a whole account from its backend: to import it, or to compare it with the tables.

    `marker` is where a reading that was interrupted goes on, `counts` what was read by kind, `totals` how many of it
    there are as far as the backend says that beforehand, and `notes` what could not be taken over.
    """

    class Purpose(models.TextChoices):
        IMPORT = "import", "Import"
        COMPARE = "compare", "Compare"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="inventories", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    requested_by = models.CharField(max_length=700, blank=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    marker = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    error_code = models.CharField(max_length=128, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=["import", "compare"]), name="inventory_purpose"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "failed"]), name="inventory_state"
            ),
            models.UniqueConstraint(
                "account", condition=Q(state__in=["waiting", "running"]), name="inventory_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["account", "-requested_at"], name="inventory_newest_first")]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.account_id} ({self.state})"


class InventoryEntry(models.Model):
    """An entity that an inventory under way has dealt with: what is left in the end is only on our side."""

    inventory = models.ForeignKey(Inventory, on_delete=models.CASCADE, related_name="entries", db_index=False)
    kind = models.CharField(max_length=32, db_collation="C")
    name = models.CharField(max_length=700, db_collation="C")

    class Meta:
        constraints = [models.UniqueConstraint("inventory", "kind", "name", name="inventory_entry_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Drift(models.Model):
    """One member of an entity's document that the backend has and the tables do not, or otherwise.

    `member` is empty where the whole entity is only on one side. Each of the three values is null where there is
    nothing; `who` is what AWS's events say about it. `spelling` is the name as it is written. Where somebody decided at
    `taking_at` that the tables follow, a worker has to see to it.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="drifts", db_index=False)
    kind = models.CharField(max_length=32, db_collation="C")
    name = models.CharField(max_length=700, db_collation="C")
    spelling = models.CharField(max_length=700, blank=True)
    member = models.CharField(max_length=64, blank=True, db_collation="C")
    known = models.JSONField(null=True)
    ours = models.JSONField(null=True)
    theirs = models.JSONField(null=True)
    who = models.JSONField(null=True)
    found_at = models.DateTimeField()
    is_ignored = models.BooleanField(default=False)
    taking_at = models.DateTimeField(null=True)
    error_message = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "kind", "name", "member", name="drift_unique")]
        indexes = [models.Index(fields=["account"], name="drift_to_take", condition=Q(taking_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.member}"
