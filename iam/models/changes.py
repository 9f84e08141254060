"""The outbox: what was changed here and has to reach the account's backend."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account


class ChangeSet(models.Model):
    """The operations that one click or call performed together, in one transaction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="change_sets", db_index=False)
    title = models.CharField(max_length=300)
    actor_arn = models.CharField(max_length=700)
    # Names and ARNs come back when somebody is deleted and another gets the name; unique ids never do.
    actor_id = models.CharField(max_length=128, db_collation="C")
    actor_name = models.CharField(max_length=128)
    request_id = models.UUIDField()
    created_at = models.DateTimeField()
    # The change set whose inverse this one is.
    undoes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="undone_by")

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="change_set_newest_first"),
            models.Index(fields=["account", "actor_id", "-created_at", "-id"], name="change_set_of_actor"),
            models.Index(fields=["request_id"], name="change_set_of_request"),
        ]

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    """One operation on its way to the backend.

    `entities` names what has to be written there, as `[kind, name]` pairs; `parameters` never hold a secret. `before`
    are the documents of the entities as they were, where the change loses something, each as a JSON text
    (`iam.queries.former_documents`).

    What only an AWS account needs: `sealed_parameters` are the secret ones, until the change is applied; of an
    operation that `is_answered` only there, `sealed_answer` waits for whoever asked; `is_put_right` says that the
    tables were made like the backend after it refused the change, so they do not have it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        APPLYING = "applying", "Applying"
        APPLIED = "applied", "Applied"
        VERIFIED = "verified", "Verified"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="changes")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes", db_index=False)
    operation = models.CharField(max_length=64)
    parameters = models.JSONField()
    entities = models.JSONField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    sealed_parameters = models.BinaryField(null=True)
    is_answered = models.BooleanField(default=False)
    sealed_answer = models.BinaryField(null=True)
    is_put_right = models.BooleanField(default=False)
    before = models.JSONField(null=True)
    # What the backend called the requests that carried the change.
    backend_request_ids = models.JSONField(default=list)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["account", "id"],
                name="change_open",
                condition=Q(state__in=["pending", "applying", "applied", "failed"]),
            ),
            models.Index(
                fields=["account", "id"],
                name="change_not_put_right",
                condition=Q(state__in=["failed", "discarded"], is_put_right=False, is_answered=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "pending",
                        "applying",
                        "applied",
                        "verified",
                        "failed",
                        "discarded",
                    ]
                ),
                name="change_state",
            ),
            models.CheckConstraint(
                condition=Q(error_code="") | Q(state__in=["pending", "applying", "failed", "discarded"]),
                name="change_error_only_while_it_matters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} ({self.state})"
