"""Accounts, their root users and what is set once for a whole account."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Account(models.Model):
    """One IAM account: a separate set of users, groups, roles and policies."""

    class Kind(models.TextChoices):
        LOCAL = "local", "Local"
        AWS = "aws", "AWS"

    id = models.CharField(primary_key=True, max_length=12, db_collation="C")
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.LOCAL)
    alias = models.CharField(max_length=63, null=True, db_collation="C")
    is_role_manager_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    global_endpoint_token_version = models.PositiveSmallIntegerField(default=1)
    inactive_sts_regions = models.JSONField(default=list)
    is_billing_access_active = models.BooleanField(default=False)

    class Meta:
        constraints = [
            # Nobody signs in to the mirror of an AWS account, and its alias is AWS's.
            models.UniqueConstraint("alias", condition=Q(kind="local"), name="account_alias_unique"),
            models.CheckConstraint(condition=Q(id__regex=r"^[0-9]{12}$"), name="account_id_is_12_digits"),
            models.CheckConstraint(
                condition=Q(alias__isnull=True) | Q(alias__regex=r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"),
                name="account_alias_pattern",
            ),
            models.CheckConstraint(
                condition=Q(alias__isnull=True) | ~Q(alias__regex=r"^[0-9]{12}$"),
                name="account_alias_is_no_account_id",
            ),
            models.CheckConstraint(condition=Q(kind__in=["local", "aws"]), name="account_kind"),
            models.CheckConstraint(condition=Q(global_endpoint_token_version__in=[1, 2]), name="account_token_version"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def sign_in_name(self) -> str:
        """What people type to name the account: its alias, or its id while it has none."""
        return self.alias or self.id


class RootUser(models.Model):
    """The owner of an account, who signs in with an e-mail address and is allowed everything."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="root_user")
    email = models.EmailField()
    # Empty without a login profile.
    password = models.CharField(max_length=256)
    password_changed_at = models.DateTimeField()
    password_last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="root_email_unique")]

    def __str__(self) -> str:
        return self.email

    @property
    def has_login_profile(self) -> bool:
        """Whether the root user may sign in with a password, if one is set; not after its credentials were deleted."""
        return bool(self.password)


class PasswordPolicy(models.Model):
    """The account's own password policy; an account without one follows IAM's default.

    An absent number means that the rule is off, as in the API (`GetAccountPasswordPolicy`).
    """

    account = models.OneToOneField(
        Account,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="password_policy",
    )
    minimum_password_length = models.PositiveSmallIntegerField(default=6)
    require_symbols = models.BooleanField(default=False)
    require_numbers = models.BooleanField(default=False)
    require_uppercase_characters = models.BooleanField(default=False)
    require_lowercase_characters = models.BooleanField(default=False)
    allow_users_to_change_password = models.BooleanField(default=False)
    max_password_age = models.PositiveSmallIntegerField(null=True)
    password_reuse_prevention = models.PositiveSmallIntegerField(null=True)
    hard_expiry = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_password_length__range=(6, 128)),
                name="password_policy_minimum_length",
            ),
            models.CheckConstraint(
                condition=Q(max_password_age__range=(1, 1095)),
                name="password_policy_max_age",
            ),
            models.CheckConstraint(
                condition=Q(password_reuse_prevention__range=(1, 24)),
                name="password_policy_reuse_prevention",
            ),
        ]

    def __str__(self) -> str:
        return f"password policy of {self.account_id}"


class QuotaShard(models.Model):
    """A share of an account-wide quota.

    Each create takes a place in any shard that nobody else has locked, so two administrators who create users do not
    wait for each other, and the sum over the shards can still never pass the quota.
    """

    SHARDS = 8

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="quota_shards", db_index=False)
    resource = models.CharField(max_length=32)
    shard = models.PositiveSmallIntegerField()
    used = models.PositiveIntegerField(default=0)
    quota = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "resource", "shard", name="quota_shard_unique"),
            models.CheckConstraint(
                # Service-linked roles count, but come even where no place is left.
                condition=Q(used__lte=models.F("quota")) | Q(resource="Roles"),
                name="quota_shard_not_exceeded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.used}/{self.quota}"
