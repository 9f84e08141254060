"""Reports that workers write, and when each principal last used each action."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("iam", "0009_version_of_global_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventCursor",
            fields=[
                ("reader", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CredentialReport",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="credential_report",
                        serialize=False,
                        to="iam.account",
                    ),
                ),
                ("requested_at", models.DateTimeField(null=True)),
                ("generated_at", models.DateTimeField(null=True)),
                ("content", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("requested_at__isnull", False)),
                        fields=["requested_at"],
                        name="credential_report_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requested_at__isnull", False), ("generated_at__isnull", False), _connector="OR"
                        ),
                        name="credential_report_asked_for_or_written",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LastAccess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(db_collation="C", max_length=12)),
                ("principal_id", models.CharField(db_collation="C", max_length=128)),
                ("service", models.CharField(db_collation="C", max_length=64)),
                ("action", models.CharField(db_collation="C", max_length=128)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account_id"),
                        models.F("principal_id"),
                        models.F("service"),
                        models.F("action"),
                        name="last_access_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessReport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("requested_by", models.CharField(db_collation="C", max_length=128)),
                (
                    "kind",
                    models.CharField(choices=[("entity", "Entity"), ("organization", "Organization")], max_length=16),
                ),
                ("about", models.CharField(max_length=2048)),
                (
                    "granularity",
                    models.CharField(
                        choices=[("SERVICE_LEVEL", "Service"), ("ACTION_LEVEL", "Action")],
                        default="SERVICE_LEVEL",
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("IN_PROGRESS", "In progress"), ("COMPLETED", "Completed"), ("FAILED", "Failed")],
                        default="IN_PROGRESS",
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("content", models.JSONField(default=list)),
                ("error_code", models.CharField(blank=True, max_length=64)),
                ("error_message", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_reports",
                        to="iam.account",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "requested_by", "created_at"], name="access_report_of_requester"),
                    models.Index(
                        condition=models.Q(("state", "IN_PROGRESS")),
                        fields=["created_at"],
                        name="access_report_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["entity", "organization"])), name="access_report_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("granularity__in", ["SERVICE_LEVEL", "ACTION_LEVEL"])),
                        name="access_report_granularity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["IN_PROGRESS", "COMPLETED", "FAILED"])),
                        name="access_report_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", True), ("state", "IN_PROGRESS")),
                            models.Q(
                                models.Q(("state", "IN_PROGRESS"), _negated=True), ("completed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="access_report_completed_at_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "FAILED"), ("error_code", ""), _connector="OR"),
                        name="access_report_error_only_where_failed",
                    ),
                ],
            },
        ),
    ]
