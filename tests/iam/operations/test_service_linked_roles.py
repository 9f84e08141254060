"""Service-linked roles: made as their service defines them, protected, and deleted by a task."""

import json
from urllib.parse import unquote

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, ManagedPolicy, QuotaShard, Role
from iam.operations import perform, quotas
from iam.queries import roles
from tests.factories import (
    allow,
    make_account,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db

NAME = "AWSServiceRoleForAutoScaling"
SERVICE = "autoscaling.amazonaws.com"


@pytest.fixture
def account():
    """An account that sees the policies of two services; the whole catalogue takes seconds to load."""
    now = timezone.now()
    for name in ("AutoScalingServiceRolePolicy", "AmazonEKSServiceRolePolicy"):
        path = "/aws-service-role/"
        arn = f"arn:aws:iam::aws:policy{path}{name}"
        ManagedPolicy.objects.create(arn=arn, name=name, path=path, created_at=now, updated_at=now)
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def test_role_is_what_the_service_defines(account, root):
    role = perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE, Description="d")["Role"]

    assert role["Arn"] == f"arn:aws:iam::{account.pk}:role/aws-service-role/{SERVICE}/{NAME}"
    trusted = json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]["Principal"]
    assert trusted == {"Service": SERVICE}
    attached = perform(root, "ListAttachedRolePolicies", RoleName=NAME)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AutoScalingServiceRolePolicy"]
    record = roles.find_role(account.pk, NAME)
    assert record.trusted_summary == "AWS Service: autoscaling (Service-Linked Role)"
    assert (record.service, record.description) == (SERVICE, "d")


def test_suffix_makes_another_role(root):
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE, CustomSuffix="web")

    error = refusal_of(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE, CustomSuffix="WEB")

    assert error.code == "InvalidInput"
    assert error.message == (
        f"Service role name {NAME}_WEB has been taken in this account, please try a different suffix."
    )
    assert quotas.usage(root.account_id)["Roles"] == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"AWSServiceName": "nothing.amazonaws.com"}, "Service role template was not found for nothing.amazonaws.com."),
        (
            {"AWSServiceName": "eks.amazonaws.com", "CustomSuffix": "x"},
            "Custom suffix is not allowed for eks.amazonaws.com",
        ),
        (
            {"AWSServiceName": SERVICE, "CustomSuffix": "x" * 64},
            f"The role's name {NAME}_{'x' * 64} would have more than 64 characters.",
        ),
    ],
)
def test_what_no_service_defines_is_refused(root, parameters, message):
    error = refusal_of(root, "CreateServiceLinkedRole", **parameters)

    assert (error.code, error.message) == ("InvalidInput", message)
    assert not Role.objects.exists()


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DeleteRole", {}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": trust_document({"AWS": "*"})}),
        ("UpdateRole", {"MaxSessionDuration": 7200}),
        ("AttachRolePolicy", {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("DetachRolePolicy", {"PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"}),
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": policy_document(allow("s3:*"))}),
        ("DeleteRolePolicy", {"PolicyName": "p"}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("DeleteRolePermissionsBoundary", {}),
        ("AddRoleToInstanceProfile", {"InstanceProfileName": "p"}),
    ],
)
def test_role_of_a_service_is_protected(root, operation, parameters):
    perform(root, "CreateInstanceProfile", InstanceProfileName="p")
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)

    error = refusal_of(root, operation, RoleName=NAME, **parameters)

    assert error.code == "UnmodifiableEntity"
    assert error.message == (
        f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"
    )


def test_description_and_tags_of_a_services_role_may_change(root):
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)

    perform(root, "UpdateRole", RoleName=NAME, Description="a")
    perform(root, "UpdateRoleDescription", RoleName=NAME, Description="b")
    perform(root, "TagRole", RoleName=NAME, Tags=[{"Key": "k", "Value": "v"}])

    role = perform(root, "GetRole", RoleName=NAME)["Role"]
    assert (role["Description"], role["Tags"]) == ("b", [{"Key": "k", "Value": "v"}])


def test_policy_of_a_service_is_for_its_own_role(account, root):
    make_role(account, "Mine")
    arn = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"

    error = refusal_of(root, "AttachRolePolicy", RoleName="Mine", PolicyArn=arn)

    assert (error.code, error.message) == (
        "PolicyNotAttachable",
        "Cannot attach a Service Role Policy to a Customer Role.",
    )


def test_deletion_is_as_far_as_its_change(root):
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)

    task = perform(root, "DeleteServiceLinkedRole", RoleName=NAME)["DeletionTaskId"]

    assert task.startswith(f"task/aws-service-role/{SERVICE}/{NAME}/")
    assert not Role.objects.exists()
    assert quotas.usage(root.account_id)["Roles"] == 0
    statuses = []
    for state in Change.State.values:
        error = "in use" if state == "failed" else ""
        Change.objects.filter(operation="DeleteServiceLinkedRole").update(state=state, error_code=error)
        statuses.append(perform(root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"])
    assert statuses == ["NOT_STARTED", "IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED", "FAILED", "FAILED"]


def test_deletion_that_the_backend_refused_says_why(root):
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)
    task = perform(root, "DeleteServiceLinkedRole", RoleName=NAME)["DeletionTaskId"]
    Change.objects.filter(operation="DeleteServiceLinkedRole").update(
        state="failed", error_code="DeleteConflict", error_message="An Auto Scaling group uses it."
    )

    answer = perform(root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)

    assert answer == {"Status": "FAILED", "Reason": {"Reason": "An Auto Scaling group uses it."}}


def test_tasks_of_others_and_other_texts_are_no_tasks(root):
    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)
    task = perform(root, "DeleteServiceLinkedRole", RoleName=NAME)["DeletionTaskId"]
    stranger = root_of(make_account())

    assert refusal_of(stranger, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task).code == "NoSuchEntity"
    for text in ("nonsense", task + "x", "task/aws-service-role/x/../y"):
        error = refusal_of(root, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=text)
        assert error.code == "InvalidInput"


def test_roles_of_people_are_not_deleted_by_a_task(account, root):
    make_role(account, "Mine")

    assert refusal_of(root, "DeleteServiceLinkedRole", RoleName="Mine").code == "NoSuchEntity"


def test_service_linked_role_comes_even_where_no_place_is_left(account, root):
    QuotaShard.objects.filter(account=account, resource="Roles").update(used=125)

    perform(root, "CreateServiceLinkedRole", AWSServiceName=SERVICE)

    trust = trust_document({"AWS": "*"})
    assert refusal_of(root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust).code == "LimitExceeded"
    perform(root, "DeleteServiceLinkedRole", RoleName=NAME)
    assert quotas.usage(account.pk)["Roles"] == 1000
    assert refusal_of(root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust).code == "LimitExceeded"


def test_service_name_decides_who_may_create(account):
    condition = {"StringLike": {"iam:AWSServiceName": "eks*.amazonaws.com"}}
    user = make_user(account, statements=[allow("iam:CreateServiceLinkedRole", Condition=condition)])

    perform(principal_of(user), "CreateServiceLinkedRole", AWSServiceName="eks.amazonaws.com")
    error = refusal_of(principal_of(user), "CreateServiceLinkedRole", AWSServiceName=SERVICE)

    assert error.code == "AccessDenied"
