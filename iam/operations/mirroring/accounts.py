"""What a document says about an account as a whole: its alias, its settings and its root user."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import is_password_usable, make_password
from django.db import DataError, IntegrityError, transaction

from iam.errors import IamError
from iam.models import Account, OutboundIssuer, PasswordPolicy, RootUser
from iam.operations.account_settings import check_alias
from iam.operations.mirroring import values
from iam.operations.mirroring.credentials import ROOT_ACCESS_KEYS, ROOT_SIGNING_CERTIFICATES
from iam.operations.mirroring.devices import ROOT_MFA_DEVICES
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing
from iam.operations.outbound_federation import make_keys
from iam.operations.root_settings import check_email, check_name
from iam.queries.document_parts import Document

_ROLE_MANAGER = "RoleManager/Enabled"
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)
_FLAGS = (
    "require_symbols",
    "require_numbers",
    "require_uppercase_characters",
    "require_lowercase_characters",
    "allow_users_to_change_password",
)


def write_account(writing: Writing, documents: Sequence[Document]) -> None:
    """Make an account's settings, and what its root user has, as documents say."""
    for document in documents:
        subject = Subject("account", writing.account_id, document)
        subject.row = Account.objects.get(pk=writing.account_id)
        if document.get("AccountId", writing.account_id) != writing.account_id:
            writing.note(subject, "", "AccountId is the one of another account")
            continue
        for member, write in _SETTINGS.items():
            if member in document:
                _write_setting(writing, subject, member, write)
        for belongings in (ROOT_ACCESS_KEYS, ROOT_MFA_DEVICES, ROOT_SIGNING_CERTIFICATES):
            belongings.write(writing, [subject])
        writing.written.counts["account"] = 1


def _write_setting(
    writing: Writing, subject: Subject, member: str, write: Callable[[Writing, Subject, Any], None]
) -> None:
    try:
        with transaction.atomic():
            write(writing, subject, subject.document[member])
    except UnfitError as error:
        writing.note(subject, member, str(error))
    except IamError as error:
        writing.note(subject, member, error.message)
    except (IntegrityError, DataError):
        writing.note(subject, member, "is in use already, or nothing that the tables take")


def _set(subject: Subject, **columns: Any) -> None:
    Account.objects.filter(pk=subject.row.pk).update(**columns)


def _alias(_writing: Writing, subject: Subject, value: Any) -> None:
    if value is not None:
        check_alias(values.text(value, 63))
    _set(subject, alias=value)


def _name(_writing: Writing, subject: Subject, value: Any) -> None:
    name = values.text(value, 50)
    check_name(name)
    _set(subject, name=name)


def _created(_writing: Writing, subject: Subject, value: Any) -> None:
    _set(subject, created_at=values.moment(value))


def _token_version(_writing: Writing, subject: Subject, value: Any) -> None:
    _set(subject, global_endpoint_token_version=values.number(value, 1, 2))


def _inactive_regions(_writing: Writing, subject: Subject, value: Any) -> None:
    _set(subject, inactive_sts_regions=[values.text(item, 32, _REGION) for item in values.items(value)])


def _billing(_writing: Writing, subject: Subject, value: Any) -> None:
    _set(subject, is_billing_access_active=values.flag(value))


def _properties(_writing: Writing, subject: Subject, value: Any) -> None:
    properties = values.members(value)
    if _ROLE_MANAGER in properties:
        _set(subject, is_role_manager_enabled=values.flag(properties[_ROLE_MANAGER]))


def _password_policy(_writing: Writing, subject: Subject, value: Any) -> None:
    rows = PasswordPolicy.objects.filter(account=subject.row)
    if value is None:
        rows.delete()
        return
    given = values.members(value)
    hard = given.get("HardExpiry")
    policy = PasswordPolicy(
        account=subject.row,
        minimum_password_length=values.number(given.get("MinimumPasswordLength", 6), 6, 128),
        # Zero and nothing both mean that there is no such rule.
        max_password_age=values.number(given.get("MaxPasswordAge") or 0, 0, 1095) or None,
        password_reuse_prevention=values.number(given.get("PasswordReusePrevention") or 0, 0, 24) or None,
        hard_expiry=None if hard is None else values.flag(hard),
    )
    for column in _FLAGS:
        member = "".join(word.title() for word in column.split("_"))
        setattr(policy, column, values.flag(given.get(member) or False))
    PasswordPolicy.objects.bulk_create(
        [policy],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=[field.name for field in PasswordPolicy._meta.concrete_fields if not field.primary_key],
    )


def _outbound_federation(writing: Writing, subject: Subject, value: Any) -> None:
    """Keep the issuer's name. Keys that signed before are lost in a local account; new ones take their place."""
    if value is None:
        OutboundIssuer.objects.filter(account=subject.row).delete()
        return
    given = values.members(value)
    try:
        identifier = UUID(values.text(given.get("Issuer"), 36))
    except ValueError as error:
        raise UnfitError("has no issuer" if not isinstance(error, UnfitError) else str(error)) from None
    issuer, _ = OutboundIssuer.objects.update_or_create(
        account=subject.row,
        defaults={"identifier": identifier, "is_enabled": values.flag(given.get("JwtVendingEnabled"))},
    )
    if not writing.is_mirror and not issuer.keys.exists():
        make_keys(issuer)
        writing.note(subject, "OutboundWebIdentityFederation", "has new keys: tokens of the old ones are void")


def _root_email(writing: Writing, subject: Subject, value: Any) -> None:
    if not writing.is_mirror:
        email = values.text(value, 254)
        check_email(email)
        RootUser.objects.filter(account=subject.row).update(email=email)


def _root_profile(writing: Writing, subject: Subject, value: Any) -> None:
    root = RootUser.objects.filter(account=subject.row)
    if writing.is_mirror:
        return
    if not values.flag(value):
        root.update(password="")
        return
    # Without one, but with the right to have one: whoever runs the installation, or reads root's mail, sets it.
    root.filter(password="").update(password=make_password(None))
    if not is_password_usable(root.values_list("password", flat=True).get()):
        writing.note(subject, "HasRootLoginProfile", "the root user's password is not in the backend")


_SETTINGS: dict[str, Callable[[Writing, Subject, Any], None]] = {
    "AccountName": _name,
    "AccountAlias": _alias,
    "CreateDate": _created,
    "GlobalEndpointTokenVersion": _token_version,
    "InactiveSTSRegions": _inactive_regions,
    "IAMAccessToBilling": _billing,
    "Properties": _properties,
    "PasswordPolicy": _password_policy,
    "OutboundWebIdentityFederation": _outbound_federation,
    "RootEmail": _root_email,
    "HasRootLoginProfile": _root_profile,
}
