"""Putting a local account back to what its backend kept of it, also where nothing else is left of the account."""

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Account, Change, RootUser
from iam.operations import outbox, quotas, root_passwords
from iam.operations.mirroring import Written, remove_all_but, write_documents
from iam.operations.registry import Call
from iam.operations.root_settings import check_email, check_name
from iam.principals import root_principal
from iam.queries.document_parts import Document, key_of
from iam.queries.documents import entities_of, name_of
from iam.queries.entity_documents import KINDS
from iam.queries.lanes import OPEN

# Of a root user who has a password again, this is not worth a word.
_PROFILE = "HasRootLoginProfile"


def restore(
    account_id: str, documents: Sequence[tuple[str, Document]], *, discards_pending: bool, root_password: str | None
) -> Written:
    """Make an account what documents say, as one change, so that its backend has everything written again.

    To be called in a transaction, by whoever holds the account's lane. Secrets that are in the tables stay; where they
    are not, nobody gets in with what they belonged to. Raises IamError, first of all for changes that the backend does
    not have yet, unless they are discarded.
    """
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        account = _create(account_id, next(document for kind, document in documents if kind == "account"))
    elif account.kind != Account.Kind.LOCAL:
        raise IamError("InvalidInput", f"The account {account_id} is one in AWS: import it from there instead.")
    _settle_pending(account, discards_pending=discards_pending)
    before = list(entities_of(account_id))
    written = write_documents(account_id, documents, accepts_unknown_aws_policies=True)
    # What was written is held by now: whoever changed it since the look before has an open change.
    _settle_pending(account, discards_pending=discards_pending)
    keys = {key_of(kind, name_of(kind, document)) for kind, document in documents}
    for kind in KINDS:
        if kind != "account":
            remove_all_but(account_id, kind, keys)
    _record(account_id, before)
    if root_password is not None:
        root_passwords.set_root_password(account_id, root_password)
        written.notes = [note for note in written.notes if note.member != _PROFILE]
    return written


def _create(account_id: str, document: Document) -> Account:
    """Create the account with its root user, who has no password."""
    name, email = document.get("AccountName"), document.get("RootEmail")
    if not isinstance(name, str) or not isinstance(email, str):
        raise IamError("InvalidInput", "The document of the account lacks AccountName or RootEmail.")
    check_name(name)
    check_email(email)
    try:
        with transaction.atomic():
            account = Account.objects.create(pk=account_id, name=name)
            RootUser.objects.create(
                account=account, email=email, password=make_password(None), password_changed_at=timezone.now()
            )
    except IntegrityError:
        raise IamError(
            "EntityAlreadyExists", f"The account ID {account_id} or the root email address {email} already exists."
        ) from None
    quotas.open_quotas(account)
    return account


def _settle_pending(account: Account, *, discards_pending: bool) -> None:
    rows = Change.objects.filter(account=account, state__in=[*OPEN, Change.State.FAILED])
    if discards_pending:
        rows.update(state=Change.State.DISCARDED, sealed_parameters=None, sealed_answer=None)
    elif waiting := rows.count():
        raise IamError(
            "InvalidInput",
            f"The backend does not have {waiting} changes yet, which would be undone. Let them be carried, or repeat "
            "with --discard-pending.",
        )


def _record(account_id: str, before: Sequence[tuple[str, str]]) -> None:
    email = RootUser.objects.values_list("email", flat=True).get(account=account_id)
    call = Call(root_principal(account_id, email), "RestoreAccount")
    call.touched = list(dict.fromkeys([*before, *entities_of(account_id)]))
    event = events.event_of_call(call.principal, call.operation, is_read_only=False)
    outbox.record(call.principal, f"Restore account {account_id}", [(call, {})], [event])
