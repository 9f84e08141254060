"""Server certificates: what services of an account prove themselves with to their clients."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account


class ServerCertificate(models.Model):
    """A certificate with its chain and its private key, which is sealed and never given back."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="server_certificates", db_index=False)
    unique_id = models.CharField(
        max_length=21, unique=True, default=identifiers.server_certificate_id, db_collation="C"
    )
    name = models.CharField(max_length=128, db_collation="C")
    path = models.CharField(max_length=512, default="/", db_collation="C")
    body = models.TextField()
    chain = models.TextField(blank=True)
    sealed_private_key = models.BinaryField()
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="server_certificate_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_+=,.@-]{1,128}$"), name="server_certificate_name_pattern"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The certificate's ARN; it changes with name and path, the unique id never does."""
        return identifiers.arn(self.account_id, "server-certificate", self.path, self.name)


class ServerCertificateTag(models.Model):
    """A tag of a server certificate; its key is case-sensitive, unlike those of users and roles."""

    server_certificate = models.ForeignKey(
        ServerCertificate, on_delete=models.CASCADE, related_name="tags", db_index=False
    )
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("server_certificate", "key", name="server_certificate_tag_unique")]

    def __str__(self) -> str:
        return self.key
