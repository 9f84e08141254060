"""Signing in with a password: checked in the same time and answered in the same words, whatever was wrong.

Whoever has an MFA device is asked for it afterwards, and has not signed in before it was accepted.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Account, Event, LoginProfile, MfaDevice, RootUser, User
from iam.operations import known_passwords, mfa_codes, security_keys, throttles
from iam.operations.login_profiles import password_expires_at, password_policy
from iam.operations.mfa_codes import Accepted
from iam.operations.password_hashes import is_password
from iam.operations.security_keys import KeyAnswer
from iam.principals import Principal, PrincipalType, Source, root_principal


class MfaType(StrEnum):
    """By what an MFA device proves to be at hand: an app or a token shows codes, a key answers challenges."""

    CODE = "code"
    KEY = "security-key"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who proved the password, and what comes before anything else: an MFA device, or changing the password.

    `password_expires_at` is None where it never does.
    """

    principal: Principal
    must_change_password: bool = False
    password_expires_at: datetime | None = None
    needs_code: bool = False


def sign_in_root(email: str, password: str, source: Source) -> SignedIn:
    """Check a root user's password. Raises IamError AuthFailure, or Throttling after too many failures."""
    began_at = timezone.now()
    root = RootUser.objects.filter(email__iexact=email).first()
    # As it is on record: PostgreSQL takes more spellings for the same than `lower` does.
    name = (root.email if root else email).lower()
    throttles.take_attempt(name, source)
    if not is_password(password, root.password if root else None) or root is None:
        principal = root_principal(root.account_id, root.email, source=source) if root else _nobody("", source)
        _record_login(principal, failure="Failed authentication" if root else "No such root user")
        raise _refused()
    throttles.give_back(name, source)
    principal = root_principal(root.account_id, root.email, source=source, session_issued_at=began_at)
    return _asked_for_code(principal) if lacks_code(principal) else _let_root_in(principal)


def sign_in_user(account_name: str, user_name: str, password: str, source: Source) -> SignedIn:
    """Check an IAM user's password; `account_name` is the alias or the 12 digits, with or without hyphens.

    Raises IamError AuthFailure whatever was wrong, Throttling, or PasswordExpired where only an administrator can help.
    """
    began_at = timezone.now()
    account = find_account(account_name)
    account_id = account.pk if account else ""
    name = f"{account_id or account_name.lower()}/{user_name.lower()}"
    throttles.take_attempt(name, source)
    # The same statements for a name that nobody has.
    user = User.objects.filter(account=account_id, name__lower=user_name.lower()).first()
    profile = LoginProfile.objects.select_related("user").filter(user=user.pk if user else 0).first()
    if not is_password(password, profile.password if profile else None) or user is None or profile is None:
        if user:
            failed = replace(user_principal(user), source=source)
            _record_login(failed, failure="Failed authentication")
        else:
            _record_login(_nobody(account_id, source), failure="No username found in supplied account")
        raise _refused()
    throttles.give_back(name, source)
    principal = replace(user_principal(user), source=source, session_issued_at=began_at)
    return _asked_for_code(principal) if lacks_code(principal) else _let_user_in(principal, profile)


def lacks_code(principal: Principal) -> bool:
    """Whether somebody who proved the password has yet to prove to have an MFA device at hand, of whatever kind."""
    if principal.mfa_authenticated_at:
        return False
    return MfaDevice.in_use.filter(account=principal.account_id, user=principal.user_pk).exists()


def mfa_types(principal: Principal) -> frozenset[MfaType]:
    """Return by what somebody can prove to have a device at hand; empty for who has none."""
    kinds = MfaDevice.in_use.filter(account=principal.account_id, user=principal.user_pk).values_list("kind", flat=True)
    return frozenset(MfaType.KEY if kind == MfaDevice.Kind.SECURITY_KEY else MfaType.CODE for kind in kinds)


def _asked_for_code(principal: Principal) -> SignedIn:
    # Tells of a password in wrong hands, even if no code ever follows.
    record(principal, "CheckMfa", has_mfa=True)
    return SignedIn(principal, needs_code=True)


def sign_in_with_code(principal: Principal, code: str, following: str = "") -> SignedIn:
    """Check a code of somebody who proved the password when the principal's session began.

    With a `following` code, the device is resynchronized by both. Raises IamError InvalidAuthenticationCode,
    Throttling, AuthFailure where the password has been changed since, PasswordExpired.
    """
    owner = principal.account_id, principal.user_pk

    def check() -> Accepted:
        if following:
            return mfa_codes.check_any_two_codes(*owner, code, following)
        return mfa_codes.check_any_code(*owner, code)

    return _sign_in_with_device(principal, check, refused_code(following))


def sign_in_with_key(principal: Principal, answer: KeyAnswer | None) -> SignedIn:
    """Check what a passkey or security key answered to its challenge; otherwise like `sign_in_with_code`.

    None stands for an answer to a challenge that is gone.
    """
    owner = principal.account_id, principal.user_pk
    return _sign_in_with_device(principal, lambda: security_keys.check_answer(*owner, answer), refused_key())


def _sign_in_with_device(principal: Principal, check: Callable[[], Accepted], refusal: IamError) -> SignedIn:
    root, profile = _credentials(principal)
    if root is None and profile is None:
        _record_login(principal, failure="Failed authentication", has_mfa=True)
        raise IamError("AuthFailure", "Your password has been changed. Sign in again.")
    try:
        accepted = check()
    except IamError as error:
        if error.code == "Throttling":
            raise
        _record_login(principal, failure="Failed authentication", has_mfa=True)
        raise refusal from None
    principal = replace(principal, session_issued_at=accepted.at, mfa_authenticated_at=accepted.at)
    if profile is None:
        return _let_root_in(principal, accepted.serial_number)
    return _let_user_in(principal, profile, accepted.serial_number)


def _credentials(principal: Principal) -> tuple[RootUser | None, LoginProfile | None]:
    """Return what holds the password that a principal proved, if it still does."""
    proved = {"password_changed_at__lte": principal.session_issued_at}
    if principal.is_root:
        return RootUser.objects.filter(account=principal.account_id, **proved).exclude(password="").first(), None
    profiles = LoginProfile.objects.select_related("user")
    return None, profiles.filter(user=principal.user_pk, **proved).first()


def refused_code(following: str = "") -> IamError:
    """Return the one answer to every code that does not count, whatever is wrong with it."""
    if following:
        sentence = "These are not two codes in a row, or they were used already. Wait for the next two."
    else:
        sentence = "This code is not right, or was used already. Wait for the next one."
    return IamError("InvalidAuthenticationCode", sentence)


def refused_key() -> IamError:
    """Return the one answer to every passkey or security key that does not count, whatever is wrong with it."""
    return IamError("InvalidAuthenticationCode", "This passkey or security key was not accepted. Try again.")


def _let_root_in(principal: Principal, device: str = "") -> SignedIn:
    with transaction.atomic():
        RootUser.objects.filter(pk=principal.account_id).update(password_last_used_at=timezone.now())
        _record_login(principal, has_mfa=bool(device), device=device)
    return SignedIn(principal)


def _let_user_in(principal: Principal, profile: LoginProfile, device: str = "") -> SignedIn:
    """Return the user of a login profile as signed in. Raises IamError PasswordExpired."""
    now = timezone.now()
    user = profile.user
    policy = password_policy(user.account_id)
    expires_at = password_expires_at(profile, policy)
    is_expired = expires_at is not None and expires_at <= now
    if is_expired and policy and policy.hard_expiry:
        _record_login(principal, failure="Password expired", has_mfa=bool(device), device=device)
        raise _hard_expired()
    with transaction.atomic():
        # A password used twice within five minutes counts once (IAM User Guide, "Getting credential reports").
        used_at = user.password_last_used_at
        if not used_at or now - used_at >= timedelta(minutes=5):
            User.objects.filter(pk=user.pk).update(password_last_used_at=now)
        _record_login(principal, has_mfa=bool(device), device=device)
    return SignedIn(principal, is_expired or profile.password_reset_required, expires_at)


def check_own_password(principal: Principal, password: str, operation: str = "ChangePassword") -> None:
    """Check the old password before anything is said about a new one.

    Raises IamError AccessDenied with the parameter OldPassword, Throttling, or PasswordExpired where only an
    administrator may set a new one: the console lets nobody else.
    """
    try:
        known_passwords.prove(principal, password)
    except IamError as error:
        if error.code != "Throttling":
            service = "signin" if principal.is_root else "iam"
            refused = events.event_of_call(principal, operation, service=service, is_read_only=False, error=error)
            events.record(refused)
        raise
    profile = LoginProfile.objects.select_related("user").filter(user=principal.user_pk).first()
    if profile and _is_hard_expired(profile):
        raise _hard_expired()


def _is_hard_expired(profile: LoginProfile) -> bool:
    policy = password_policy(profile.user.account_id)
    expires_at = password_expires_at(profile, policy)
    return bool(policy and policy.hard_expiry and expires_at and expires_at <= timezone.now())


def _hard_expired() -> IamError:
    return IamError("PasswordExpired", "Your password has expired. Contact your administrator, who can set a new one.")


def _refused() -> IamError:
    return IamError("AuthFailure", "Your authentication information is incorrect. Please try again.")


def _record_login(principal: Principal, *, failure: str = "", has_mfa: bool = False, device: str = "") -> None:
    record(principal, "ConsoleLogin", failure=failure, has_mfa=has_mfa, device=device)


def record(principal: Principal, name: str, *, failure: str = "", has_mfa: bool, device: str = "") -> None:
    """Append what the sign-in service tells (CloudTrail User Guide, "AWS Management Console sign-in events")."""
    error = IamError("AuthFailure", failure) if failure else None
    if name == "CheckMfa" or (name == "ConsoleLogin" and error):
        # There is no session.
        principal = replace(principal, session_issued_at=None, mfa_authenticated_at=None)
    event: Event = events.event_of_call(
        principal,
        name,
        service="signin",
        is_read_only=False,
        additional={"MFAUsed": "Yes" if has_mfa else "No"} | ({"MFAIdentifier": device} if device else {}),
        error=error,
    )
    # Of a refused call there is no response otherwise.
    event.response_elements = {name: "Failure" if error else "Success"}
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
    """Return the account of an alias or id, to which people can sign in; the id may be written with hyphens."""
    local = Account.objects.filter(kind=Account.Kind.LOCAL)
    digits = name.replace("-", "")
    if digits.isascii() and digits.isdigit() and len(digits) == 12:
        return local.filter(pk=digits).first()
    return local.filter(alias=name.lower()).first()


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
