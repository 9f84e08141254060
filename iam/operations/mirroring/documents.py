"""`write_documents`: the one door to all kinds of entities."""

from collections.abc import Iterable

from django.db import transaction

from iam.models import Account
from iam.operations import quotas
from iam.operations.mirroring.accounts import write_account
from iam.operations.mirroring.certificates import SERVER_CERTIFICATES
from iam.operations.mirroring.devices import VIRTUAL_DEVICES
from iam.operations.mirroring.identities import GROUPS, INSTANCE_PROFILES, ROLES, USERS
from iam.operations.mirroring.policies import POLICIES
from iam.operations.mirroring.providers import OIDC_PROVIDERS, SAML_PROVIDERS
from iam.operations.mirroring.writing import Writing, Written
from iam.queries.document_parts import Document

# What others refer to comes first.
_FAMILIES = (
    POLICIES,
    GROUPS,
    VIRTUAL_DEVICES,
    USERS,
    ROLES,
    INSTANCE_PROFILES,
    OIDC_PROVIDERS,
    SAML_PROVIDERS,
    SERVER_CERTIFICATES,
)


@transaction.atomic
def write_documents(
    account_id: str, documents: Iterable[tuple[str, Document]], *, accepts_unknown_aws_policies: bool = False
) -> Written:
    """Make the tables of an account as documents say, in as few statements as their number allows.

    An entity is found by its unique id, else by its name, and gets both from its document; one that is not there is
    created where the document is full. Only members that a document has are written, besides those of the API also
    PasswordLastUsed, AccessKeyLastUsed (by key id) and RoleLastUsed. What cannot be taken over is left out and told.

    Policies of AWS are everybody's, so that a backend makes an unknown one known only where it `accepts` that.
    """
    by_kind: dict[str, list[Document]] = {}
    for kind, document in documents:
        by_kind.setdefault(kind, []).append(document)
    is_mirror = Account.objects.values_list("kind", flat=True).get(pk=account_id) == Account.Kind.AWS
    writing = Writing(account_id, is_mirror, accepts_unknown_aws_policies)
    write_account(writing, by_kind.pop("account", []))
    for family in _FAMILIES:
        if of_kind := by_kind.pop(family.kind, []):
            family.write(writing, of_kind)
    if by_kind:
        raise ValueError(f"There are no entities of kind {', '.join(by_kind)}.")
    quotas.recount(account_id, writing.written.counts)
    return writing.written
