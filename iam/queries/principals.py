"""Reading the principal behind a browser session."""

from dataclasses import dataclass
from datetime import datetime

from iam.models import Account, RootUser, User
from iam.principals import Principal, PrincipalType, Source, root_principal


@dataclass(frozen=True, slots=True)
class AccountName:
    """How an account is called on the page: its id, its alias where it has one, and its name."""

    id: str
    alias: str | None
    name: str

    @property
    def sign_in_name(self) -> str:
        """The alias, or the id while there is none."""
        return self.alias or self.id


def _account_name(account: Account) -> AccountName:
    return AccountName(account.pk, account.alias, account.name)


def find_root(
    account_id: str, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Return the root user of an account for a session, None where the account is gone."""
    root = RootUser.objects.select_related("account").filter(account=account_id).first()
    if root is None:
        return None
    principal = root_principal(
        account_id,
        root.email,
        source=source,
        session_issued_at=issued_at,
        mfa_authenticated_at=mfa_at,
    )
    return principal, _account_name(root.account)


def find_user(
    user_pk: int, *, source: Source, issued_at: datetime, mfa_at: datetime | None
) -> tuple[Principal, AccountName] | None:
    """Return an IAM user for a session under the present name and path, None where the user is gone."""
    user = User.objects.select_related("account").filter(pk=user_pk).first()
    if user is None:
        return None
    principal = Principal(
        type=PrincipalType.USER,
        account_id=user.account_id,
        arn=user.arn,
        unique_id=user.unique_id,
        name=user.name,
        user_pk=user.pk,
        session_issued_at=issued_at,
        mfa_authenticated_at=mfa_at,
        source=source,
    )
    return principal, _account_name(user.account)


def find_account_name(account_id: str) -> AccountName | None:
    """Return how an account is called."""
    account = Account.objects.filter(pk=account_id).first()
    return _account_name(account) if account else None


def has_accounts() -> bool:
    """Whether this installation has been set up."""
    return Account.objects.exists()
