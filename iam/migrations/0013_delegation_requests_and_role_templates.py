"""Delegation requests, the templates that roles come from, and the setting of role manager."""

import django.db.models.deletion
from django.db import migrations, models

import iam.models.identifiers


class Migration(migrations.Migration):
    """Add them; nobody has any yet."""

    dependencies = [
        ("iam", "0012_certificates_keys_and_service_credentials"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="is_role_manager_enabled",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="role",
            name="template_arn",
            field=models.CharField(blank=True, max_length=2048),
        ),
        migrations.AddField(
            model_name="role",
            name="template_minor_version",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="DelegationRequest",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.delegation_request_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("workflow_id", models.CharField(max_length=400)),
                ("owner_id", models.CharField(blank=True, max_length=2048)),
                ("approver", models.JSONField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("UNASSIGNED", "Unassigned"),
                            ("ASSIGNED", "Assigned"),
                            ("PENDING_APPROVAL", "Pending approval"),
                            ("ACCEPTED", "Accepted"),
                            ("FINALIZED", "Finalized"),
                            ("REJECTED", "Rejected"),
                        ],
                        default="UNASSIGNED",
                        max_length=16,
                    ),
                ),
                ("description", models.CharField(max_length=1000)),
                ("request_message", models.CharField(blank=True, max_length=200)),
                ("permissions", models.JSONField()),
                ("permission_policy", models.TextField()),
                ("redirect_url", models.CharField(blank=True, max_length=255)),
                ("notification_channel", models.CharField(max_length=400)),
                ("session_duration", models.PositiveIntegerField()),
                ("only_send_by_owner", models.BooleanField(default=False)),
                ("notes", models.CharField(blank=True, max_length=500)),
                ("rejection_reason", models.CharField(blank=True, max_length=500)),
                ("sealed_token", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "owner_account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegation_requests",
                        to="iam.account",
                    ),
                ),
                (
                    "requestor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="iam.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("requestor"), models.F("workflow_id"), name="delegation_request_workflow_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL", "ACCEPTED", "FINALIZED", "REJECTED"],
                            )
                        ),
                        name="delegation_request_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("owner_id", ""), ("state", "UNASSIGNED")),
                            models.Q(
                                models.Q(("state", "UNASSIGNED"), _negated=True),
                                models.Q(("owner_id", ""), _negated=True),
                                ("owner_account__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="delegation_request_owned_once_assigned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["ACCEPTED", "FINALIZED"]), _negated=True),
                            ("approver__isnull", False),
                            _connector="OR",
                        ),
                        name="delegation_request_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sealed_token", None), ("state", "FINALIZED"), _connector="OR"),
                        name="delegation_request_token_once_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("session_duration__range", (300, 43200))),
                        name="delegation_request_session_duration",
                    ),
                ],
            },
        ),
    ]
