"""Credentials of users for single services: certificates, SSH keys and service-specific credentials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.models import F, Value

from iam.models import ServiceSpecificCredential, SigningCertificate, SshPublicKey

# As operations call them: DeleteSigningCertificate.
CredentialKind = Literal["SigningCertificate", "SSHPublicKey", "ServiceSpecificCredential"]


@dataclass(frozen=True, slots=True)
class CredentialRef:
    """A credential as others name it; `label` is what people know it by."""

    kind: CredentialKind
    id: str
    label: str


def credentials_by_user(pks: Sequence[int]) -> dict[int, list[CredentialRef]]:
    """Return the credentials of users by their rows, whose number is bounded by quotas; one query for all."""
    found: dict[int, list[CredentialRef]] = {pk: [] for pk in pks}
    rows = [
        model._default_manager.filter(user__in=pks)
        .annotate(kind=Value(kind), label=F(label))
        .values_list("user", "kind", "pk", "label")
        for model, kind, label in (
            (SigningCertificate, "SigningCertificate", "pk"),
            (SshPublicKey, "SSHPublicKey", "pk"),
            (ServiceSpecificCredential, "ServiceSpecificCredential", "service_user_name"),
        )
    ]
    for user, *reference in rows[0].union(*rows[1:], all=True):
        found[user].append(CredentialRef(*reference))
    for credentials in found.values():
        credentials.sort(key=lambda held: (held.kind, held.id))
    return found
