"""Roles: identities that others assume for a while; and instance profiles, which carry them to EC2."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account
from iam.models.policies import ManagedPolicy


class Role(models.Model):
    """A role with its trust policy; it has no long-term credentials."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles", db_index=False)
    unique_id = models.CharField(max_length=21, unique=True, default=identifiers.role_id, db_collation="C")
    name = models.CharField(max_length=64, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    description = models.CharField(max_length=1000, blank=True)
    # Users and roles of this installation stand in it by unique id: who gets a name later is somebody else.
    assume_role_policy_document = models.TextField()
    # Whom the document trusts, one a line as the roles list says it, for the list and its search.
    trusted_entities = models.TextField(blank=True)
    max_session_duration = models.PositiveIntegerField(default=3600)
    permissions_boundary = models.ForeignKey(
        ManagedPolicy, on_delete=models.PROTECT, null=True, related_name="bounded_roles"
    )
    created_at = models.DateTimeField()
    # The template that AcquireRole made the role from.
    template_arn = models.CharField(max_length=2048, blank=True)
    template_minor_version = models.PositiveSmallIntegerField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_region = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="role_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_+=,.@-]{1,64}$"),
                name="role_name_pattern",
            ),
            models.CheckConstraint(
                condition=Q(max_session_duration__range=(3600, 43200)),
                name="role_max_session_duration",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return identifiers.arn(self.account_id, "role", self.path, self.name)

    @property
    def is_service_linked(self) -> bool:
        """Whether a service owns the role: nobody else may change or delete it."""
        return self.path.startswith("/aws-service-role/")

    @property
    def service(self) -> str:
        """The service that owns a service-linked role, as in its path: `autoscaling.amazonaws.com`."""
        return self.path.split("/")[2] if self.is_service_linked else ""


class RolePolicyAttachment(models.Model):
    """A managed policy attached to a role."""

    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="attachments", db_index=False)
    policy = models.ForeignKey(ManagedPolicy, on_delete=models.PROTECT, related_name="role_attachments")

    class Meta:
        constraints = [models.UniqueConstraint("role", "policy", name="role_attachment_unique")]

    def __str__(self) -> str:
        return f"policy {self.policy_id} on role {self.role_id}"


class RoleInlinePolicy(models.Model):
    """A policy embedded in a role."""

    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="inline_policies", db_index=False)
    name = models.CharField(max_length=128, db_collation="C")
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("role", Lower("name"), name="role_inline_policy_unique")]

    def __str__(self) -> str:
        return self.name


class RoleTag(models.Model):
    """A tag of a role; keys are compared without regard to case."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("role", Lower("key"), name="role_tag_unique")]

    def __str__(self) -> str:
        return self.key


class InstanceProfile(models.Model):
    """What EC2 gets a role through; it holds one role at most."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="instance_profiles", db_index=False)
    unique_id = models.CharField(max_length=21, unique=True, default=identifiers.instance_profile_id, db_collation="C")
    name = models.CharField(max_length=128, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, related_name="instance_profiles")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="instance_profile_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_+=,.@-]{1,128}$"),
                name="instance_profile_name_pattern",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The instance profile's ARN."""
        return identifiers.arn(self.account_id, "instance-profile", self.path, self.name)


class InstanceProfileTag(models.Model):
    """A tag of an instance profile; its key is case-sensitive, unlike those of users and roles."""

    instance_profile = models.ForeignKey(InstanceProfile, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("instance_profile", "key", name="instance_profile_tag_unique")]

    def __str__(self) -> str:
        return self.key
