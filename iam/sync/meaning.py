"""What a part of a document means, as a value that equals another exactly where IAM makes no difference between them.

AWS gives dates to the second and leaves out what is empty; policies may be written in many ways (IAM User Guide,
"Grammar of the IAM JSON policy language"). None of that is a difference.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

# Compared by their text, which tells `true` from 1 and does not care about the order of members.
Meaning = str

_ACCOUNT_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root", re.ASCII)
_ANYBODY = {"AWS": ["*"]}
# What a password policy has that does not say (IAM API Reference, "PasswordPolicy").
_PASSWORD_RULES: dict[str, Any] = {
    "MinimumPasswordLength": 6,
    "RequireSymbols": False,
    "RequireNumbers": False,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": False,
    "AllowUsersToChangePassword": False,
    "MaxPasswordAge": 0,
    "PasswordReusePrevention": 0,
    "HardExpiry": False,
}


def meaning_of(member: str, value: Any, *, ignores_case_of_tags: bool = False) -> Meaning:
    """Return what a member's value means; users and roles ignore the case of their tags' keys."""
    if member == "Tags" and ignores_case_of_tags and isinstance(value, list):
        value = [{**tag, "Key": str(tag.get("Key")).lower()} if isinstance(tag, Mapping) else tag for tag in value]
    return _text(_read(member, value))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _read(member: str, value: Any) -> Any:
    """Return a value in its plainest form; what is empty becomes None."""
    if value is None or value in ("", [], {}):
        return None
    special = _SPECIAL.get(member)
    return special(value) if special else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        members = {name: _read(name, part) for name, part in value.items()}
        return {name: part for name, part in members.items() if part is not None}
    if isinstance(value, list):
        return _set_of(_plain(item) for item in value)
    return value


def _set_of(items: Any) -> list[Any]:
    """Return items in an order of their own, each once: nothing that IAM lists has an order that counts."""
    by_text = {_text(item): item for item in items}
    return [by_text[text] for text in sorted(by_text)]


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0).isoformat()
    return value


def _arns(value: Any) -> Any:
    if not isinstance(value, list):
        return _plain(value)
    return _set_of(item.get("PolicyArn") if isinstance(item, Mapping) else item for item in value)


def _boundary(value: Any) -> Any:
    return value.get("PermissionsBoundaryArn") if isinstance(value, Mapping) else value


def _names(value: Any) -> Any:
    if not isinstance(value, list):
        return _plain(value)
    return _set_of(item.lower() if isinstance(item, str) else item for item in value)


def _lines(value: Any) -> Any:
    return "\n".join(value.split()) if isinstance(value, str) else value


def _stripped(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _password_policy(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # Whether passwords expire is said by their age.
    given = {name: part for name, part in value.items() if part is not None and name != "ExpirePasswords"}
    return _PASSWORD_RULES | given


def _policy(value: Any) -> Any:
    """Return what a policy says, given as JSON or as its text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    if not isinstance(value, Mapping):
        return value
    read = dict(value)
    if "Statement" in read:
        read["Statement"] = _set_of(map(_statement, _listed(read["Statement"])))
    return read


def _statement(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    return {name: _ELEMENTS.get(name, _same)(value) for name, value in statement.items()}


def _same(value: Any) -> Any:
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _values(value: Any) -> Any:
    return _set_of(_listed(value))


def _actions(value: Any) -> Any:
    # IAM User Guide, "IAM JSON policy elements: Action": prefix and name are not case-sensitive.
    return _set_of(item.lower() if isinstance(item, str) else item for item in _listed(value))


def _principal(value: Any) -> Any:
    if value == "*":
        return _ANYBODY
    if not isinstance(value, Mapping):
        return value
    return {kind: _set_of(map(_principal_value, _listed(names))) for kind, names in value.items()}


def _principal_value(value: Any) -> Any:
    root = _ACCOUNT_ROOT.fullmatch(value) if isinstance(value, str) else None
    return root[1] if root else value


def _condition(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {operator: _condition_keys(keys) for operator, keys in value.items()}


def _condition_keys(keys: Any) -> Any:
    if not isinstance(keys, Mapping):
        return keys
    return {key: _set_of(map(_condition_value, _listed(values))) for key, values in keys.items()}


def _condition_value(value: Any) -> Any:
    """IAM compares texts: `true` and 5 are as good as "true" and "5"."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


_ELEMENTS: dict[str, Callable[[Any], Any]] = {
    "Action": _actions,
    "NotAction": _actions,
    "Resource": _values,
    "NotResource": _values,
    "Principal": _principal,
    "NotPrincipal": _principal,
    "Condition": _condition,
}

_SPECIAL: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        (
            "CreateDate",
            "EnableDate",
            "Expiration",
            "ExpirationDate",
            "ExpirationTime",
            "Timestamp",
            "UpdateDate",
            "UpdatedTime",
            "UploadDate",
            "ValidUntil",
        ),
        _moment,
    ),
    **dict.fromkeys(("AssumeRolePolicyDocument", "Document", "PermissionPolicy", "PolicyDocument"), _policy),
    **dict.fromkeys(("CertificateBody", "CertificateChain", "SSHPublicKeyBody"), _lines),
    "AttachedManagedPolicies": _arns,
    "GroupList": _names,
    "PasswordPolicy": _password_policy,
    "PermissionsBoundary": _boundary,
    "SAMLMetadataDocument": _stripped,
    "ThumbprintList": _names,
}
