"""Proving again who one is, in a session that began a while ago: by a device where there is one, else the password.

Attempts count together with those at the door, so that a session found open helps nobody to guess.
"""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from iam.errors import IamError
from iam.models import LoginProfile, RootUser
from iam.operations import mfa_codes, security_keys, signin, throttles
from iam.operations.mfa_codes import Accepted
from iam.operations.password_hashes import is_password
from iam.operations.security_keys import KeyAnswer
from iam.principals import Principal

EVENT = "ConfirmSignIn"


def confirm_password(person: Principal, password: str) -> datetime:
    """Check the password of somebody who is signed in, and return when. Raises IamError AuthFailure, Throttling."""
    name = signin.name_at_the_door(person)
    throttles.take_attempt(name, person.source)
    if not is_password(password, _password_of(person)):
        signin.record(person, EVENT, failure="Failed authentication", has_mfa=False)
        raise IamError("AuthFailure", "This password is not right. Try again.", parameter="Password")
    throttles.give_back(name, person.source)
    signin.record(person, EVENT, has_mfa=False)
    return timezone.now()


def _password_of(person: Principal) -> str | None:
    if person.is_root:
        return RootUser.objects.values_list("password", flat=True).filter(account=person.account_id).first()
    return LoginProfile.objects.values_list("password", flat=True).filter(user=person.user_pk).first()


def confirm_code(person: Principal, code: str) -> datetime:
    """Accept a code of any device of somebody who is signed in, and return when.

    Raises IamError InvalidAuthenticationCode, Throttling.
    """
    return _confirm(
        person, lambda: mfa_codes.check_any_code(person.account_id, person.user_pk, code), signin.refused_code()
    )


def confirm_key(person: Principal, answer: KeyAnswer | None) -> datetime:
    """Accept what a passkey or security key answered to its challenge; None stands for one that is gone.

    Otherwise like `confirm_code`.
    """
    return _confirm(
        person,
        lambda: security_keys.check_answer(person.account_id, person.user_pk, answer),
        signin.refused_key(),
    )


def _confirm(person: Principal, check: Callable[[], Accepted], refusal: IamError) -> datetime:
    try:
        accepted = check()
    except IamError as error:
        if error.code == "Throttling":
            raise
        signin.record(person, EVENT, failure="Failed authentication", has_mfa=True)
        raise refusal from None
    signin.record(person, EVENT, has_mfa=True, device=accepted.serial_number)
    return accepted.at
