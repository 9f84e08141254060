"""Accounts come and go by these functions; no API of IAM does that."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import (
    Account,
    Change,
    DelegationRequest,
    MfaDevice,
    QuotaShard,
    RootUser,
    SetupLink,
    identifiers,
)
from iam.operations import outbox, quotas
from iam.operations.access_keys import new_key
from iam.operations.account_contents import delete_contents
from iam.operations.account_settings import check_alias
from iam.operations.connections import disconnect_all
from iam.operations.delegation_creating import delete_requests
from iam.operations.organizations import leave_organizations
from iam.operations.registry import Call
from iam.operations.root_passwords import check_password
from iam.operations.root_settings import check_email, check_name
from iam.principals import root_principal
from iam.queries.documents import entities_of

SETUP_LINK_LIFETIME = timedelta(hours=24)
# What a name that is in use already is called, by the constraint that tells.
_TAKEN = {
    "root_email_unique": ("root email address {email}", "Email"),
    "iam_account_pkey": ("account ID {account_id}", "AccountId"),
}


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A created account; the key's secret is nowhere else, and both are empty where no key was asked for."""

    account: Account
    access_key_id: str = ""
    secret_access_key: str = ""


def check_account_id(account_id: str) -> None:
    """Raise IamError ValidationError for what is no account ID."""
    if not (len(account_id) == 12 and account_id.isascii() and account_id.isdigit()):
        raise IamError("ValidationError", "The account ID must be a 12-digit number.", parameter="AccountId")


def _check(name: str, email: str, password: str, account_id: str | None, alias: str | None) -> None:
    check_name(name)
    check_email(email)
    if account_id is not None:
        check_account_id(account_id)
    if alias is not None:
        check_alias(alias)
    check_password(name, email, password)


@transaction.atomic
def create_account(
    *,
    name: str,
    email: str,
    password: str,
    account_id: str | None = None,
    alias: str | None = None,
    with_root_access_key: bool = False,
) -> NewAccount:
    """Create a local account with its root user.

    Raises IamError ValidationError, PasswordPolicyViolation, EntityAlreadyExists for an id, alias or e-mail in use.
    """
    _check(name, email, password, account_id, alias)
    account = Account(pk=account_id or identifiers.account_id(), name=name, alias=alias)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            RootUser.objects.create(
                account=account,
                email=email,
                password=make_password(password),
                password_changed_at=timezone.now(),
            )
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        what, parameter = _TAKEN.get(constraint, ("account alias {alias}", "AccountAlias"))
        named = what.format(email=email, account_id=account.pk, alias=alias)
        raise IamError("EntityAlreadyExists", f"The {named} already exists.", parameter=parameter) from None
    quotas.open_quotas(account)
    outbox.note(account, "CreateAccount")
    if not with_root_access_key:
        return NewAccount(account)
    key, secret = new_key(account.pk, None)
    key.save(force_insert=True)
    return NewAccount(account, key.pk, secret)


@transaction.atomic
def reset_account(account_id: str) -> None:
    """Delete everything in an account but its root user with password, keys, devices and preferences.

    The event history stays. Raises IamError NoSuchEntity.
    """
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.")
    call = Call(root_principal(account_id, account.root_user.email), "ResetAccount")
    # Also what is gone here but, with its change not carried yet, still stands in the backend.
    waiting = Change.objects.filter(account=account).exclude(state=Change.State.VERIFIED)
    named = (tuple(entity) for entities in waiting.values_list("entities", flat=True) for entity in entities)
    call.touched = list(dict.fromkeys([*entities_of(account_id), *named]))
    delete_contents(account_id)
    disconnect_all(account)
    DelegationRequest.objects.filter(owner_account=account).delete()
    delete_requests(DelegationRequest.objects.filter(requestor=account))
    leave_organizations(account_id)
    Account.objects.filter(pk=account_id).update(
        alias=None,
        global_endpoint_token_version=1,
        inactive_sts_regions=[],
        is_billing_access_active=False,
        is_role_manager_enabled=False,
    )
    QuotaShard.objects.filter(account=account).update(used=0)
    for _ in MfaDevice.in_use.filter(account=account, kind=MfaDevice.Kind.VIRTUAL):
        quotas.take(account_id, "VirtualMFADevices")
    outbox.record(call.principal, f"Reset account {account_id}", [(call, {})])


def new_setup_link() -> str | None:
    """Return the path of a fresh one-time set-up link, which replaces any older one; None once an account exists."""
    if Account.objects.exists():
        return None
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        SetupLink.objects.all().delete()
        SetupLink.objects.create(token_digest=_digest(token), created_at=timezone.now())
    return f"/setup/{token}/"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_setup_token(token: str) -> bool:
    """Whether a set-up link still opens: the newest, not used, less than a day old."""
    return SetupLink.objects.filter(
        token_digest=_digest(token), created_at__gt=timezone.now() - SETUP_LINK_LIFETIME
    ).exists()


@transaction.atomic
def set_up(token: str, *, name: str, email: str, password: str) -> Account:
    """Create the first account through the set-up link and use the link up.

    Raises IamError AccessDenied for a link that does not open, and whatever `create_account` raises.
    """
    link = SetupLink.objects.select_for_update().filter(token_digest=_digest(token)).first()
    if link is None or not is_setup_token(token) or Account.objects.exists():
        raise IamError("AccessDenied", "This set-up link has been used or has expired.")
    created = create_account(name=name, email=email, password=password)
    link.delete()
    return created.account
