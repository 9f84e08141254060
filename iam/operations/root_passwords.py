"""The password of an account's root user, as the tasks of root sessions (AssumeRoot) manage it.

A root user without a login profile cannot sign in; one whose login profile was made anew has no password yet, which
is set by a link to the root e-mail address, or by who runs the installation (`manage.py root_password`).
"""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import PasswordRecovery, RootUser
from iam.operations import console_sessions, outbox, password_rules
from iam.operations.registry import Call
from iam.principals import root_principal

_NAME = "root"
LONGEST_PASSWORD = 128


def _lock(account_id: str) -> RootUser:
    return RootUser.objects.select_for_update().get(account=account_id)


def _existing(root: RootUser) -> RootUser:
    if not root.has_login_profile:
        raise IamError("NoSuchEntity", f"Login Profile for User {_NAME} cannot be found.", parameter="UserName")
    return root


def shape(account_id: str) -> dict[str, Any]:
    """Return the root user's login profile in the API's shape. Raises IamError NoSuchEntity."""
    root = _existing(RootUser.objects.get(account=account_id))
    return {"UserName": _NAME, "CreateDate": root.password_changed_at, "PasswordResetRequired": False}


def create(call: Call, password: str | None) -> dict[str, Any]:
    """Let the root user have a password again, without setting one. Raises IamError EntityAlreadyExists."""
    if password is not None:
        raise IamError(
            "ValidationError", "Password must be omitted when you use an AssumeRoot session.", parameter="Password"
        )
    root = _lock(call.account_id)
    if root.has_login_profile:
        raise IamError("EntityAlreadyExists", f"Login Profile for user {_NAME} already exists.", parameter="UserName")
    root.password = make_password(None)
    root.password_changed_at = timezone.now()
    root.save(update_fields=["password", "password_changed_at"])
    call.touch("account", call.account_id)
    return shape(call.account_id)


def delete(call: Call) -> None:
    """Take the root user's password away. Raises IamError NoSuchEntity."""
    root = _existing(_lock(call.account_id))
    root.password = ""
    root.save(update_fields=["password"])
    console_sessions.end_for_new_credentials(call, None)
    call.touch("account", call.account_id)


def check_password(name: str, email: str, password: str) -> None:
    """Raise IamError PasswordPolicyViolation for what may not be a root password."""
    faults = password_rules.default_rules(name, email).faults(password)
    if len(password) > LONGEST_PASSWORD:
        faults.append(f"Must be at most {LONGEST_PASSWORD} characters long")
    if faults:
        raise IamError("PasswordPolicyViolation", ". ".join(faults) + ".", parameter="Password")


def set_password(call: Call, password: str) -> None:
    """Set the password of the root user of a call's account. Raises IamError PasswordPolicyViolation."""
    root = RootUser.objects.select_for_update().select_related("account").get(account=call.account_id)
    check_password(root.account.name, root.email, password)
    root.password = make_password(password)
    root.password_changed_at = timezone.now()
    root.save(update_fields=["password", "password_changed_at"])
    console_sessions.end_for_new_credentials(call, None)
    close_links(call.account_id)


def close_links(account_id: str) -> None:
    """Void the links to a new password: who reads the mail of an address that is given up must not use them."""
    PasswordRecovery.objects.filter(account=account_id).delete()


@transaction.atomic
def set_root_password(account_id: str, password: str) -> None:
    """Set the password of a root user who may have one. Raises IamError NoSuchEntity, PasswordPolicyViolation."""
    root = RootUser.objects.select_for_update().filter(account=account_id).first()
    if root is None:
        raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.", parameter="AccountId")
    _existing(root)
    call = Call(root_principal(account_id, root.email), "SetRootPassword")
    set_password(call, password)
    call.touch("account", account_id)
    outbox.record(call.principal, f"SetRootPassword {account_id}", [(call, {})])
