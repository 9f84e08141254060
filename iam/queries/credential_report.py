"""The credential report as AWS writes it (IAM User Guide, "Generate credential reports for your AWS account")."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, JSONField, OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from iam.models import AccessKey, Account, CredentialStatus, MfaDevice, RootUser, SigningCertificate, User, identifiers

_KEY = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
_CERTIFICATE = ("active", "last_rotated")
COLUMNS = (
    *("user", "arn", "user_creation_time"),
    *("password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active"),
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in _CERTIFICATE),
)
_ROWS_AT_ONCE = 500
# Spreadsheets run a cell that begins with one of these as a formula, and names of users may.
_RISKY = ("=", "+", "-", "@")

_KEYS = RawSQL(
    """(SELECT jsonb_agg(
        jsonb_build_array(status, created_at, last_used_at, last_used_region, last_used_service) ORDER BY id
    ) FROM iam_accesskey WHERE user_id = iam_user.id)""",
    (),
    JSONField(),
)

# An inactive certificate stands before an active one, as in AWS's files.
_CERTIFICATES = RawSQL(
    """(SELECT jsonb_agg(jsonb_build_array(status, uploaded_at) ORDER BY status DESC, uploaded_at, id)
        FROM iam_signingcertificate WHERE user_id = iam_user.id)""",
    (),
    JSONField(),
)

# Status, and when it was created, last used, where and for what.
KeyCells = tuple[str, datetime, datetime | None, str, str]


def credential_report(account_id: str) -> str:
    """Return the report: the root user first, users by name, no line break at the end."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    account = Account.objects.select_related("root_user", "password_policy").get(pk=account_id)
    writer.writerow(_root(account))
    policy = getattr(account, "password_policy", None)
    writer.writerows(_users(account_id, policy.max_password_age if policy else None))
    return file.getvalue().removesuffix("\n")


def _root(account: Account) -> list[str]:
    keys = AccessKey.objects.filter(account=account, user=None).order_by("id")
    certificates = SigningCertificate.objects.filter(account=account, user=None)
    return [
        "<root_account>",
        f"arn:aws:iam::{account.pk}:root",
        _time(account.created_at),
        *_root_password_cells(getattr(account, "root_user", None)),
        _flag(MfaDevice.in_use.filter(account=account, user=None).exists()),
        *_key_cells(keys.values_list("status", "created_at", "last_used_at", "last_used_region", "last_used_service")),
        *_certificate_cells(certificates.order_by("-status", "uploaded_at", "id").values_list("status", "uploaded_at")),
    ]


def _root_password_cells(root: RootUser | None) -> list[str]:
    if root is None:
        # AWS does not tell.
        return ["not_supported", "no_information", "not_supported", "not_supported"]
    if not root.has_login_profile:
        return ["false", "N/A", "N/A", "not_supported"]
    used = _time(root.password_last_used_at, "no_information")
    return ["not_supported", used, "not_supported", "not_supported"]


def _users(account_id: str, max_password_age: int | None) -> Iterator[list[str]]:
    rows = (
        User.objects.filter(account=account_id)
        .order_by(Lower("name"))
        .values_list(
            "name",
            "path",
            "created_at",
            "password_last_used_at",
            "login_profile__password_changed_at",
            Exists(MfaDevice.objects.filter(user=OuterRef("pk"))),
            _KEYS,
            _CERTIFICATES,
        )
    )
    for name, path, created_at, used_at, changed_at, has_mfa, keys, certificates in rows.iterator(
        chunk_size=_ROWS_AT_ONCE
    ):
        yield [
            f"'{name}" if name.startswith(_RISKY) else name,
            identifiers.arn(account_id, "user", path, name),
            _time(created_at),
            *_password_cells(used_at, changed_at, max_password_age),
            _flag(has_mfa),
            *_key_cells(_from_json(keys or ())),
            *_certificate_cells((status, datetime.fromisoformat(at)) for status, at in certificates or ()),
        ]


def _password_cells(used_at: datetime | None, changed_at: datetime | None, max_age: int | None) -> list[str]:
    if changed_at is None:
        return ["false", "N/A", "N/A", "N/A"]
    rotation = changed_at + timedelta(days=max_age) if max_age else None
    return ["true", _time(used_at, "no_information"), _time(changed_at), _time(rotation)]


def _from_json(keys: Sequence[Sequence[str]]) -> Iterator[KeyCells]:
    for status, created_at, used_at, region, service in keys:
        used = datetime.fromisoformat(used_at) if used_at else None
        yield status, datetime.fromisoformat(created_at), used, region, service


def _key_cells(keys: Iterable[KeyCells]) -> list[str]:
    cells: list[str] = []
    for status, created_at, used_at, region, service in keys:
        cells += [
            _flag(status == AccessKey.Status.ACTIVE),
            _time(created_at),
            _time(used_at),
            region or "N/A",
            service or "N/A",
        ]
    # A key that is not there.
    while len(cells) < 2 * len(_KEY):
        cells += ["false", "N/A", "N/A", "N/A", "N/A"]
    return cells


def _certificate_cells(certificates: Iterable[tuple[str, datetime]]) -> list[str]:
    cells: list[str] = []
    for status, uploaded_at in certificates:
        cells += [_flag(status == CredentialStatus.ACTIVE), _time(uploaded_at)]
    # A certificate that is not there.
    while len(cells) < 2 * len(_CERTIFICATE):
        cells += ["false", "N/A"]
    return cells


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _time(moment: datetime | None, absent: str = "N/A") -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else absent
