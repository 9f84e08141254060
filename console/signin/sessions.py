"""The browser session: who signed in, when, and until when that counts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils import timezone

from console.components.flashes import flash
from console.requests import ActiveRole
from iam.errors import IamError
from iam.operations import console_sessions, session_tokens, sts
from iam.operations.switch_role import Switched
from iam.principals import Principal
from iam.queries import principals
from iam.queries.console_sessions import LONGEST, find_session
from iam.queries.principals import AccountName
from iam.sources import source_of

# Writing the session at each request would be a write per page; a minute is exact enough for an idle limit.
TOUCH_EVERY = timedelta(minutes=1)

SESSION = "session"
ROLE = "role"
EXPIRED = "expired"
ROOT_EMAIL = "root-email"
MFA_CODE = "mfa-code"
PASSWORD_CHANGE = "password-change"  # noqa: S105 - the name of a part of the session
ENDED = "It was ended from elsewhere, or the password or an MFA device was changed. Sign in again."
# How long the right password opens the page of a step that is still missing.
STEPS = {MFA_CODE: timedelta(minutes=10), PASSWORD_CHANGE: timedelta(minutes=15)}


@dataclass(frozen=True, slots=True)
class Current:
    """Who is signed in, and the role they are in, if any; `ended_role` is what a role that has just ended was called.

    Somebody in a role acts as the role alone, in the role's account. The person proved who they are for the last time
    when it was `confirmed_at`.
    """

    person: Principal
    home: AccountName
    confirmed_at: datetime
    role: ActiveRole | None = None
    ended_role: str = ""

    @property
    def principal(self) -> Principal:
        """Who acts."""
        return self.role.principal if self.role else self.person

    @property
    def account(self) -> AccountName:
        """Where."""
        return self.role.account if self.role else self.home


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who proved a password that opens nothing before a further step; `next` is where all this leads."""

    principal: Principal
    account: AccountName
    next: str
    remember: bool


def begin(request: HttpRequest, principal: Principal) -> None:
    """Sign a principal in under a new session id; nothing of an earlier session stays. Raises IamError AuthFailure."""
    end(request)
    rotate_token(request)
    request.session[SESSION] = console_sessions.begin(principal)
    request.session.set_expiry(int(LONGEST.total_seconds()))


def begin_step(request: HttpRequest, step: str, principal: Principal, *, next_url: str, remember: bool) -> None:
    """Let somebody take one of the `STEPS` that are left, under a new session id, and do nothing else."""
    end(request)
    rotate_token(request)
    request.session[step] = {**_stored(principal), "next": next_url, "remember": remember}
    request.session.set_expiry(int(STEPS[step].total_seconds()))


def confirm(request: HttpRequest, at: datetime, *, by_code: bool) -> None:
    """Note that the person proved again who they are, under a new session id; what is typed elsewhere stays good."""
    console_sessions.note_proof(request.session[SESSION], at, by_code=by_code)
    request.session.cycle_key()


def end(request: HttpRequest) -> None:
    """Sign out."""
    if SESSION in request.session:
        console_sessions.end(request.session[SESSION])
    request.session.flush()


def _stored(principal: Principal) -> dict[str, Any]:
    issued_at = principal.session_issued_at or timezone.now()
    mfa_at = principal.mfa_authenticated_at
    return {
        "account_id": principal.account_id,
        "user_pk": principal.user_pk,
        "issued_at": issued_at.timestamp(),
        "mfa_at": mfa_at.timestamp() if mfa_at else None,
    }


def enter_role(request: HttpRequest, switched: Switched, *, label: str, color: str) -> None:
    """Act as a role from now on, under a new session id; the person stays signed in underneath."""
    request.session[ROLE] = {"token": switched.token, "label": label, "color": color}
    _renew(request, switched.principal.arn)


def leave_role(request: HttpRequest) -> None:
    """Act as the person again, under a new session id."""
    request.session.pop(ROLE, None)
    _renew(request)


def _renew(request: HttpRequest, role_arn: str = "") -> None:
    console_sessions.note_role(request.session[SESSION], role_arn)
    # Forms that were opened as somebody else must not be carried out as this principal: their token fits no more.
    request.session.cycle_key()
    rotate_token(request)


def ends_at(person: Principal) -> datetime:
    """Return when a console session is over, however busy."""
    return (person.session_issued_at or timezone.now()) + LONGEST


def current(request: HttpRequest) -> Current | None:
    """Return who is signed in, None for nobody or where the session is over."""
    if SESSION not in request.session:
        return None
    session_id, source, now = request.session[SESSION], source_of(request), timezone.now()
    found = find_session(session_id, source=source)
    if found is None:
        request.session.flush()
        flash(request, "warning", ENDED, heading="Your session has ended.")
        return None
    if found.is_over(now, idle_limit()):
        end(request)
        request.session[EXPIRED] = True
        return None
    if now - found.seen_at >= min(TOUCH_EVERY, idle_limit() / 2):
        console_sessions.note_use(session_id, source)
    here = Current(found.person, found.account, found.confirmed_at)
    if ROLE not in request.session:
        return here
    role = _find_role(request)
    if role is None:
        ended = request.session.pop(ROLE)["label"]
        console_sessions.note_role(session_id, "")
        request.session.cycle_key()
        return replace(here, ended_role=ended)
    return replace(here, role=role)


def idle_limit() -> timedelta:
    """Return how long a session lasts that nobody uses."""
    return timedelta(seconds=settings.SESSION_IDLE_SECONDS)


def _find_role(request: HttpRequest) -> ActiveRole | None:
    """Return the role of the session, None where its time is over or it was deleted."""
    stored = request.session[ROLE]
    try:
        principal = session_tokens.read(stored["token"], source_of(request)).principal
    except IamError:
        return None
    if principal.session is None:
        return None
    found = principals.find_role_account(principal)
    if found is None:
        return None
    if found.is_use_due:
        sts.record_role_use(principal.session)
    return ActiveRole(principal, found.account, stored["label"], stored["color"])


def pending(request: HttpRequest, step: str) -> Pending | None:
    """Return who has to take a step, None for nobody or where that took too long."""
    stored = request.session.get(step)
    if not stored:
        return None
    issued_at = datetime.fromtimestamp(stored["issued_at"], UTC)
    found = _find(request, stored) if timezone.now() - issued_at < STEPS[step] else None
    if found is None:
        request.session.flush()
        return None
    return Pending(*found, next=stored["next"], remember=stored["remember"])


def has_just_expired(request: HttpRequest) -> bool:
    """Whether this browser's session has run out since the last time somebody asked."""
    return bool(request.session.pop(EXPIRED, False))


def _find(request: HttpRequest, stored: dict[str, Any]) -> tuple[Principal, AccountName] | None:
    issued_at = datetime.fromtimestamp(stored["issued_at"], UTC)
    mfa_at = datetime.fromtimestamp(stored["mfa_at"], UTC) if stored["mfa_at"] else None
    source = source_of(request)
    if stored["user_pk"] is None:
        return principals.find_signed_in_root(stored["account_id"], source=source, issued_at=issued_at, mfa_at=mfa_at)
    return principals.find_user(stored["user_pk"], source=source, issued_at=issued_at, mfa_at=mfa_at)
