"""Identity providers, the account as an issuer of tokens, and quotas of providers for the accounts that exist."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import iam.models.identifiers

# As new accounts get them: a hundred places of each kind over eight shards.
OPEN_QUOTAS = """
    INSERT INTO iam_quotashard (account_id, resource, shard, used, quota)
    SELECT account.id, resource, shard, 0, 12 + (shard < 4)::int
    FROM iam_account AS account,
        unnest(ARRAY['OpenIDConnectProvidersPerAccount', 'SAMLProvidersPerAccount']) AS resource,
        generate_series(0, 7) AS shard
"""
CLOSE_QUOTAS = "DELETE FROM iam_quotashard WHERE resource LIKE '%ProvidersPerAccount'"


class Migration(migrations.Migration):
    """Add the tables and the shards."""

    dependencies = [
        ("iam", "0007_mfa_devices_before_use"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboundIssuer",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="outbound_issuer",
                        serialize=False,
                        to="iam.account",
                    ),
                ),
                ("identifier", models.UUIDField(unique=True)),
                ("is_enabled", models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name="OpenIdConnectProvider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(db_collation="C", max_length=255)),
                (
                    "client_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), default=list, size=None
                    ),
                ),
                (
                    "thumbprints",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="oidc_providers",
                        to="iam.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OpenIdConnectProviderTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="iam.openidconnectprovider",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="IssuerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.UUIDField(unique=True)),
                (
                    "algorithm",
                    models.CharField(choices=[("RS256", "Rs256"), ("ES384", "Es384")], db_collation="C", max_length=5),
                ),
                ("sealed_key", models.BinaryField()),
                ("public_key", models.JSONField()),
                (
                    "issuer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="iam.outboundissuer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SamlProvider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unique_id",
                    models.CharField(
                        db_collation="C", default=iam.models.identifiers.saml_provider_id, max_length=28, unique=True
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=128)),
                ("metadata_document", models.TextField()),
                (
                    "assertion_encryption_mode",
                    models.CharField(
                        choices=[("Required", "Required"), ("Allowed", "Allowed")],
                        db_collation="C",
                        default="Allowed",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saml_providers",
                        to="iam.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SamlPrivateKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key_id",
                    models.CharField(
                        db_collation="C", default=iam.models.identifiers.saml_private_key_id, max_length=28, unique=True
                    ),
                ),
                ("sealed_key", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="private_keys", to="iam.samlprovider"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SamlProviderTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("value", models.CharField(blank=True, max_length=256)),
                (
                    "provider",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="iam.samlprovider",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="openidconnectprovider",
            constraint=models.UniqueConstraint(
                models.F("account"), django.db.models.functions.text.Lower("url"), name="oidc_provider_url_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="openidconnectprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("url__regex", "^[^\\s/?#@]+(/[^\\s?#]*)?$")), name="oidc_provider_url_pattern"
            ),
        ),
        migrations.AddConstraint(
            model_name="openidconnectprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("client_ids__len__lte", 100)), name="oidc_provider_client_ids"
            ),
        ),
        migrations.AddConstraint(
            model_name="openidconnectprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("thumbprints__len__lte", 5)), name="oidc_provider_thumbprints"
            ),
        ),
        migrations.AddConstraint(
            model_name="openidconnectprovidertag",
            constraint=models.UniqueConstraint(models.F("provider"), models.F("key"), name="oidc_provider_tag_unique"),
        ),
        migrations.AddConstraint(
            model_name="issuerkey",
            constraint=models.UniqueConstraint(models.F("issuer"), models.F("algorithm"), name="issuer_key_unique"),
        ),
        migrations.AddConstraint(
            model_name="issuerkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("algorithm__in", ["RS256", "ES384"])), name="issuer_key_algorithm"
            ),
        ),
        migrations.AddConstraint(
            model_name="samlprovider",
            constraint=models.UniqueConstraint(
                models.F("account"), django.db.models.functions.text.Lower("name"), name="saml_provider_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="samlprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "^[A-Za-z0-9_.-]{1,128}$")), name="saml_provider_name_pattern"
            ),
        ),
        migrations.AddConstraint(
            model_name="samlprovider",
            constraint=models.CheckConstraint(
                condition=models.Q(("assertion_encryption_mode__in", ["Required", "Allowed"])),
                name="saml_provider_encryption_mode",
            ),
        ),
        migrations.AddConstraint(
            model_name="samlprovidertag",
            constraint=models.UniqueConstraint(models.F("provider"), models.F("key"), name="saml_provider_tag_unique"),
        ),
        migrations.RunSQL(OPEN_QUOTAS, CLOSE_QUOTAS),
    ]
