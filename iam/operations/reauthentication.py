"""Proving again who one is, in a session that began a while ago: by a code where there is a device, else the password.

Attempts count together with those at the door, so that a session found open helps nobody to guess.
"""

from datetime import datetime

from django.utils import timezone

from iam.errors import IamError
from iam.models import LoginProfile, RootUser
from iam.operations import mfa_codes, signin, throttles
from iam.operations.password_hashes import is_password
from iam.principals import Principal

EVENT = "ConfirmSignIn"


def needs_code(person: Principal) -> bool:
    """Whether somebody proves it with a code: whoever has a device with codes at hand."""
    return mfa_codes.devices_with_codes(person.account_id, person.user_pk).exists()


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
    try:
        accepted = mfa_codes.check_any_code(person.account_id, person.user_pk, code)
    except IamError as error:
        if error.code == "Throttling":
            raise
        signin.record(person, EVENT, failure="Failed authentication", has_mfa=True)
        raise signin.refused_code() from None
    signin.record(person, EVENT, has_mfa=True, device=accepted.serial_number)
    return accepted.at
