"""What only the root user of an account changes: its name, the root e-mail address and password, billing access."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account, RootUser
from iam.operations import console_sessions, root_passwords, signin
from iam.operations.console_only import check_root, doing
from iam.principals import Principal

LONGEST_NAME = 50
LONGEST_EMAIL = RootUser._meta.get_field("email").max_length or 0
# What a policy has to allow besides the account's own consent.
VIEW_BILLING = "billing:GetBillingData"


def check_name(name: str) -> None:
    """Raise IamError ValidationError for a name that no account may have."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        message = f"The account name must have 1 to {LONGEST_NAME} printable characters."
        raise IamError("ValidationError", message, parameter="AccountName")


def check_email(email: str) -> None:
    """Raise IamError ValidationError for what is no e-mail address of a root user."""
    try:
        validate_email(email)
        is_address = len(email) <= LONGEST_EMAIL
    except ValidationError:
        is_address = False
    if not is_address:
        message = f"{email} is not an email address, such as owner@example.com."
        raise IamError("ValidationError", message, parameter="Email")


def change_name(principal: Principal, name: str) -> UUID | None:
    """Call the account something else; return the change set. Raises IamError AccessDenied, ValidationError."""
    with doing(principal, "PutAccountName", service="account", title="Change account name") as deed:
        check_root(principal)
        check_name(name)
        Account.objects.filter(pk=principal.account_id).update(name=name)
    return deed.change_set_id


def change_email(principal: Principal, password: str, email: str) -> UUID | None:
    """Give the root user another address to sign in with; return the change set.

    Ends root's other sessions. Raises IamError AccessDenied, ValidationError, EntityAlreadyExists, Throttling.
    """
    check_root(principal)
    signin.check_own_password(principal, password, "EmailUpdated")
    with doing(principal, "EmailUpdated", service="signin", title="Change root user email address") as deed:
        check_email(email)
        try:
            with transaction.atomic():
                RootUser.objects.filter(pk=principal.account_id).update(email=email)
        except IntegrityError:
            # The same words as for any other reason: root users of other accounts are not this one's business.
            message = "This email address cannot be used for the root user."
            raise IamError("EntityAlreadyExists", message, parameter="Email") from None
        console_sessions.end_for_new_credentials(deed.call, None)
        root_passwords.close_links(principal.account_id)
    return deed.change_set_id


def change_password(principal: Principal, old: str, new: str) -> UUID | None:
    """Change the root user's password; return the change set.

    Ends root's other sessions. Raises IamError AccessDenied, PasswordPolicyViolation, Throttling.
    """
    check_root(principal)
    signin.check_own_password(principal, old, "PasswordUpdated")
    with doing(principal, "PasswordUpdated", service="signin", title="Change root user password") as deed:
        root_passwords.set_password(deed.call, new)
    return deed.change_set_id


def set_billing_access(principal: Principal, *, is_active: bool) -> UUID | None:
    """Let IAM users and roles whose policies allow it see billing, or nobody but root; return the change set."""
    title = f"{'Activate' if is_active else 'Deactivate'} IAM access to billing"
    parameters = {"iamUserAccessToBilling": "ALLOW" if is_active else "DENY"}
    with doing(principal, "UpdateIAMAccessPreference", service="billing", title=title, parameters=parameters) as deed:
        check_root(principal)
        Account.objects.filter(pk=principal.account_id).update(is_billing_access_active=is_active)
    return deed.change_set_id


def has_billing_access(account_id: str) -> bool:
    """Whether policies count at all where billing is concerned."""
    return Account.objects.values_list("is_billing_access_active", flat=True).get(pk=account_id)


def check_billing(authorizer: Authorizer) -> None:
    """Raise IamError AccessDenied for who may not see billing: root may, others where account and policies say so."""
    principal = authorizer.principal
    if not principal.is_unlimited and not has_billing_access(principal.account_id):
        message = "IAM user and role access to Billing is not activated. Only the root user can activate it."
        raise IamError("AccessDenied", message)
    authorizer.require(VIEW_BILLING)
