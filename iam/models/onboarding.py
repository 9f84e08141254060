"""Onboarding: many users that one change set creates, in a worker."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account


class Onboarding(models.Model):
    """Users to be created by whoever `requested_by` is the unique id of; the worker locks the row while it does so.

    `sealed_request` says who asked and for what, and is empty afterwards. `sealed_credentials` are the passwords, until
    they are fetched.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="onboardings")
    requested_by = models.CharField(max_length=128, db_collation="C")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    user_count = models.PositiveIntegerField()
    sealed_request = models.BinaryField()
    sealed_credentials = models.BinaryField(default=bytes)
    change_set_id = models.UUIDField(null=True)
    error_code = models.CharField(max_length=128, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("created_at", name="onboarding_waiting", condition=Q(state="waiting"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False, sealed_request=b""),
                name="onboarding_keeps_its_request_no_longer",
            ),
            models.CheckConstraint(
                condition=Q(sealed_credentials=b"") | Q(state="done", fetched_at=None),
                name="onboarding_keeps_credentials_until_fetched",
            ),
        ]

    def __str__(self) -> str:
        return f"onboarding {self.id}"


class OnboardingProgress(models.Model):
    """How many of the users are there already, committed while the change set is not: hence a row of its own."""

    onboarding = models.OneToOneField(Onboarding, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    done = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.done} users"
