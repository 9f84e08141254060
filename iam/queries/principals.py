"""Reading the principal behind a browser session or an access key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from iam.grants import connection_of, granted_column
from iam.models import AccessKey, Account, Role, RootUser, User, identifiers
from iam.models.readings import Reading, Seen, rows_with, see
from iam.models.statements import Statement
from iam.principals import AtHand, Principal, PrincipalType, Session, Source, root_principal

# A role's last use is told in days; writing it down at each call would be a write per page.
ROLE_USE_EVERY = timedelta(hours=1)
# The same for a key, as long as it is used for the same.
KEY_USE_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AccountName:
    """How an account is called on the page: its id, its alias where it has one, and its name."""

    id: str
    alias: str | None
    name: str
    kind: str = Account.Kind.LOCAL

    @property
    def is_in_aws(self) -> bool:
        """Whether this is the mirror of an account in AWS."""
        return self.kind == Account.Kind.AWS

    @property
    def sign_in_name(self) -> str:
        """The alias, or the id while there is none."""
        return self.alias or self.id


# A page begins with one of these reads, so they fetch columns instead of making model instances.
ACCOUNT_NAME = ("account__id", "account__alias", "account__name", "account__kind")


def find_root(
    account_id: str, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Return the root user of an account for a session, None where the account is gone."""
    rows = RootUser.objects.filter(account=account_id)
    return _find_root(rows, source=source, issued_at=issued_at, mfa_at=mfa_at)


def find_signed_in_root(
    account_id: str, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Like `find_root`, for a session that began with the password: None where that was changed or deleted since."""
    rows = RootUser.objects.filter(account=account_id, password_changed_at__lte=issued_at).exclude(password="")
    return _find_root(rows, source=source, issued_at=issued_at, mfa_at=mfa_at)


def _find_root(
    rows: "QuerySet[RootUser]", *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    found = rows.values_list("email", *ACCOUNT_NAME).first()
    if found is None:
        return None
    email, *account = found
    principal = root_principal(
        account[0],
        email,
        source=source,
        session_issued_at=issued_at,
        mfa_authenticated_at=mfa_at,
    )
    return principal, AccountName(*account)


def find_user(
    user_pk: int, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Return an IAM user for a session under the present name and path, None where the user is gone."""
    return _find_user(User.objects.filter(pk=user_pk), source=source, issued_at=issued_at, mfa_at=mfa_at)


def find_user_by_id(
    unique_id: str, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Like `find_user`, by the id that nobody else ever has."""
    return _find_user(User.objects.filter(unique_id=unique_id), source=source, issued_at=issued_at, mfa_at=mfa_at)


def find_delegating_user(session: Session, *, issued_at: datetime) -> Principal | None:
    """Return the user whose permissions a session delegates, None where the user is gone."""
    found = find_user_by_id(session.issuer_id, source=Source(), issued_at=issued_at, mfa_at=None)
    return replace(found[0], session=session) if found else None


def has_user(unique_id: str) -> bool:
    """Whether a user exists."""
    return User.objects.filter(unique_id=unique_id).exists()


def _find_user(
    rows: "QuerySet[User]", *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    found = rows.values_list("pk", "name", "path", "unique_id", *ACCOUNT_NAME).first()
    if found is None:
        return None
    user_pk, name, path, unique_id, *account = found
    account_name = AccountName(*account)
    principal = Principal(
        type=PrincipalType.USER,
        account_id=account_name.id,
        arn=identifiers.arn(account_name.id, "user", path, name),
        unique_id=unique_id,
        name=name,
        user_pk=user_pk,
        session_issued_at=issued_at,
        mfa_authenticated_at=mfa_at,
        source=source,
    )
    return principal, account_name


@dataclass(frozen=True, slots=True)
class RoleAccount:
    """Where a role is, and whether its last use should be noted again."""

    account: AccountName
    is_use_due: bool


_ROLE_ACCOUNT = Statement(
    lambda role_id: Role.objects.filter(unique_id=role_id, account__kind=Account.Kind.LOCAL).values_list(
        "last_used_at", *ACCOUNT_NAME
    ),
    str,
)


def find_role_account(principal: Principal) -> RoleAccount | None:
    """Return the account of the role that a principal is a session of, None where role or connection is gone.

    In a mirror nothing is a role's session but who came in through the connection.
    """
    if principal.is_in_mirror:
        entered = connection_of(principal).values_list(*ACCOUNT_NAME).first()
        return RoleAccount(AccountName(*entered), is_use_due=False) if entered else None
    found = _ROLE_ACCOUNT.rows(principal.session.issuer_id) if principal.session else []
    if not found:
        return None
    last_used_at, *account = found[0]
    is_due = last_used_at is None or last_used_at < timezone.now() - ROLE_USE_EVERY
    return RoleAccount(AccountName(*account), is_due)


@dataclass(frozen=True, slots=True)
class Key:
    """An active access key, with its last use as far as it was noted."""

    id: str
    sealed_secret: bytes
    last_used_at: datetime | None
    last_used_service: str
    last_used_region: str

    def is_use_due(self, service: str, region: str) -> bool:
        """Whether a use just now should be noted."""
        if self.last_used_at is None or (service, region) != (self.last_used_service, self.last_used_region):
            return True
        return self.last_used_at < timezone.now() - KEY_USE_EVERY


_KEY = Statement(
    # Of the keys in AWS nobody here has the secret.
    lambda access_key_id: AccessKey.objects.filter(
        pk=access_key_id, status=AccessKey.Status.ACTIVE, account__kind=Account.Kind.LOCAL
    ).values_list(
        "pk",
        "sealed_secret",
        "last_used_at",
        "last_used_service",
        "last_used_region",
        "account_id",
        "account__root_user__email",
        "user_id",
        "user__name",
        "user__path",
        "user__unique_id",
        Cast("account__inactive_sts_regions", TextField()),
        granted_column("iam_accesskey.user_id"),
    ),
    str,
)


def find_key(access_key_id: str, *, source: Source, reads: Sequence[Reading] = ()) -> tuple[Principal, Key] | None:
    """Return an active access key with whom it belongs to, in one round trip; None for any other.

    That is the root user, or a user with all that bears on them. The principal brings the rows of further `reads`.
    """
    read_at = timezone.now()
    found, others = rows_with((_KEY, (access_key_id,)), *reads)
    if not found:
        return None
    return _with_holder(found[0], source, read_at, rows=dict(zip(reads, others, strict=True)))


def see_key(access_key_id: str, reads: Sequence[Reading]) -> Seen | None:
    """Read what `find_key` reads, for this call and for later ones; None where there is no such key."""
    return see((_KEY, (access_key_id,)), *reads)


def seen_key(seen: Seen, *, source: Source, read_at: datetime, is_past: bool) -> tuple[Principal, Key]:
    """Return what `find_key` would return of what was seen at some moment; unless it `is_past`, that is certain."""
    return _with_holder(seen.row, source, read_at, rows=seen.brought, seen=seen if is_past else None)


def _with_holder(row: tuple[Any, ...], source: Source, read_at: datetime, **read: Any) -> tuple[Principal, Key]:
    key_id, sealed, used_at, used_service, used_region, account_id, *of_holder = row
    email, user_pk, name, path, unique_id, inactive_sts_regions, grants = of_holder
    key = Key(key_id, bytes(sealed), used_at, used_service, used_region)
    at_hand = AtHand(read_at, inactive_sts_regions, grants, **read)
    if user_pk is None:
        return root_principal(account_id, email, access_key_id=key_id, at_hand=at_hand, source=source), key
    principal = Principal(
        type=PrincipalType.USER,
        account_id=account_id,
        arn=identifiers.arn(account_id, "user", path, name),
        unique_id=unique_id,
        name=name,
        user_pk=user_pk,
        access_key_id=key_id,
        at_hand=at_hand,
        source=source,
    )
    return principal, key


def has_accounts() -> bool:
    """Whether this installation has been set up."""
    return Account.objects.exists()
