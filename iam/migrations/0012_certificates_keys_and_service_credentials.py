"""Server and signing certificates, SSH public keys and service-specific credentials."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import iam.models.identifiers


class Migration(migrations.Migration):
    """Add the tables."""

    dependencies = [
        ("iam", "0011_organizations"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServerCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unique_id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.server_certificate_id,
                        max_length=21,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=128)),
                ("path", models.CharField(db_collation="C", default="/", max_length=512)),
                ("body", models.TextField()),
                ("chain", models.TextField(blank=True)),
                ("sealed_private_key", models.BinaryField()),
                ("uploaded_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="server_certificates",
                        to="iam.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ServerCertificateTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "server_certificate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="iam.servercertificate",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ServiceSpecificCredential",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.service_credential_id,
                        max_length=21,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("service_name", models.CharField(db_collation="C", max_length=64)),
                ("service_user_name", models.CharField(db_collation="C", max_length=200)),
                ("secret_digest", models.CharField(db_collation="C", max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("Active", "Active"), ("Inactive", "Inactive")], default="Active", max_length=8
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="service_credentials",
                        to="iam.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="service_credentials", to="iam.user"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SigningCertificate",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.signing_certificate_id,
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("body", models.TextField()),
                ("fingerprint", models.CharField(db_collation="C", max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("Active", "Active"), ("Inactive", "Inactive")], default="Active", max_length=8
                    ),
                ),
                ("uploaded_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signing_certificates",
                        to="iam.account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signing_certificates",
                        to="iam.user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SshPublicKey",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        default=iam.models.identifiers.ssh_public_key_id,
                        max_length=21,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("body", models.TextField()),
                ("fingerprint", models.CharField(db_collation="C", max_length=47)),
                (
                    "status",
                    models.CharField(
                        choices=[("Active", "Active"), ("Inactive", "Inactive")], default="Active", max_length=8
                    ),
                ),
                ("uploaded_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ssh_public_keys",
                        to="iam.user",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="servercertificate",
            constraint=models.UniqueConstraint(
                models.F("account"),
                django.db.models.functions.text.Lower("name"),
                name="server_certificate_name_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="servercertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "^[A-Za-z0-9_+=,.@-]{1,128}$")),
                name="server_certificate_name_pattern",
            ),
        ),
        migrations.AddConstraint(
            model_name="servercertificatetag",
            constraint=models.UniqueConstraint(
                models.F("server_certificate"), models.F("key"), name="server_certificate_tag_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="servicespecificcredential",
            constraint=models.UniqueConstraint(
                models.F("account"),
                models.F("service_name"),
                models.F("service_user_name"),
                name="service_credential_name_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="servicespecificcredential",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["Active", "Inactive"])), name="service_credential_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="signingcertificate",
            constraint=models.UniqueConstraint(
                models.F("account"), models.F("fingerprint"), name="signing_certificate_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="signingcertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["Active", "Inactive"])), name="signing_certificate_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="sshpublickey",
            constraint=models.UniqueConstraint(models.F("user"), models.F("fingerprint"), name="ssh_public_key_unique"),
        ),
        migrations.AddConstraint(
            model_name="sshpublickey",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["Active", "Inactive"])), name="ssh_public_key_status"
            ),
        ),
    ]
