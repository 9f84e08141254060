"""Reading who is signed in in which browser."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.utils import timezone

from iam.models import ConsoleSession, identifiers
from iam.models.statements import Statement
from iam.principals import Principal, PrincipalType, Source, root_principal
from iam.queries.principals import ACCOUNT_NAME, AccountName

# Fixed from sign-in: activity does not extend a console session (IAM User Guide, "Console session duration").
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Found:
    """A session that has not been ended, whose time may be over all the same."""

    person: Principal
    account: AccountName
    began_at: datetime
    confirmed_at: datetime
    seen_at: datetime

    def is_over(self, now: datetime, idle: timedelta) -> bool:
        """Whether it is too old, or nobody has used it for `idle`."""
        return now - self.began_at >= LONGEST or now - self.seen_at >= idle


_SESSION = Statement(
    lambda session_id: ConsoleSession.objects.filter(pk=session_id).values_list(
        "began_at",
        "confirmed_at",
        "mfa_at",
        "seen_at",
        "user_id",
        "user__name",
        "user__path",
        "user__unique_id",
        "account__root_user__email",
        *ACCOUNT_NAME,
    ),
    str,
)


def find_session(session_id: str, *, source: Source) -> Found | None:
    """Return a session with the person who signed in, under the present name; None where it was ended."""
    found = _SESSION.rows(session_id)
    if not found:
        return None
    began_at, confirmed_at, mfa_at, seen_at, user_pk, name, path, unique_id, email, *of_account = found[0]
    account = AccountName(*of_account)
    if user_pk is None:
        person = root_principal(
            account.id,
            email,
            source=source,
            session_issued_at=began_at,
            mfa_authenticated_at=mfa_at,
            console_session=session_id,
        )
    else:
        person = Principal(
            type=PrincipalType.USER,
            account_id=account.id,
            arn=identifiers.arn(account.id, "user", path, name),
            unique_id=unique_id,
            name=name,
            user_pk=user_pk,
            session_issued_at=began_at,
            mfa_authenticated_at=mfa_at,
            console_session=session_id,
            source=source,
        )
    return Found(person, account, began_at, confirmed_at, seen_at)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A session as pages list it; `role` is whom the person acts as, empty for themselves."""

    id: str
    began_at: datetime
    seen_at: datetime
    mfa_at: datetime | None
    source_ip: str | None
    user_agent: str
    role_arn: str

    @property
    def role(self) -> str:
        """The role's name and account, as in `Operator @ 123456789012`; the ARN is that of an assumed role."""
        if not self.role_arn:
            return ""
        *_, account, assumed = self.role_arn.split(":")
        return f"{assumed.split('/')[1]} @ {account}"


def sessions_of(account_id: str, user_pk: int | None, *, idle: timedelta) -> list[BrowserSession]:
    """Return the sessions of a user, or of the root user where `user_pk` is None, that are not over; last used first.

    There are never many: signing in ends the oldest.
    """
    now = timezone.now()
    rows = ConsoleSession.objects.filter(account=account_id, user=user_pk)
    lasting = rows.filter(began_at__gt=now - LONGEST, seen_at__gt=now - idle).order_by("-seen_at", "pk")
    columns = [column.name for column in fields(BrowserSession)]
    return [BrowserSession(*row) for row in lasting.values_list(*columns)]
