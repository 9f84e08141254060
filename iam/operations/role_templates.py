"""Roles made from AWS's role templates (IAM User Guide, "Overview of role templates")."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from iam.authorization import ContextValue
from iam.catalog.role_templates import DEFAULT_MINOR_VERSIONS, ROLE_TEMPLATES, RoleTemplate
from iam.errors import IamError
from iam.models import Role, RolePolicyAttachment, identifiers
from iam.operations import quotas
from iam.operations.documents import quoted
from iam.operations.entities import find, get_policy, insert
from iam.operations.kinds import ROLE
from iam.operations.registry import Access, Call, Need, operation
from iam.operations.roles import role_shape, template_shape
from iam.operations.trust import set_trust_policy
from iam.queries import trust

_PLACEHOLDER = re.compile(r"@\{([^{}]*)\}")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def _template(arn: str, minor_version: int | None) -> RoleTemplate:
    """Return a version of a template, the default one unless told. Raises IamError NoSuchEntity."""
    minor = DEFAULT_MINOR_VERSIONS.get(arn) if minor_version is None else minor_version
    template = ROLE_TEMPLATES.get((arn, minor if minor is not None else -1))
    if template is None:
        version = "" if minor_version is None else f" with minor version {minor_version}"
        raise IamError("NoSuchEntity", f"Role template {arn}{version} cannot be found.", parameter="TemplateArn")
    return template


def _values(template: RoleTemplate, given: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """Return a value for each parameter of a template. Raises IamError InvalidInput."""
    known = {parameter.name for parameter in template.parameters}
    for name, entry in given.items():
        if name not in known:
            raise _invalid(f"The role template has no parameter {name}.")
        if len(entry["Values"]) != 1:
            raise _invalid(f"The parameter {name} must have one value.")
    values = {}
    for parameter in template.parameters:
        value = given[parameter.name]["Values"][0] if parameter.name in given else parameter.default
        if value is None:
            raise _invalid(f"The parameter {parameter.name} is required.")
        values[parameter.name] = value
    if not _NAME.fullmatch(values["RoleName"]):
        raise _invalid(f"{values['RoleName']} is no name of a role.")
    return values


def _invalid(message: str) -> IamError:
    return IamError("InvalidInput", message, parameter="ReplacementValues")


def _trust(template: RoleTemplate, values: Mapping[str, str]) -> str:
    service = _PLACEHOLDER.sub(lambda match: values[match[1]], template.trusted)
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _acquiring(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Access rule of AcquireRole, which is no action itself: whoever may read the template and do what it does may."""
    template = _template(parameters["TemplateArn"], parameters.get("TemplateMinorVersion"))
    values = _values(template, parameters.get("ReplacementValues", {}))
    role = find(ROLE, call.account_id, values["RoleName"])
    arn = role.arn if role else identifiers.arn(call.account_id, "role", template.path, values["RoleName"])
    context: dict[str, ContextValue] = {"iam:RoleTemplateARN": template.arn}
    if role:
        needed = [Need("iam:GetRole", arn, context)]
    else:
        attached = [{**context, "iam:PolicyARN": policy_arn} for policy_arn in template.policy_arns]
        needed = [
            Need("iam:CreateRole", arn, context),
            *(Need("iam:AttachRolePolicy", arn, with_policy) for with_policy in attached),
        ]
    return Access(arn, needs=(Need("iam:GetRoleTemplateVersion", template.arn, {}), *needed), is_open=True)


@operation("AcquireRole", access=_acquiring)
def acquire_role(
    call: Call,
    *,
    template_arn: str,
    template_minor_version: int | None = None,
    replacement_values: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> dict[str, Any]:
    """Return the role that a template makes, and make it where there is none.

    Raises IamError NoSuchEntity, InvalidInput, LimitExceeded, MalformedPolicyDocument for a service that there is not,
    NameConflict where a role that did not come from the template has the name, RoleModified where one that did has lost
    what the template gives it.
    """
    template = _template(template_arn, template_minor_version)
    values = _values(template, replacement_values or {})
    document = _trust(template, values)
    role = find(ROLE, call.account_id, values["RoleName"])
    if role is None:
        role = _make(call, template, values["RoleName"], document)
    else:
        _check_unchanged(role, template, document)
    shown = trust.shown(role.assume_role_policy_document)
    return {"Role": role_shape(role, shown) | template_shape(role)}


def _make(call: Call, template: RoleTemplate, name: str, document: str) -> Role:
    role = Role(
        account_id=call.account_id,
        name=name,
        path=template.path,
        max_session_duration=template.max_session_duration,
        template_arn=template.arn,
        template_minor_version=template.minor_version,
        created_at=timezone.now(),
    )
    set_trust_policy(role, document, parameter="ReplacementValues")
    quotas.take(call.account_id, "Roles")
    insert(role, _conflict(name))
    for arn in template.policy_arns:
        RolePolicyAttachment.objects.create(role=role, policy=get_policy(call.account_id, arn))
    call.touch("role", role.name)
    return role


def _conflict(name: str) -> IamError:
    return IamError(
        "NameConflict",
        f"A role with the name {name} exists that was not created from the template.",
        parameter="ReplacementValues",
    )


def _check_unchanged(role: Role, template: RoleTemplate, document: str) -> None:
    if role.template_arn != template.arn:
        raise _conflict(role.name)
    attached = set(role.attachments.values_list("policy__arn", flat=True))
    is_same_trust = json.loads(trust.shown(role.assume_role_policy_document)) == json.loads(document)
    if not is_same_trust or not attached.issuperset(template.policy_arns):
        raise IamError(
            "RoleModified",
            f"The role {role.name} was modified after it was created from the template.",
            parameter="ReplacementValues",
        )


def _reading(_call: Call, parameters: Mapping[str, Any]) -> Access:
    return Access(parameters["TemplateArn"])


@operation("GetRoleTemplateVersion", access=_reading)
def get_role_template_version(call: Call, *, template_arn: str, minor_version: int | None = None) -> dict[str, Any]:
    """Return a version of a template. Raises IamError NoSuchEntity."""
    del call
    template = _template(template_arn, minor_version)
    same = {parameter.name: f"@{{{parameter.name}}}" for parameter in template.parameters}
    return {
        "RoleTemplateVersion": {
            "TemplateArn": template.arn,
            "TemplateName": template.name,
            "TemplateVersionId": template.version_id,
            "Description": template.description,
            "MajorVersion": template.major_version,
            "DefaultMinorVersion": DEFAULT_MINOR_VERSIONS[template.arn],
            "ManagedByType": "Service",
            "ManagedByValue": template.service,
            "Enabled": True,
            "MinorVersion": template.minor_version,
            "RoleNamePattern": "@{RoleName}",
            "RolePathPattern": template.path,
            "AssumeRolePolicyDocumentTemplate": quoted(_trust(template, same)),
            "ManagedPolicyArns": list(template.policy_arns),
            "ParametersDefinition": [
                {
                    "Name": parameter.name,
                    "Type": "String",
                    "Description": parameter.description,
                    "IsRequired": parameter.default is None,
                    "Immutable": True,
                }
                | ({"DefaultValue": parameter.default} if parameter.default is not None else {})
                for parameter in template.parameters
            ],
            "MaxSessionDuration": template.max_session_duration,
            "VersionEnabled": True,
            "CreateTimestamp": template.created_at,
            "UpdateTimestamp": template.created_at,
        }
    }
