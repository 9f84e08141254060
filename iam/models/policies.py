"""Managed policies and their versions."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account


class ManagedPolicy(models.Model):
    """A managed policy: AWS's where `account` is null, which every account sees, else a customer's own."""

    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        related_name="managed_policies",
        db_index=False,
    )
    unique_id = models.CharField(max_length=21, unique=True, default=identifiers.policy_id, db_collation="C")
    arn = models.CharField(max_length=700, unique=True, db_collation="C")
    name = models.CharField(max_length=128, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    description = models.CharField(max_length=1000, blank=True)
    is_attachable = models.BooleanField(default=True)
    is_job_function = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    latest_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="managed_policy_name_unique",
                nulls_distinct=False,
            )
        ]
        # Each list of policies begins with AWS's by name, and PostgreSQL takes no order from an index behind IS NULL.
        indexes = [models.Index(Lower("name"), "arn", name="aws_policies_by_name", condition=Q(account=None))]

    def __str__(self) -> str:
        return self.arn

    @property
    def is_aws_managed(self) -> bool:
        """Whether AWS owns the policy, so that nobody can change it."""
        return self.account_id is None


class PolicyVersion(models.Model):
    """One version of a managed policy; the document is kept exactly as it was given."""

    policy = models.ForeignKey(ManagedPolicy, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.TextField()
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("policy", "number", name="policy_version_unique"),
            models.UniqueConstraint(
                "policy",
                condition=Q(is_default=True),
                name="policy_has_one_default_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.version_id}"

    @property
    def version_id(self) -> str:
        """The version as the API writes it, v1, v2, …"""
        return f"v{self.number}"


class PolicyTag(models.Model):
    """A tag of a customer managed policy; its key is case-sensitive, unlike those of users and roles."""

    policy = models.ForeignKey(ManagedPolicy, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("policy", "key", name="policy_tag_unique")]

    def __str__(self) -> str:
        return self.key
