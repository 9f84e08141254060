"""Signing in with a password: checked in the same time and answered in the same words, whatever was wrong."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Account, Event, LoginProfile, RootUser, User
from iam.operations import throttles
from iam.operations.login_profiles import password_expires_at, password_policy
from iam.principals import Principal, PrincipalType, Source, root_principal


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who proved the password, and whether it must be changed before anything else.

    `password_expires_at` is None where it never does.
    """

    principal: Principal
    must_change_password: bool = False
    password_expires_at: datetime | None = None


def sign_in_root(email: str, password: str, source: Source) -> SignedIn:
    """Check a root user's password. Raises IamError AuthFailure, or Throttling after too many failures."""
    root = RootUser.objects.filter(email__iexact=email).first()
    # As it is on record: PostgreSQL takes more spellings for the same than `lower` does.
    name = (root.email if root else email).lower()
    throttles.take_attempt(name, source)
    if not _is_password(password, root.password if root else None) or root is None:
        principal = root_principal(root.account_id, root.email, source=source) if root else _nobody("", source)
        _record_login(principal, failure="Failed authentication" if root else "No such root user")
        raise _refused()
    now = timezone.now()
    throttles.give_back(name, source)
    principal = root_principal(root.account_id, root.email, source=source, session_issued_at=now)
    with transaction.atomic():
        RootUser.objects.filter(pk=root.pk).update(password_last_used_at=now)
        _record_login(principal)
    return SignedIn(principal)


def sign_in_user(account_name: str, user_name: str, password: str, source: Source) -> SignedIn:
    """Check an IAM user's password; `account_name` is the alias or the 12 digits, with or without hyphens.

    Raises IamError AuthFailure whatever was wrong, Throttling, or PasswordExpired where only an administrator can help.
    """
    account = find_account(account_name)
    account_id = account.pk if account else ""
    name = f"{account_id or account_name.lower()}/{user_name.lower()}"
    throttles.take_attempt(name, source)
    # The same statements for a name that nobody has.
    user = User.objects.filter(account=account_id, name__lower=user_name.lower()).first()
    profile = LoginProfile.objects.select_related("user").filter(user=user.pk if user else 0).first()
    if not _is_password(password, profile.password if profile else None) or user is None or profile is None:
        if user:
            failed = replace(user_principal(user), source=source)
            _record_login(failed, failure="Failed authentication")
        else:
            _record_login(_nobody(account_id, source), failure="No username found in supplied account")
        raise _refused()
    throttles.give_back(name, source)
    return _let_in(profile, source)


def _let_in(profile: LoginProfile, source: Source) -> SignedIn:
    """Return the user of a login profile as signed in. Raises IamError PasswordExpired."""
    now = timezone.now()
    user = profile.user
    policy = password_policy(user.account_id)
    expires_at = password_expires_at(profile, policy)
    is_expired = expires_at is not None and expires_at <= now
    if is_expired and policy and policy.hard_expiry:
        _record_login(replace(user_principal(user), source=source), failure="Password expired")
        raise IamError(
            "PasswordExpired", "Your password has expired. Contact your administrator, who can set a new one."
        )
    principal = replace(user_principal(user), source=source, session_issued_at=now)
    with transaction.atomic():
        # A password used twice within five minutes counts once (IAM User Guide, "Getting credential reports").
        used_at = user.password_last_used_at
        if not used_at or now - used_at >= timedelta(minutes=5):
            User.objects.filter(pk=user.pk).update(password_last_used_at=now)
        _record_login(principal)
    return SignedIn(principal, is_expired or profile.password_reset_required, expires_at)


def check_own_password(principal: Principal, password: str) -> None:
    """Check the old password before anything is said about a new one.

    Raises IamError AccessDenied with the parameter OldPassword, or Throttling.
    """
    name = f"{principal.account_id}/{principal.name.lower()}"
    throttles.take_attempt(name, principal.source)
    profile = LoginProfile.objects.filter(user=principal.user_pk).first() if principal.user_pk else None
    if _is_password(password, profile.password if profile else None):
        throttles.give_back(name, principal.source)
        return
    refusal = IamError("AccessDenied", "The old password was incorrect.", parameter="OldPassword")
    events.record(events.event_of_call(principal, "ChangePassword", is_read_only=False, error=refusal))
    raise refusal


def _is_password(password: str, encoded: str | None) -> bool:
    if encoded is None:
        # As much work as for a name that exists.
        make_password(password)
        return False
    return check_password(password, encoded)


def _refused() -> IamError:
    return IamError("AuthFailure", "Your authentication information is incorrect. Please try again.")


def _record_login(principal: Principal, *, failure: str = "") -> None:
    error = IamError("AuthFailure", failure) if failure else None
    event: Event = events.event_of_call(principal, "ConsoleLogin", service="signin", is_read_only=False, error=error)
    event.response_elements = {"ConsoleLogin": "Failure" if error else "Success"}
    events.record(event)


def _nobody(account_id: str, source: Source) -> Principal:
    # A mistyped name may be a password in the wrong field.
    return Principal(
        type=PrincipalType.USER,
        account_id=account_id,
        arn="",
        unique_id="",
        name="HIDDEN_DUE_TO_SECURITY_REASONS",
        source=source,
    )


def find_account(name: str) -> Account | None:
    """Return the account of an alias or id; the id may be written with hyphens."""
    digits = name.replace("-", "")
    if digits.isascii() and digits.isdigit() and len(digits) == 12:
        return Account.objects.filter(pk=digits).first()
    return Account.objects.filter(alias=name.lower()).first()


def user_principal(user: User) -> Principal:
    """Return a user as a principal, without anything about a session."""
    return Principal(
        type=PrincipalType.USER,
        account_id=user.account_id,
        arn=user.arn,
        unique_id=user.unique_id,
        name=user.name,
        user_pk=user.pk,
    )
