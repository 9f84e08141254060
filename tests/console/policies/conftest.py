import pytest

from iam.models import ManagedPolicy, Role
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import allow, make_group, make_policy, make_user, policy_document


@pytest.fixture
def policy(account, root):
    """The policy Reports, attached to nobody."""
    return make_policy(account, "Reports", allow("s3:GetObject", resource="arn:aws:s3:::reports/*"))


@pytest.fixture
def people(account, root):
    """The users alice and bob, the group Developers and the role Deploy."""
    alice = make_user(account, "alice")
    make_user(account, "bob")
    make_group(account, "Developers", members=[alice])
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    perform(root, "CreateRole", RoleName="Deploy", AssumeRolePolicyDocument=policy_document(trust))
    return Role.objects.get(account=account, name="Deploy")


@pytest.fixture
def attached(policy, people, root):
    """Reports, attached to alice, Developers and Deploy, and the boundary of bob."""
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=policy.arn)
    perform(root, "AttachRolePolicy", RoleName="Deploy", PolicyArn=policy.arn)
    perform(root, "PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=policy.arn)
    return policy


@pytest.fixture
def aws_policy(db):
    """A policy of AWS's."""
    load_catalog()
    return ManagedPolicy.objects.get(account=None, name="ReadOnlyAccess")
