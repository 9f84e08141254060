"""Instance profiles; roles say whom they trust; change sets are found by the request that made them."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Lower

from iam.models import identifiers


class Migration(migrations.Migration):
    """Add the tables, the column and the index, and let service-linked roles come beyond the quota."""

    dependencies = [("iam", "0004_drafts_belong_to_unique_ids")]

    operations = [
        migrations.AddField(
            "role", "trusted_entities", models.TextField(blank=True, default=""), preserve_default=False
        ),
        migrations.CreateModel(
            "InstanceProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unique_id",
                    models.CharField(
                        db_collation="C", default=identifiers.instance_profile_id, max_length=21, unique=True
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=128)),
                ("path", models.CharField(db_collation="C", default="/", max_length=512)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="instance_profiles",
                        to="iam.account",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instance_profiles",
                        to="iam.role",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "InstanceProfileTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "instance_profile",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="iam.instanceprofile",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddConstraint(
            "instanceprofile",
            models.UniqueConstraint("account", Lower("name"), name="instance_profile_name_unique"),
        ),
        migrations.AddConstraint(
            "instanceprofile",
            models.CheckConstraint(
                condition=models.Q(name__regex="^[A-Za-z0-9_+=,.@-]{1,128}$"), name="instance_profile_name_pattern"
            ),
        ),
        migrations.AddConstraint(
            "instanceprofiletag",
            models.UniqueConstraint("instance_profile", "key", name="instance_profile_tag_unique"),
        ),
        migrations.RemoveConstraint("quotashard", "quota_shard_not_exceeded"),
        migrations.AddConstraint(
            "quotashard",
            models.CheckConstraint(
                condition=models.Q(used__lte=models.F("quota")) | models.Q(resource="Roles"),
                name="quota_shard_not_exceeded",
            ),
        ),
        migrations.AddIndex("changeset", models.Index(fields=["request_id"], name="change_set_of_request")),
    ]
