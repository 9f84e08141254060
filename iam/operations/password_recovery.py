"""A new password for a root user who forgot it, by a link to the root e-mail address (console reference 3.10).

Asking does the same work, and is answered in the same words, whether an address is a root user's or nobody's: a worker
looks afterwards. The link opens once, within an hour, and the sign-in that follows asks for a device all the same.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import PasswordRecovery, RootUser
from iam.operations import root_passwords, throttles, waking
from iam.operations.console_only import doing
from iam.principals import Source, root_principal

logger = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
TASK = "console.signin.recover"


@transaction.atomic
def _ask(email: str) -> None:
    PasswordRecovery.objects.create(email=email, requested_at=timezone.now())
    transaction.on_commit(lambda: waking.nudge(TASK))


def request_recovery(email: str, source: Source) -> None:
    """Note that somebody wants a link for an address. Raises IamError Throttling."""
    # Never given back: right or wrong, asking again and again fills somebody's mailbox.
    throttles.take_attempt(f"recovery|{email.lower()}", source)
    _ask(email)


def send_pending(send: Callable[[str, str], None]) -> int:
    """Have `send(address, token)` deliver the links that wait, and return how many were.

    A link that cannot be delivered (OSError) waits for the next time.
    """
    since = timezone.now() - LIFETIME
    waiting = PasswordRecovery.objects.filter(sent_at=None, requested_at__gt=since).order_by("pk")
    return sum(_send(pk, send) for pk in waiting.values_list("pk", flat=True))


def _send(pk: int, send: Callable[[str, str], None]) -> bool:
    try:
        with transaction.atomic():
            row = PasswordRecovery.objects.select_for_update(skip_locked=True).filter(pk=pk, sent_at=None).first()
            root = RootUser.objects.exclude(password="").filter(email__iexact=row.email).first() if row else None
            if row is None:
                return False
            if root is None:
                row.delete()
                return False
            token = secrets.token_urlsafe(32)
            row.account_id, row.token_digest, row.sent_at = root.account_id, _digest(token), timezone.now()
            row.save()
            principal = root_principal(root.account_id, root.email)
            asked = events.event_of_call(principal, "PasswordRecoveryRequested", service="signin", is_read_only=False)
            events.record(asked)
            # As it is on record, not as somebody wrote it: spellings that compare equal may reach another mailbox.
            send(root.email, token)
    except OSError:
        logger.warning("A link for a forgotten root password could not be sent.", exc_info=True)
        return False
    return True


def is_open(token: str) -> bool:
    """Whether a link still opens."""
    return _open(token).exists()


def recover(token: str, password: str, source: Source) -> None:
    """Set a root password with a link, which is used up by it, as all others for the account are.

    Raises IamError AccessDenied for a link that does not open, PasswordPolicyViolation.
    """
    found = _open(token).select_related("account__root_user").first()
    if found is None or found.account is None:
        raise _gone()
    principal = root_principal(found.account.pk, found.account.root_user.email, source=source)
    with doing(principal, "PasswordRecoveryCompleted", service="signin", title="Recover root user password") as deed:
        # So that of two at once the second finds no link.
        RootUser.objects.select_for_update().get(account=found.account)
        if not _open(token).exists():
            raise _gone()
        root_passwords.set_password(deed.call, password)


def _gone() -> IamError:
    return IamError("AccessDenied", "This link has been used or has expired. Ask for another one.")


def _open(token: str) -> "QuerySet[PasswordRecovery]":
    since = timezone.now() - LIFETIME
    return PasswordRecovery.objects.filter(
        token_digest=_digest(token), sent_at__gt=since, account__root_user__password__gt=""
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def delete_old_recoveries() -> None:
    """Forget the wishes whose time is over."""
    PasswordRecovery.objects.filter(requested_at__lt=timezone.now() - 2 * LIFETIME).delete()
