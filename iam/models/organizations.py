"""Organizations: accounts of this installation that one of them manages."""

from django.db import models
from django.db.models import F, Q

from iam.models import identifiers
from iam.models.accounts import Account


class Organization(models.Model):
    """An organization with one root and no organizational units (AWS Organizations User Guide, "Terminology").

    `is_trusting_iam` is whether IAM has trusted access; without it no feature of centralized root access is on.
    """

    class FeatureSet(models.TextChoices):
        ALL = "ALL", "All features"
        CONSOLIDATED_BILLING = "CONSOLIDATED_BILLING", "Consolidated billing"

    id = models.CharField(primary_key=True, max_length=34, db_collation="C", default=identifiers.organization_id)
    root_id = models.CharField(max_length=34, db_collation="C", default=identifiers.organization_root_id)
    management_account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="managed_organization")
    feature_set = models.CharField(max_length=24, choices=FeatureSet, default=FeatureSet.ALL)
    is_trusting_iam = models.BooleanField(default=False)
    delegated_administrator = models.ForeignKey(
        Account, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    manages_root_credentials = models.BooleanField(default=False)
    has_root_sessions = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=r"^o-[a-z0-9]{10,32}$"), name="organization_id_pattern"),
            models.CheckConstraint(condition=Q(root_id__regex=r"^r-[a-z0-9]{4,32}$"), name="organization_root_pattern"),
            models.CheckConstraint(
                condition=Q(feature_set__in=["ALL", "CONSOLIDATED_BILLING"]), name="organization_feature_set"
            ),
            models.CheckConstraint(
                condition=Q(is_trusting_iam=False) | Q(feature_set="ALL"), name="organization_trust_needs_all_features"
            ),
            models.CheckConstraint(
                condition=Q(manages_root_credentials=False, has_root_sessions=False) | Q(is_trusting_iam=True),
                name="organization_features_need_trust",
            ),
            models.CheckConstraint(
                condition=Q(delegated_administrator=None) | ~Q(delegated_administrator=F("management_account")),
                name="organization_delegates_to_a_member",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def enabled_features(self) -> list[str]:
        """The features of centralized root access that are on, as the API lists them."""
        features = {"RootCredentialsManagement": self.manages_root_credentials, "RootSessions": self.has_root_sessions}
        return [name for name, is_enabled in features.items() if is_enabled]

    def is_administered_by(self, account_id: str) -> bool:
        """Whether an account is the management account or the delegated administrator for IAM."""
        return account_id in (self.management_account_id, self.delegated_administrator_id)


class OrganizationMember(models.Model):
    """An account in an organization, its management account included; an account is in one at most."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="organization_membership"
    )
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members")
    joined_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.account_id} in {self.organization_id}"
