import json

import pytest

from iam.operations import perform
from tests.factories import make_user, root_of

EC2_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def trust_of(*principals, **more):
    """Return a trust policy that lets AWS principals assume the role."""
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def make_role(account):
    """Create a role in the account, for EC2 unless told otherwise."""

    def make(name="Deploy", trust=EC2_TRUST, **parameters):
        return perform(root_of(account), "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust, **parameters)[
            "Role"
        ]

    return make


@pytest.fixture
def alice(account):
    """The user whom roles of these tests trust."""
    return make_user(account, "alice")
