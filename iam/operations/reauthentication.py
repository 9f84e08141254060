"""Proving again who one is, in a session that began a while ago: by a device where there is one, else the password.

Attempts count together with those at the door, so that a session found open helps nobody to guess.
"""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from iam.errors import IamError
from iam.operations import known_passwords, mfa_codes, security_keys, signin
from iam.operations.mfa_codes import Accepted
from iam.operations.security_keys import KeyAnswer
from iam.principals import Principal

EVENT = "ConfirmSignIn"


def confirm_password(person: Principal, password: str) -> datetime:
    """Check the password of somebody who is signed in, and return when. Raises IamError AuthFailure, Throttling."""
    try:
        known_passwords.prove(person, password)
    except IamError as error:
        if error.code == "Throttling":
            raise
        signin.record(person, EVENT, failure="Failed authentication", has_mfa=False)
        raise IamError("AuthFailure", "This password is not right. Try again.", parameter="Password") from None
    signin.record(person, EVENT, has_mfa=False)
    return timezone.now()


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
