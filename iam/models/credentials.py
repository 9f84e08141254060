"""What users prove themselves with to single services: certificates, SSH keys and passwords made for one of them."""

from django.db import models
from django.db.models import Q

from iam.models import identifiers
from iam.models.accounts import Account
from iam.models.users import User


class CredentialStatus(models.TextChoices):
    """Whether a credential counts; it stays where it is while it does not."""

    ACTIVE = "Active", "Active"
    INACTIVE = "Inactive", "Inactive"


class SigningCertificate(models.Model):
    """An X.509 certificate that a user, or the root user where `user` is null, signs requests with."""

    id = models.CharField(primary_key=True, max_length=32, default=identifiers.signing_certificate_id, db_collation="C")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="signing_certificates", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="signing_certificates")
    body = models.TextField()
    # SHA-256 of the certificate itself, however its text is wrapped.
    fingerprint = models.CharField(max_length=64, db_collation="C")
    status = models.CharField(max_length=8, choices=CredentialStatus, default=CredentialStatus.ACTIVE)
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "fingerprint", name="signing_certificate_unique"),
            models.CheckConstraint(condition=Q(status__in=["Active", "Inactive"]), name="signing_certificate_status"),
        ]

    def __str__(self) -> str:
        return self.id


class SshPublicKey(models.Model):
    """An SSH public key that a user reaches CodeCommit with."""

    id = models.CharField(primary_key=True, max_length=21, default=identifiers.ssh_public_key_id, db_collation="C")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ssh_public_keys", db_index=False)
    body = models.TextField()
    # MD5 of the key itself, as ssh-keygen -E md5 shows it, whichever the encoding of the text.
    fingerprint = models.CharField(max_length=47, db_collation="C")
    status = models.CharField(max_length=8, choices=CredentialStatus, default=CredentialStatus.ACTIVE)
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "fingerprint", name="ssh_public_key_unique"),
            models.CheckConstraint(condition=Q(status__in=["Active", "Inactive"]), name="ssh_public_key_status"),
        ]

    def __str__(self) -> str:
        return self.id


class ServiceSpecificCredential(models.Model):
    """A name with a password, or an API key, that a user has for one service only."""

    id = models.CharField(primary_key=True, max_length=21, default=identifiers.service_credential_id, db_collation="C")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="service_credentials", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="service_credentials")
    service_name = models.CharField(max_length=64, db_collation="C")
    # Made from the user's name when the credential is created; renaming the user does not change it.
    service_user_name = models.CharField(max_length=200, db_collation="C")
    # SHA-256 of a random secret, which no dictionary knows: nothing slower is needed.
    secret_digest = models.CharField(max_length=64, db_collation="C")
    status = models.CharField(max_length=8, choices=CredentialStatus, default=CredentialStatus.ACTIVE)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account", "service_name", "service_user_name", name="service_credential_name_unique"
            ),
            models.CheckConstraint(condition=Q(status__in=["Active", "Inactive"]), name="service_credential_status"),
        ]

    def __str__(self) -> str:
        return self.id
