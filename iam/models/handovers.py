"""Hand-over links: credentials on their way to the person they are for."""

import uuid

from django.db import models
from django.db.models import Q

from iam.models.accounts import Account
from iam.models.users import User


class Handover(models.Model):
    """Credentials of one user behind a link that opens once; afterwards the row is the receipt.

    What is sealed takes the link's token as well to open, of which only a digest is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="handovers", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="handovers")
    token_digest = models.CharField(max_length=64, unique=True)
    contents = models.CharField(max_length=200)
    sealed_values = models.BinaryField()
    creator_arn = models.CharField(max_length=2048)
    creator_id = models.CharField(max_length=128)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    opened_ip = models.GenericIPAddressField(null=True)
    opened_user_agent = models.CharField(max_length=1000, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("account", models.F("created_at").desc(), "id", name="handover_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at=None, withdrawn_at=None) | Q(sealed_values=b""), name="handover_is_kept_no_longer"
            ),
            models.CheckConstraint(condition=Q(opened_at=None) | Q(withdrawn_at=None), name="handover_ends_in_one_way"),
        ]

    def __str__(self) -> str:
        return f"hand-over {self.id}"
