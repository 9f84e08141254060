"""What operations ask to be allowed is what the service authorization reference says of their actions."""

import re
from typing import Any

import pytest
from botocore.model import Shape

from iam.operations import perform
from iam.operations.registry import OPERATIONS, Access, Call
from iam.operations.shapes import operation_model
from iam.policy import catalog
from iam.policy.match import arn_fields
from tests.factories import make_account, make_group, make_policy, make_role, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db
TEMPLATE = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1"
# Which no action of the reference stands for.
UNKNOWN = {name for name, each in OPERATIONS.items() if each.service == "iam" and not catalog.find_action(each.action)}
# Condition keys by the parameter that gives them.
GIVEN = {
    "PolicyArn": "iam:PolicyARN",
    "PermissionsBoundary": "iam:PermissionsBoundary",
    "Tags": "aws:TagKeys",
    "TagKeys": "aws:TagKeys",
    "AWSServiceName": "iam:AWSServiceName",
    "OrganizationsPolicyId": "iam:OrganizationsPolicyId",
    "ServiceName": "iam:ServiceSpecificCredentialServiceName",
    "CredentialAgeDays": "iam:ServiceSpecificCredentialAgeDays",
    "NotificationChannel": "iam:NotificationChannel",
    "SessionDuration": "iam:DelegationDuration",
    "OwnerId": "iam:DelegationRequestOwner",
    "Properties": "iam:AccountPropertyNamespaces",
}


def value_of(shape: Shape, name: str, known: dict[str, Any]) -> Any:
    if name in known:
        return known[name]
    if shape.type_name == "structure":
        return {member: value_of(each, member, known) for member, each in shape.members.items()}
    if shape.type_name == "list":
        return [value_of(shape.member, name, known)]
    if shape.type_name == "map":
        return {"RoleManager/Enabled": "true"} if name == "Properties" else {}
    plain = {"integer": 3600, "boolean": True, "blob": b"x", "timestamp": None}
    return plain.get(shape.type_name, (shape.metadata.get("enum") or ["alice"])[0])


@pytest.fixture
def known() -> dict[str, Any]:
    account = make_account()
    alice = make_user(account)
    make_group(account, "alice")
    role = make_role(account, "alice")
    policy = make_policy(account)
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]
    return {
        "principal": principal_of(alice),
        "PolicyArn": policy.arn,
        "PermissionsBoundary": policy.arn,
        "PolicySourceArn": alice.arn,
        "Arn": alice.arn,
        "AccessKeyId": key["AccessKeyId"],
        "SerialNumber": f"arn:aws:iam::{account.pk}:mfa/alice",
        "OpenIDConnectProviderArn": f"arn:aws:iam::{account.pk}:oidc-provider/example.com",
        "SAMLProviderArn": f"arn:aws:iam::{account.pk}:saml-provider/alice",
        "EntityArn": f"arn:aws:iam::{account.pk}:delegation-request/dr-0123456789abcdef",
        "EntityPath": "o-a1b2c3d4e5/r-f6g7h8i9j0",
        "DelegationRequestId": "dr-0123456789abcdef",
        "TemplateArn": TEMPLATE,
        "TemplateMinorVersion": 0,
        "DeletionTaskId": f"task/aws-service-role/ec2.amazonaws.com/{role.name}/{'0' * 8}-0000-0000-0000-{'0' * 12}",
        "AWSServiceName": "autoscaling.amazonaws.com",
        "Path": "/",
        "Url": "https://example.com",
    }


def access_of(name: str, known: dict[str, Any]) -> tuple[Access, dict[str, Any]]:
    shape = operation_model("iam", name).input_shape
    parameters = {member: value_of(each, member, known) for member, each in shape.members.items()} if shape else {}
    return OPERATIONS[name].access(Call(known["principal"], name), parameters), parameters


@pytest.mark.parametrize("name", sorted(each.name for each in OPERATIONS.values() if each.service == "iam"))
def test_access_follows_the_reference(name, known):
    if name in UNKNOWN:
        pytest.skip("The reference does not know the action.")
    action = catalog.find_action(OPERATIONS[name].action)
    assert action
    access, parameters = access_of(name, known)

    types = {resource.name for resource in action.resource_types}
    kind = re.split("[/:]", arn_fields(access.resource)[-1])[0] if access.resource != "*" else "*"
    assert kind in (types or {"*"}), access.resource
    keys = {key.lower() for key in action.all_condition_keys}
    given = [key for parameter, key in GIVEN.items() if parameters.get(parameter) and key.lower() in keys]
    missing = [key for key in given if key not in access.context]
    assert missing == []
