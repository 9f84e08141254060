"""Users, groups and roles, and instance profiles, which hold a role."""

import re
from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Lower

from iam.models import (
    Group,
    GroupInlinePolicy,
    GroupPolicyAttachment,
    InstanceProfile,
    InstanceProfileTag,
    Membership,
    Role,
    RoleInlinePolicy,
    RolePolicyAttachment,
    RoleTag,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
    UserTag,
)
from iam.operations.mirroring import credentials, devices, values
from iam.operations.mirroring.attached_policies import look_up_policies, set_boundary
from iam.operations.mirroring.belongings import Belongings, attachments, inline_policies, tags
from iam.operations.mirroring.families import Column, Family
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing
from iam.policy.parser import PolicySyntaxError
from iam.policy.trusted import trusted_entities
from iam.queries import trust

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
_PATH = Column("Path", "path", values.path)
_CREATED = Column("CreateDate", "created_at", values.moment)


def _look_up_of_users(writing: Writing, subjects: Sequence[Subject]) -> None:
    look_up_policies(writing, subjects)
    names = {name.lower() for subject in subjects for name in _names(subject.document.get("GroupList"))}
    rows = Group.objects.alias(lower_name=Lower("name")).filter(account=writing.account_id, lower_name__in=names)
    writing.groups = {name.lower(): pk for pk, name in rows.values_list("pk", "name")} if names else {}


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _membership(writing: Writing, subject: Subject, item: Any) -> Membership:
    if not isinstance(item, str) or item.lower() not in writing.groups:
        raise UnfitError("is a group that there is not here")
    return Membership(group_id=writing.groups[item.lower()])


USERS = Family(
    "user",
    User,
    "UserName",
    _NAME,
    (_PATH, _CREATED, Column("PasswordLastUsed", "password_last_used_at", values.moment_or_none, lambda: None)),
    (
        Belongings("GroupList", Membership, "user", _membership, identity=lambda row: row.group_id),
        inline_policies("UserPolicyList", UserInlinePolicy, "user"),
        attachments(UserPolicyAttachment, "user"),
        tags(UserTag, "user", ignores_case=True),
        credentials.LOGIN_PROFILES,
        credentials.ACCESS_KEYS,
        devices.MFA_DEVICES,
        credentials.SIGNING_CERTIFICATES,
        credentials.SSH_PUBLIC_KEYS,
        credentials.SERVICE_CREDENTIALS,
    ),
    identified="UserId",
    look_up=_look_up_of_users,
    derive=set_boundary,
)

GROUPS = Family(
    "group",
    Group,
    "GroupName",
    _NAME,
    (_PATH, _CREATED),
    (
        inline_policies("GroupPolicyList", GroupInlinePolicy, "group"),
        attachments(GroupPolicyAttachment, "group"),
    ),
    identified="GroupId",
    look_up=look_up_policies,
)


def _template(value: Any) -> tuple[str, int | None]:
    if not value:
        return "", None
    template = values.members(value)
    minor = template.get("TemplateMinorVersion")
    return values.text(template.get("TemplateArn"), 2048), None if minor is None else values.number(minor, 0, 32767)


def _role_last_used(subject: Subject) -> dict[str, Any]:
    used = values.members(subject.document["RoleLastUsed"] or {})
    return {
        "last_used_at": values.moment_or_none(used.get("LastUsedDate")),
        "last_used_region": values.text_or_empty(used.get("Region"), 32),
    }


def _look_up_of_roles(writing: Writing, subjects: Sequence[Subject]) -> None:
    look_up_policies(writing, subjects)
    given = [subject for subject in subjects if "assume_role_policy_document" in subject.values]
    texts = [str(subject.values["assume_role_policy_document"]) for subject in given]
    for subject, shown in zip(given, trust.shown_each(texts), strict=True):
        subject.values["trusted_entities"] = _trusted(shown)


def _trusted(document: str) -> str:
    try:
        return "\n".join(trusted_entities(document))
    except (PolicySyntaxError, RecursionError):
        # What AWS took shows as JSON, and nobody is searched by it.
        return ""


def _of_role(writing: Writing, subject: Subject) -> None:
    set_boundary(writing, subject)
    document = subject.values.get("assume_role_policy_document")
    if document is not None and values.same_policy(subject.row.assume_role_policy_document, document):
        subject.values["assume_role_policy_document"] = subject.row.assume_role_policy_document
    for member, read in (("SourceRoleTemplate", _of_template), ("RoleLastUsed", _role_last_used)):
        if member in subject.document:
            try:
                subject.values |= read(subject)
            except UnfitError as error:
                writing.note(subject, member, str(error))


def _of_template(subject: Subject) -> dict[str, Any]:
    arn, minor = _template(subject.document["SourceRoleTemplate"])
    return {"template_arn": arn, "template_minor_version": minor}


ROLES = Family(
    "role",
    Role,
    "RoleName",
    _NAME,
    (
        _PATH,
        _CREATED,
        Column("AssumeRolePolicyDocument", "assume_role_policy_document", values.policy_text),
        Column("Description", "description", lambda value: values.text_or_empty(value, 1000), str),
        Column(
            "MaxSessionDuration", "max_session_duration", lambda value: values.number(value, 3600, 43200), lambda: 3600
        ),
    ),
    (
        inline_policies("RolePolicyList", RoleInlinePolicy, "role"),
        attachments(RolePolicyAttachment, "role"),
        tags(RoleTag, "role", ignores_case=True),
    ),
    identified="RoleId",
    look_up=_look_up_of_roles,
    derive=_of_role,
)


def _look_up_of_profiles(writing: Writing, subjects: Sequence[Subject]) -> None:
    names = {name.lower() for subject in subjects for name in _names(subject.document.get("Roles"))}
    rows = Role.objects.alias(lower_name=Lower("name")).filter(account=writing.account_id, lower_name__in=names)
    writing.roles = {name.lower(): pk for pk, name in rows.values_list("pk", "name")} if names else {}


def _of_profile(writing: Writing, subject: Subject) -> None:
    if "Roles" not in subject.document:
        return
    names = _names(subject.document["Roles"])
    subject.values["role_id"] = writing.roles.get(names[0].lower()) if names else None
    if names and subject.values["role_id"] is None:
        writing.note(subject, "Roles", f"{names[0][:200]} is a role that there is not here")
    if len(names) > 1:
        writing.note(subject, "Roles", f"holds {len(names)} roles, of which one is taken over")


INSTANCE_PROFILES = Family(
    "instance-profile",
    InstanceProfile,
    "InstanceProfileName",
    _NAME,
    (_PATH, _CREATED),
    (tags(InstanceProfileTag, "instance_profile"),),
    identified="InstanceProfileId",
    look_up=_look_up_of_profiles,
    derive=_of_profile,
)
