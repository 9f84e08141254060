"""Signing in with a password: checked in the same time and answered in the same words, whatever was wrong."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Account, Event, LoginProfile, RootUser, SignInThrottle, User
from iam.operations.login_profiles import password_expires_at, password_policy
from iam.principals import Principal, PrincipalType, Source, root_principal

WINDOW = timedelta(minutes=15)
BLOCK = timedelta(minutes=1)
# Failures within the window before an address has to wait: for one name, and for all names together. A name alone
# is never blocked by few failures, because anybody could then lock its owner out.
FAILURES_PER_NAME_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 50
FAILURES_PER_NAME = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who proved the password, and whether it must be changed before anything else."""

    principal: Principal
    must_change_password: bool = False


def _refused() -> IamError:
    return IamError(
        "AuthFailure", "Your authentication information is incorrect. Please try again."
    )


def _throttle_keys(name: str, source: Source) -> list[tuple[str, int]]:
    address = source.ip or "unknown"
    return [
        (hashlib.sha256(part.encode()).hexdigest(), limit)
        for part, limit in (
            (f"name-address|{name.lower()}|{address}", FAILURES_PER_NAME_AND_ADDRESS),
            (f"address|{address}", FAILURES_PER_ADDRESS),
            (f"name|{name.lower()}", FAILURES_PER_NAME),
        )
    ]


def _check_throttle(name: str, source: Source) -> None:
    keys = [key for key, _ in _throttle_keys(name, source)]
    if SignInThrottle.objects.filter(
        pk__in=keys, blocked_until__gt=timezone.now()
    ).exists():
        raise IamError(
            "Throttling",
            "Too many failed attempts to sign in. Wait a minute and try again.",
        )


def _note_failure(name: str, source: Source) -> None:
    now = timezone.now()
    # In one order for everybody, so that two failures at once never wait for each other in a circle.
    for key, limit in sorted(_throttle_keys(name, source)):
        with transaction.atomic():
            SignInThrottle.objects.bulk_create(
                [SignInThrottle(pk=key, first_failure_at=now)], ignore_conflicts=True
            )
            row = SignInThrottle.objects.select_for_update().get(pk=key)
            if row.first_failure_at < now - WINDOW:
                row.failures, row.first_failure_at = 0, now
            row.failures += 1
            if row.failures >= limit:
                row.blocked_until = now + BLOCK
            row.save()


def _note_success(name: str, source: Source) -> None:
    pair = _throttle_keys(name, source)[0][0]
    SignInThrottle.objects.filter(pk=pair).delete()
    SignInThrottle.objects.filter(
        first_failure_at__lt=timezone.now() - 2 * WINDOW
    ).delete()


def _login_event(principal: Principal, error: IamError | None = None) -> Event:
    event = events.event_of_call(
        principal, "ConsoleLogin", service="signin", is_read_only=False, error=error
    )
    event.response_elements = {"ConsoleLogin": "Failure" if error else "Success"}
    return event


def sign_in_root(email: str, password: str, source: Source) -> SignedIn:
    """Check a root user's password. Raises IamError AuthFailure, or Throttling after too many failures."""
    _check_throttle(email, source)
    root = (
        RootUser.objects.select_related("account").filter(email__iexact=email).first()
    )
    if not _is_password(password, root.password if root else None) or root is None:
        _note_failure(email, source)
        if root:
            events.record(
                _login_event(
                    root_principal(root.account_id, root.email, source=source),
                    IamError("AuthFailure", "Failed authentication"),
                )
            )
        raise _refused()
    now = timezone.now()
    _note_success(email, source)
    principal = root_principal(
        root.account_id, root.email, source=source, session_issued_at=now
    )
    with transaction.atomic():
        RootUser.objects.filter(pk=root.pk).update(password_last_used_at=now)
        events.record(_login_event(principal))
    return SignedIn(principal)


def sign_in_user(
    account_name: str, user_name: str, password: str, source: Source
) -> SignedIn:
    """Check an IAM user's password; `account_name` is the alias or the 12 digits, with or without hyphens.

    Raises IamError AuthFailure whatever was wrong, Throttling, or PasswordExpired where only an administrator can help.
    """
    name = f"{account_name}/{user_name}"
    _check_throttle(name, source)
    account = find_account(account_name)
    user = (
        User.objects.filter(account=account, name__lower=user_name.lower()).first()
        if account
        else None
    )
    profile = LoginProfile.objects.filter(user=user).first() if user else None
    if not _is_password(password, profile.password if profile else None) or not (
        account and user and profile
    ):
        _note_failure(name, source)
        if account:
            events.record(_failed_user_event(account, user, source))
        raise _refused()
    now = timezone.now()
    _note_success(name, source)
    principal = replace(user_principal(user), source=source, session_issued_at=now)
    must_change = _must_change(profile, now)
    with transaction.atomic():
        # A password used twice within five minutes counts once (IAM User Guide, "Getting credential reports").
        recent = (
            user.password_last_used_at
            and now - user.password_last_used_at < timedelta(minutes=5)
        )
        if not recent:
            User.objects.filter(pk=user.pk).update(password_last_used_at=now)
        events.record(_login_event(principal))
    return SignedIn(principal, must_change)


def _is_password(password: str, encoded: str | None) -> bool:
    if encoded is None:
        # As much work as for a name that exists.
        make_password(password)
        return False
    return check_password(password, encoded)


def _must_change(profile: LoginProfile, now: datetime) -> bool:
    policy = password_policy(profile.user.account_id)
    expires_at = password_expires_at(profile, policy)
    if expires_at is None or expires_at > now:
        return profile.password_reset_required
    if policy and policy.hard_expiry:
        raise IamError(
            "PasswordExpired",
            "Your password has expired. Contact your administrator, who can set a new one.",
        )
    return True


def _failed_user_event(account: Account, user: User | None, source: Source) -> Event:
    if user:
        principal = replace(user_principal(user), source=source)
        return _login_event(principal, IamError("AuthFailure", "Failed authentication"))
    # A mistyped name may be a password in the wrong field.
    nobody = Principal(
        type=PrincipalType.USER,
        account_id=account.pk,
        arn="",
        unique_id="",
        name="HIDDEN_DUE_TO_SECURITY_REASONS",
        source=source,
    )
    return _login_event(
        nobody, IamError("AuthFailure", "No username found in supplied account")
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
