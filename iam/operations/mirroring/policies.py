"""Customer managed policies with their versions."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from iam.models import ManagedPolicy, PolicyTag, PolicyVersion, identifiers
from iam.operations.mirroring import values
from iam.operations.mirroring.belongings import Belongings, keep_text, tags
from iam.operations.mirroring.families import Column, Family
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing

_VERSION_ID = re.compile(r"v[1-9]\d{0,8}", re.ASCII)


def _version(_writing: Writing, _subject: Subject, item: Any) -> PolicyVersion:
    return PolicyVersion(
        number=int(values.text(item["VersionId"], 10, _VERSION_ID)[1:]),
        document=values.policy_text(item["Document"]),
        is_default=values.flag(item["IsDefaultVersion"]),
        created_at=values.moment(item["CreateDate"]),
    )


@dataclass(frozen=True, slots=True)
class Versions(Belongings):
    """Versions of policies, of which each has one default, and never two even in between."""

    def update(self, rows: list[Model], columns: set[str]) -> None:
        """Write changed columns, and which version is the default after that is free."""
        versions = PolicyVersion.objects.filter(pk__in=[row.pk for row in rows])
        if "is_default" in columns:
            versions.update(is_default=False)
        self.model._default_manager.bulk_update(rows, sorted(columns))


def _read_versions(value: Any) -> list[Any]:
    """Return the versions that a document lists. Raises UnfitError unless one of them is the default."""
    found = values.items(value)
    defaults = [item for item in found if isinstance(item, dict) and item.get("IsDefaultVersion") is True]
    if len(defaults) != 1:
        raise UnfitError("has not just one default version")
    values.policy_text(defaults[0].get("Document"))
    return found


def _settle(writing: Writing, subject: Subject) -> None:
    """Say what follows from name, path and versions. Raises UnfitError for a policy without a version that counts."""
    name = subject.values["name"]
    path = subject.values.get("path", subject.row.path)
    subject.values["arn"] = identifiers.arn(writing.account_id, "policy", path, name)
    if "PolicyVersionList" not in subject.document:
        return
    try:
        versions = [_version(writing, subject, item) for item in _read_versions(subject.document["PolicyVersionList"])]
    except UnfitError as error:
        raise UnfitError(f"PolicyVersionList {error}") from None
    except (KeyError, TypeError):
        raise UnfitError("PolicyVersionList is not complete") from None
    latest = max(version.number for version in versions)
    subject.values["latest_version"] = latest if subject.is_new else max(latest, subject.row.latest_version)


POLICIES = Family(
    "policy",
    ManagedPolicy,
    "PolicyName",
    re.compile(r"[A-Za-z0-9_+=,.@-]+"),
    (
        Column("Path", "path", values.path),
        Column("CreateDate", "created_at", values.moment),
        Column("UpdateDate", "updated_at", values.moment),
        Column("Description", "description", lambda value: values.text_or_empty(value, 1000), str),
    ),
    (
        Versions(
            "PolicyVersionList",
            PolicyVersion,
            "policy",
            _version,
            identity=lambda row: row.number,
            columns=("document", "is_default", "created_at"),
            settle=keep_text,
        ),
        tags(PolicyTag, "policy"),
    ),
    identified="PolicyId",
    required=("PolicyVersionList",),
    derive=_settle,
)
