"""Organizations of accounts, for centralized root access."""

import django.db.models.deletion
from django.db import migrations, models

import iam.models.identifiers


class Migration(migrations.Migration):
    """Add organizations and which accounts are in them."""

    dependencies = [
        ("iam", "0010_reports_and_last_accesses"),
    ]

    operations = [
        migrations.CreateModel(
            name="Organization",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.organization_id,
                        max_length=34,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "root_id",
                    models.CharField(
                        db_collation="C", default=iam.models.identifiers.organization_root_id, max_length=34
                    ),
                ),
                (
                    "feature_set",
                    models.CharField(
                        choices=[("ALL", "All features"), ("CONSOLIDATED_BILLING", "Consolidated billing")],
                        default="ALL",
                        max_length=24,
                    ),
                ),
                ("is_trusting_iam", models.BooleanField(default=False)),
                ("manages_root_credentials", models.BooleanField(default=False)),
                ("has_root_sessions", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "delegated_administrator",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="iam.account",
                    ),
                ),
                (
                    "management_account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="managed_organization",
                        to="iam.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrganizationMember",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="organization_membership",
                        serialize=False,
                        to="iam.account",
                    ),
                ),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="iam.organization"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(("id__regex", "^o-[a-z0-9]{10,32}$")), name="organization_id_pattern"
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(("root_id__regex", "^r-[a-z0-9]{4,32}$")), name="organization_root_pattern"
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(("feature_set__in", ["ALL", "CONSOLIDATED_BILLING"])),
                name="organization_feature_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_trusting_iam", False), ("feature_set", "ALL"), _connector="OR"),
                name="organization_trust_needs_all_features",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("has_root_sessions", False), ("manages_root_credentials", False)),
                    ("is_trusting_iam", True),
                    _connector="OR",
                ),
                name="organization_features_need_trust",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delegated_administrator", None),
                    models.Q(("delegated_administrator", models.F("management_account")), _negated=True),
                    _connector="OR",
                ),
                name="organization_delegates_to_a_member",
            ),
        ),
    ]
