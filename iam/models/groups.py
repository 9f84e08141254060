"""User groups and their members."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account
from iam.models.policies import ManagedPolicy
from iam.models.users import User


class Group(models.Model):
    """A user group: permissions for many users; not an identity, so it has neither boundary nor tags."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="groups", db_index=False)
    unique_id = models.CharField(max_length=21, unique=True, default=identifiers.group_id, db_collation="C")
    name = models.CharField(max_length=128, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="group_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_+=,.@-]{1,128}$"),
                name="group_name_pattern",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The group's ARN; it changes with name and path."""
        return identifiers.arn(self.account_id, "group", self.path, self.name)


class Membership(models.Model):
    """A user's place in a group."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint("user", "group", name="membership_unique")]

    def __str__(self) -> str:
        return f"user {self.user_id} in group {self.group_id}"


class GroupPolicyAttachment(models.Model):
    """A managed policy attached to a group."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="attachments", db_index=False)
    policy = models.ForeignKey(ManagedPolicy, on_delete=models.PROTECT, related_name="group_attachments")

    class Meta:
        constraints = [models.UniqueConstraint("group", "policy", name="group_attachment_unique")]

    def __str__(self) -> str:
        return f"policy {self.policy_id} on group {self.group_id}"


class GroupInlinePolicy(models.Model):
    """A policy embedded in a group."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="inline_policies", db_index=False)
    name = models.CharField(max_length=128, db_collation="C")
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("group", Lower("name"), name="group_inline_policy_unique")]

    def __str__(self) -> str:
        return self.name
