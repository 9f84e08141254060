"""Deleting users with everything that hangs on them: IAM never cascades, so the console removes it first."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components import formats
from console.identities import changing
from console.identities.access import refusal, refused
from console.identities.changing import Question, counted
from console.identities.names import ticked
from console.identities.readable import DEVICES, GROUPS, KEY_USE, KEYS, Readable, readable
from console.mfa.devices import removal_of as removal_of_device
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from console.users.contexts import SHOWN
from iam.operations import Step
from iam.queries import identity_policies, users
from iam.queries.credentials import CredentialKind, CredentialRef, credentials_by_user
from iam.queries.users import UserRecord

# What the dialog calls a credential of a kind, and the parameter that names one in a call.
_CREDENTIALS: dict[CredentialKind, tuple[str, str]] = {
    "SigningCertificate": ("Signing certificate", "CertificateId"),
    "SSHPublicKey": ("SSH public key", "SSHPublicKeyId"),
    "ServiceSpecificCredential": ("Service-specific credential", "ServiceSpecificCredentialId"),
}


def removal_of(
    user: UserRecord, attached: Sequence[str], inline: Sequence[str], credentials: Sequence[CredentialRef]
) -> list[Step]:
    """Return the calls that delete a user after all that IAM wants to be gone first.

    `attached` are the ARNs of policies attached to the user, `inline` the names of those embedded, and `credentials`
    those besides password and access keys.
    """
    name = {"UserName": user.name}
    return [
        *(Step("RemoveUserFromGroup", {**name, "GroupName": group.name}) for group in user.groups),
        *([Step("DeleteLoginProfile", name)] if user.has_password else []),
        *(Step("DeleteAccessKey", {**name, "AccessKeyId": key.id}) for key in user.keys),
        *(step for device in user.mfa_devices for step in removal_of_device(user.name, device)),
        *(Step(f"Delete{held.kind}", {**name, _CREDENTIALS[held.kind][1]: held.id}) for held in credentials),
        *(Step("DetachUserPolicy", {**name, "PolicyArn": arn}) for arn in attached),
        *(Step("DeleteUserPolicy", {**name, "PolicyName": policy}) for policy in inline),
        Step("DeleteUser", name),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def delete(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask for the user's name, then delete the user."""
    return _ask(request, [user], reverse("users:details", args=[user.name]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete_many(request: ConsoleRequest) -> HttpResponse:
    """Ask, then delete the ticked users together."""
    # Without it the dialog would tell which names exist.
    error = refusal(request, "iam:ListUsers")
    if error:
        return refused(request, error, "Delete users", [("Users", reverse("users:list"))])
    return _ask(request, users.find_users(request.principal.account_id, ticked(request, "user")), reverse("users:list"))


def _ask(request: ConsoleRequest, found: list[UserRecord], back: str) -> HttpResponse:
    rows = readable(request, found, SHOWN)
    only = found[0] if len(found) == 1 else None
    whom = only.name if only else counted(len(found), "user")
    pks = [user.pk for user in found]
    policies = identity_policies.names_by_user(pks)
    credentials = credentials_by_user(pks)
    subject = "The user is" if only else "The users are"
    what = (
        "password, access keys, MFA devices, certificates, SSH keys, service-specific credentials, inline policies and "
        "group memberships"
    )
    question = Question(
        heading=f"Delete {whom}?",
        submit="Delete user" if only else "Delete",
        steps=[step for user in found for step in removal_of(user, *policies[user.pk], credentials[user.pk])],
        title=f"Delete user {whom}" if only else f"Delete {whom}",
        done=f"Deleted {f'user {whom}' if only else whom}.",
        back=back,
        next=reverse("users:list"),
        crumbs=crumbs(only.name, ("Delete", "")) if only else [("Users", reverse("users:list")), ("Delete", "")],
        text=f"{subject} deleted permanently, with {what}. Managed policies stay.",
        typed=only.name if only else "delete",
        typed_label="To confirm deletion, enter the user name" if only else "To confirm deletion, enter delete",
        body="users/_deleted.html",
        context={
            **_body(rows),
            **(_single(request, rows[0], policies[only.pk][1], credentials[only.pk]) if only else {}),
        },
    )
    return changing.ask(request, question)


def _body(rows: Sequence[Readable]) -> dict[str, Any]:
    active = [row.user.name for row in rows if row.user.active_keys]
    whose = active[0] if len(active) == 1 else counted(len(active), "user")
    warning = f"{whose} still {'has' if len(active) == 1 else 'have'} an active access key"
    return {"rows": rows, "active_names": active, "warning": warning}


def _single(
    request: ConsoleRequest, row: Readable, inline: Sequence[str], credentials: Sequence[CredentialRef]
) -> dict[str, Any]:
    """Return what goes with one user, part by part: its kind, its name and when it was used last."""
    user, denied = row.user, "Access denied"
    is_use_denied = KEY_USE in row.denied
    parts: list[tuple[str, str, Any]] = [
        ("Access key", key.id, denied if is_use_denied else formats.age(key.last_used_at, "Never")) for key in user.keys
    ]
    parts += [("Group membership", group.name, "") for group in user.groups]
    may_list = refusal(request, "iam:ListUserPolicies", user.arn, user.context) is None
    parts += [("Inline policy", name if may_list else denied, "") for name in (inline if may_list else inline[:1])]
    parts += _credential_parts(request, user, credentials)
    parts += [("MFA device", device.serial_number, "") for device in user.mfa_devices]
    signed_in = formats.age(user.password_last_used_at, "Never") if user.has_password else ""
    parts.append(("Console password", "Set" if user.has_password else "", signed_in))
    hidden = ((KEYS, "Access key"), (GROUPS, "Group membership"), (DEVICES, "MFA device"))
    parts += [(kind, denied, "") for action, kind in hidden if action in row.denied]
    url = reverse("users:security-credentials", args=[user.name])
    return {"only": user, "parts": parts, "credentials_url": url}


def _credential_parts(
    request: ConsoleRequest, user: UserRecord, credentials: Sequence[CredentialRef]
) -> list[tuple[str, str, str]]:
    parts = []
    for kind, (title, _) in _CREDENTIALS.items():
        labels = [held.label for held in credentials if held.kind == kind]
        if labels and refusal(request, f"iam:List{kind}s", user.arn, user.context):
            labels = ["Access denied"]
        parts += [(title, label, "") for label in labels]
    return parts
