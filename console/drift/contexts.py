"""What the drift pages show of an entity: member by member, on three sides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from console.components.navigation import find_url
from console.drift.words import kind_label, member_label
from console.policies.diff import Comparison, compare
from iam.queries.drifts import DriftingEntity, DriftRecord

_MOST_ROWS = 200
# Of lists: what tells one item from the others, and what else is shown of it.
_IDENTIFIERS = (
    "Key",
    "PolicyName",
    "AccessKeyId",
    "SerialNumber",
    "CertificateId",
    "SSHPublicKeyId",
    "KeyId",
    "ServiceSpecificCredentialId",
    "VersionId",
    "DelegationRequestId",
)
_SHOWN = ("Value", "PolicyArn", "Status", "Type")
_DOCUMENTS = ("PolicyDocument", "Document")
_PAGES = {"user": "users:details", "group": "groups:details", "role": "roles:details"}


@dataclass(frozen=True, slots=True)
class Row:
    """A value by its name, on the three sides; empty where a side does not have it."""

    label: str
    known: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """A policy that one side has otherwise."""

    label: str
    comparison: Comparison


class MemberView:
    """One member that is different."""

    def __init__(self, record: DriftRecord) -> None:
        self.record = record

    @property
    def label(self) -> str:
        return member_label(self.record.member) if self.record.member else kind_label(self.record.kind)

    @property
    def policies(self) -> list[PolicyDifference]:
        """The policies that are different, as lines that go and come from here to the backend."""
        if self.record.member == "AssumeRolePolicyDocument":
            return [PolicyDifference("Trust policy", compare(_text(self.record.ours), _text(self.record.theirs)))]
        ours, theirs = _documents(self.record.ours), _documents(self.record.theirs)
        return [
            PolicyDifference(name, compare(ours.get(name, ""), theirs.get(name, "")))
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        ][:_MOST_ROWS]

    @property
    def rows(self) -> list[Row]:
        """The values that are different, by name."""
        record = self.record
        if record.member == "AssumeRolePolicyDocument":
            return []
        known, ours, theirs = (_entries(value) for value in (record.known, record.ours, record.theirs))
        labels = dict.fromkeys([*ours, *theirs])
        rows = [Row(label, known.get(label, ""), ours.get(label, ""), theirs.get(label, "")) for label in labels]
        return [row for row in rows if row.ours != row.theirs][:_MOST_ROWS]


class EntityView:
    """An entity in which something is different."""

    def __init__(self, entity: DriftingEntity, backend: str) -> None:
        self.entity = entity
        self.backend = backend

    @property
    def id(self) -> str:
        """What a form calls the entity."""
        return f"{self.entity.kind}/{self.entity.name}"

    @property
    def kind(self) -> str:
        return kind_label(self.entity.kind)

    @property
    def name(self) -> str:
        return self.entity.spelling

    @cached_property
    def members(self) -> list[MemberView]:
        return [MemberView(record) for record in self.entity.members]

    @property
    def whole(self) -> DriftRecord | None:
        """What says that one side does not have the entity at all."""
        first = self.entity.members[0]
        return None if first.member else first

    @property
    def what(self) -> str:
        """What is different, in few words."""
        if self.whole:
            return f"Only in {self.backend}" if self.whole.ours is None else f"Not in {self.backend}"
        return ", ".join(member.label for member in self.members)

    @property
    def who(self) -> Mapping[str, str] | None:
        """Whoever the backend's events name."""
        return next((each.who for each in self.entity.members if each.who), None)

    @property
    def is_taking(self) -> bool:
        """Whether a worker is about to make the tables like the backend."""
        return any(each.is_taking for each in self.entity.members)

    @property
    def is_ignored(self) -> bool:
        """Whether all of it is ignored."""
        return all(each.is_ignored for each in self.entity.members)

    @property
    def errors(self) -> list[str]:
        """Why the tables could not follow."""
        return sorted({each.error_message for each in self.entity.members if each.error_message})

    @property
    def url(self) -> str:
        return reverse("drift:details", args=[self.entity.kind, self.entity.name])

    @property
    def page_url(self) -> str | None:
        """The page of the entity here."""
        first = self.entity.members[0]
        if not first.member and first.ours is None:
            return None
        name = _PAGES.get(self.entity.kind)
        return find_url(name, self.name) if name else None

    def action(self, name: str, member: str = "") -> str:
        """Return the address of a dialog about the entity, or about one of its members."""
        asked = {"entity": self.id, "back": "details", **({"member": member} if member else {})}
        return f"{reverse(f'drift:{name}')}?{urlencode(asked)}"

    @property
    def take_url(self) -> str:
        return self.action("take")

    @property
    def put_back_url(self) -> str:
        return self.action("put-back")

    @property
    def ignore_url(self) -> str:
        return self.action("notice" if self.is_ignored else "ignore")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=4)


def _documents(value: Any) -> dict[str, str]:
    """Return the policies in a member by their names, or in a whole entity by member and name."""
    if isinstance(value, Mapping) and "Arn" in value:
        inner = {
            f"{member_label(name)}: {policy}": text
            for name, part in value.items()
            for policy, text in _documents(part).items()
        }
        trust = value.get("AssumeRolePolicyDocument")
        return {**inner, **({"Trust policy": _text(trust)} if trust else {})}
    if not isinstance(value, list):
        return {}
    return {
        str(item.get("PolicyName") or item.get("VersionId")): _text(item[name])
        for item in value
        if isinstance(item, Mapping)
        for name in _DOCUMENTS
        if name in item
    }


def _entries(value: Any) -> dict[str, str]:
    """Return a value as texts by name."""
    if value is None or value in ([], {}):
        return {}
    if isinstance(value, list):
        return dict(_item(item) for item in value)
    if isinstance(value, Mapping):
        return {member_label(name): _shown(part) for name, part in value.items() if name not in _DOCUMENTS}
    return {"": str(value)}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(" ".join(filter(None, _item(item))) for item in value)
    return "" if value is None else str(value)


def _item(item: Any) -> tuple[str, str]:
    if not isinstance(item, Mapping):
        return str(item), "Yes"
    label = next((str(item[name]) for name in _IDENTIFIERS if name in item), "")
    shown = [str(item[name]) for name in _SHOWN if item.get(name)]
    if item.get("IsDefaultVersion"):
        shown.append("Default")
    return label, ", ".join(shown) or "Yes"
