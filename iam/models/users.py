"""IAM users with their credentials, and what hangs on a user."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account
from iam.models.policies import ManagedPolicy


class User(models.Model):
    """An IAM user; never a user of Django."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="users", db_index=False)
    unique_id = models.CharField(max_length=21, unique=True, default=identifiers.user_id, db_collation="C")
    name = models.CharField(max_length=64, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    created_at = models.DateTimeField()
    permissions_boundary = models.ForeignKey(
        ManagedPolicy, on_delete=models.PROTECT, null=True, related_name="bounded_users"
    )
    password_last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="user_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_+=,.@-]{1,64}$"),
                name="user_name_pattern",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The user's ARN; it changes with name and path, the unique id never does."""
        return identifiers.arn(self.account_id, "user", self.path, self.name)


class LoginProfile(models.Model):
    """A user's console password."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="login_profile")
    password = models.CharField(max_length=256)
    password_reset_required = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    password_changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"login profile of user {self.user_id}"


class PreviousPassword(models.Model):
    """A hash that the password policy's reuse prevention still has to remember."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="previous_passwords")
    password = models.CharField(max_length=256)
    replaced_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"previous password of user {self.user_id}"


class AccessKey(models.Model):
    """A long-term key of a user, or of the root user where `user` is null."""

    class Status(models.TextChoices):
        ACTIVE = "Active", "Active"
        INACTIVE = "Inactive", "Inactive"

    id = models.CharField(
        primary_key=True,
        max_length=20,
        default=identifiers.access_key_id,
        db_collation="C",
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_keys")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="access_keys")
    sealed_secret = models.BinaryField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_service = models.CharField(max_length=64, blank=True)
    last_used_region = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["Active", "Inactive"]), name="access_key_status"),
        ]

    def __str__(self) -> str:
        return self.id


class UserPolicyAttachment(models.Model):
    """A managed policy attached to a user directly."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="attachments", db_index=False)
    policy = models.ForeignKey(ManagedPolicy, on_delete=models.PROTECT, related_name="user_attachments")

    class Meta:
        constraints = [models.UniqueConstraint("user", "policy", name="user_attachment_unique")]

    def __str__(self) -> str:
        return f"policy {self.policy_id} on user {self.user_id}"


class UserInlinePolicy(models.Model):
    """A policy embedded in a user."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="inline_policies", db_index=False)
    name = models.CharField(max_length=128, db_collation="C")
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("user", Lower("name"), name="user_inline_policy_unique")]

    def __str__(self) -> str:
        return self.name


class UserTag(models.Model):
    """A tag of a user. Keys are compared without regard to case, and keep the case they were given."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("user", Lower("key"), name="user_tag_unique")]

    def __str__(self) -> str:
        return self.key
