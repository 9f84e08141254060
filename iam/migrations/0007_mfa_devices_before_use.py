"""Virtual MFA devices are there before anybody enables them, with seed and tags."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Lower

SHARDS = """
INSERT INTO iam_quotashard (account_id, resource, shard, used, quota)
SELECT id, 'VirtualMFADevices', shard, 0, 5000 / 8 FROM iam_account, generate_series(0, 7) AS shard
"""


class Migration(migrations.Migration):
    """Add what a one-time code is checked by, the tags, and the places of every account's quota."""

    dependencies = [("iam", "0006_words_of_policies")]

    operations = [
        migrations.AlterField("mfadevice", "enabled_at", models.DateTimeField(null=True)),
        migrations.AddField("mfadevice", "sealed_seed", models.BinaryField(null=True)),
        migrations.AddField("mfadevice", "clock_offset", models.SmallIntegerField(default=0)),
        migrations.AddField("mfadevice", "last_step", models.BigIntegerField(null=True)),
        migrations.AddConstraint(
            "mfadevice", models.UniqueConstraint(Lower("serial_number"), name="mfa_device_serial_number_unique")
        ),
        migrations.AddConstraint(
            "mfadevice",
            models.CheckConstraint(
                condition=Q(serial_number__regex="^[A-Za-z0-9_+=/:,.@-]{9,}$"),
                name="mfa_device_serial_number_pattern",
            ),
        ),
        migrations.AddConstraint(
            "mfadevice",
            models.CheckConstraint(
                condition=Q(enabled_at__isnull=False) | Q(user=None, kind="Virtual"),
                name="mfa_device_of_nobody_is_virtual",
            ),
        ),
        migrations.AddConstraint(
            "mfadevice",
            models.CheckConstraint(
                condition=Q(kind="Security key", sealed_seed=None)
                | Q(kind__in=["Virtual", "Hardware"], sealed_seed__isnull=False),
                name="mfa_device_seed",
            ),
        ),
        migrations.CreateModel(
            "MfaDeviceTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "mfa_device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="iam.mfadevice",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddConstraint(
            "mfadevicetag", models.UniqueConstraint("mfa_device", "key", name="mfa_device_tag_unique")
        ),
        migrations.RunSQL(SHARDS, "DELETE FROM iam_quotashard WHERE resource = 'VirtualMFADevices'"),
    ]
