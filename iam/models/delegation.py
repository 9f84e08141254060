"""Delegation requests: partners who ask for temporary access, and what became of that."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from iam.models import identifiers
from iam.models.accounts import Account


class DelegationRequest(models.Model):
    """One request of an account, `requestor`, for access to another (IAM User Guide, "Temporary delegation").

    `owner_id` is the ARN of who took the request over and `approver` what is known of who accepted it, which a token
    needs. Time alone makes a request expire: no row is written then, so `state` is what it was before.
    """

    class State(models.TextChoices):
        UNASSIGNED = "UNASSIGNED", "Unassigned"
        ASSIGNED = "ASSIGNED", "Assigned"
        PENDING_APPROVAL = "PENDING_APPROVAL", "Pending approval"
        ACCEPTED = "ACCEPTED", "Accepted"
        FINALIZED = "FINALIZED", "Finalized"
        REJECTED = "REJECTED", "Rejected"

    id = models.CharField(primary_key=True, max_length=64, db_collation="C", default=identifiers.delegation_request_id)
    requestor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    workflow_id = models.CharField(max_length=400)
    owner_account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="delegation_requests")
    owner_id = models.CharField(max_length=2048, blank=True)
    approver = models.JSONField(null=True)
    state = models.CharField(max_length=16, choices=State, default=State.UNASSIGNED)
    description = models.CharField(max_length=1000)
    request_message = models.CharField(max_length=200, blank=True)
    permissions = models.JSONField()
    permission_policy = models.TextField()
    redirect_url = models.CharField(max_length=255, blank=True)
    notification_channel = models.CharField(max_length=400)
    session_duration = models.PositiveIntegerField()
    only_send_by_owner = models.BooleanField(default=False)
    notes = models.CharField(max_length=500, blank=True)
    rejection_reason = models.CharField(max_length=500, blank=True)
    sealed_token = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("requestor", "workflow_id", name="delegation_request_workflow_unique"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL", "ACCEPTED", "FINALIZED", "REJECTED"]
                ),
                name="delegation_request_state",
            ),
            models.CheckConstraint(
                condition=Q(state="UNASSIGNED", owner_id="")
                | (~Q(state="UNASSIGNED") & ~Q(owner_id="") & Q(owner_account__isnull=False)),
                name="delegation_request_owned_once_assigned",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ACCEPTED", "FINALIZED"]) | Q(approver__isnull=False),
                name="delegation_request_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(sealed_token=None) | Q(state="FINALIZED"), name="delegation_request_token_once_sent"
            ),
            models.CheckConstraint(
                condition=Q(session_duration__range=(300, 43200)), name="delegation_request_session_duration"
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def arn(self) -> str:
        """The request's ARN, which names no account as long as any may take it over."""
        return identifiers.arn(self.owner_account_id or "", "delegation-request", "/", self.id)

    def state_at(self, moment: datetime) -> str:
        """Return the state as the API tells it."""
        return "EXPIRED" if self.expires_at <= moment else self.state
