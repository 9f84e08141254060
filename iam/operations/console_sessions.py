"""Browsers in which somebody is signed in: begun at the door, ended by their owner, an administrator or a new password.

AWS lets them run on when the password changes. Here whoever changes it because somebody else knows it is rid of them.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import ConsoleSession, Event, LoginProfile, RootUser
from iam.operations import kernel
from iam.operations.entities import existing_user, hold_user
from iam.operations.registry import Call
from iam.principals import Principal, Source
from iam.queries.console_sessions import LONGEST

# More browsers than anybody has; signing in to one more ends the oldest session.
MOST_SESSIONS = 50
# Who may set a user's password may end the user's sessions: no action of IAM stands for that alone.
ALLOWED_BY = "UpdateLoginProfile"
EVENT = "EndConsoleSessions"
_LONGEST_USER_AGENT = ConsoleSession._meta.get_field("user_agent").max_length


@transaction.atomic
def begin(person: Principal) -> str:
    """Begin the session of somebody who proved the password since `session_issued_at`, and return its id.

    Raises IamError AuthFailure where the password was changed meanwhile: what ended the other sessions must not miss
    this one.
    """
    began_at = person.session_issued_at or timezone.now()
    owner = {"account_id": person.account_id, "user_id": person.user_pk}
    if not _still_has_password(person, began_at):
        raise IamError("AuthFailure", "Your password has been changed. Sign in again.")
    own = ConsoleSession.objects.filter(**owner)
    kept = own.order_by("-began_at").values("pk")[: MOST_SESSIONS - 1]
    own.exclude(pk__in=kept).delete()
    session = ConsoleSession.objects.create(
        **owner,
        began_at=began_at,
        confirmed_at=began_at,
        mfa_at=person.mfa_authenticated_at,
        source_ip=person.source.ip,
        user_agent=person.source.user_agent[:_LONGEST_USER_AGENT],
    )
    return session.pk


def _still_has_password(person: Principal, since: datetime) -> bool:
    """Whether the password is the one that was proved; it stays so until the transaction is over."""
    if person.is_root:
        roots = RootUser.objects.select_for_update().filter(account=person.account_id, password_changed_at__lte=since)
        return roots.exclude(password="").first() is not None
    profiles = LoginProfile.objects.select_for_update().filter(user=person.user_pk, password_changed_at__lte=since)
    return profiles.first() is not None


def note_use(session_id: str, source: Source) -> None:
    """Note that somebody uses a session just now, and where."""
    ConsoleSession.objects.filter(pk=session_id).update(seen_at=timezone.now(), source_ip=source.ip)


def note_proof(session_id: str, at: datetime, *, by_code: bool) -> None:
    """Note that the person of a session proved again who they are."""
    proof = {"confirmed_at": at, "mfa_at": at} if by_code else {"confirmed_at": at}
    ConsoleSession.objects.filter(pk=session_id).update(**proof)


def note_role(session_id: str, role_arn: str) -> None:
    """Note the session of a role that a person acts as; empty for none."""
    ConsoleSession.objects.filter(pk=session_id).update(role_arn=role_arn)


def end(session_id: str) -> None:
    """End one session, because its browser signs out."""
    ConsoleSession.objects.filter(pk=session_id).delete()


def end_for_new_credentials(call: Call, user_pk: int | None) -> None:
    """End the sessions of a user, or of root, whose credentials a call changed, but for the session that called.

    To be called after the change, in its transaction: whoever signs in meanwhile waits for it and is refused.
    """
    rows = ConsoleSession.objects.filter(account=call.account_id, user=user_pk)
    rows.exclude(pk=call.principal.console_session).delete()


@transaction.atomic
def end_own(person: Principal, session_id: str = "") -> int:
    """End one of a person's own sessions, or all but the one that asks; return how many there were."""
    rows = ConsoleSession.objects.filter(account=person.account_id, user=person.user_pk)
    rows = rows.filter(pk=session_id) if session_id else rows.exclude(pk=person.console_session)
    ended, _ = rows.delete()
    if ended:
        events.record(_event(person, person.name, person.arn, ended))
    return ended


def end_all_of_user(principal: Principal, user_name: str) -> int:
    """End all sessions of a user but the one that asks; return how many there were.

    Raises IamError AccessDenied, NoSuchEntity.
    """
    call = Call(principal, EVENT)
    access = existing_user(call, {"UserName": user_name})
    try:
        kernel.authorize(principal, kernel.find_operation(ALLOWED_BY), access)
        with transaction.atomic():
            user = hold_user(principal.account_id, user_name)
            rows = ConsoleSession.objects.filter(account=principal.account_id, user=user)
            ended, _ = rows.exclude(pk=principal.console_session).delete()
            events.record(_event(principal, user.name, user.arn, ended))
    except IamError as error:
        error.operation = ALLOWED_BY
        events.record(_event(principal, user_name, access.resource, 0, error))
        raise
    return ended


def _event(principal: Principal, name: str, arn: str, ended: int, error: IamError | None = None) -> Event:
    return events.event_of_call(
        principal,
        EVENT,
        service="signin",
        is_read_only=False,
        parameters={"userName": name},
        response=None if error else {"endedSessions": ended},
        resources=[arn],
        error=error,
    )


def delete_old_sessions() -> None:
    """Forget the sessions whose time is over."""
    ConsoleSession.objects.filter(began_at__lt=timezone.now() - LONGEST).delete()
