"""The browser session: who signed in, when, and until when that counts."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from iam.principals import Principal, Source
from iam.queries import principals

# Fixed from sign-in: activity does not extend a console session (IAM User Guide, "Console session duration").
LONGEST = timedelta(hours=12)
# Writing the session at each request would be a write per page; a minute is exact enough for an idle limit.
TOUCH_EVERY = timedelta(minutes=1)


def source_of(request: HttpRequest) -> Source:
    """Return where a request comes from, looking through as many proxies as are ours."""
    address = request.META.get("REMOTE_ADDR") or None
    if settings.TRUSTED_PROXIES:
        hops = [
            hop.strip()
            for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
            if hop.strip()
        ]
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES]
    return Source(
        ip=address,
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        is_secure=request.is_secure(),
    )


def begin(request: HttpRequest, principal: Principal) -> None:
    """Sign a principal in under a new session id; nothing of an earlier session stays."""
    request.session.flush()
    issued_at = principal.session_issued_at or timezone.now()
    request.session["principal"] = {
        "account_id": principal.account_id,
        "user_pk": principal.user_pk,
        "issued_at": issued_at.timestamp(),
        "mfa_at": principal.mfa_authenticated_at.timestamp()
        if principal.mfa_authenticated_at
        else None,
        "seen_at": timezone.now().timestamp(),
    }
    request.session.set_expiry(int(LONGEST.total_seconds()))


def end(request: HttpRequest) -> None:
    """Sign out."""
    request.session.flush()


def current(request: HttpRequest) -> tuple[Principal, principals.AccountName] | None:
    """Return who is signed in, None for nobody or where the session is over."""
    stored = request.session.get("principal")
    if not stored:
        return None
    now = timezone.now()
    issued_at = datetime.fromtimestamp(stored["issued_at"], UTC)
    seen_at = datetime.fromtimestamp(stored["seen_at"], UTC)
    if now - issued_at >= LONGEST or now - seen_at >= timedelta(
        seconds=settings.SESSION_IDLE_SECONDS
    ):
        request.session.flush()
        request.session["expired"] = True
        return None
    if now - seen_at >= TOUCH_EVERY:
        request.session["principal"] = {**stored, "seen_at": now.timestamp()}
    mfa_at = datetime.fromtimestamp(stored["mfa_at"], UTC) if stored["mfa_at"] else None
    source = source_of(request)
    if stored["user_pk"] is None:
        found = principals.find_root(
            stored["account_id"], source=source, issued_at=issued_at, mfa_at=mfa_at
        )
    else:
        found = principals.find_user(
            stored["user_pk"], source=source, issued_at=issued_at, mfa_at=mfa_at
        )
    if found is None:
        request.session.flush()
    return found
