"""Who may decide about drift in the mirror of an AWS account."""

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, Drift
from iam.operations import perform, session_tokens
from iam.operations.resolving_drift import put_back, take_theirs
from tests.factories import (
    SOURCE,
    allow,
    connection_session,
    make_account,
    make_connection,
    make_user,
    policy_document,
    principal_of,
)

pytestmark = pytest.mark.django_db
TAGS = [{"Key": "team", "Value": "blue"}]
BOB = {("user", "bob"): ()}


@pytest.fixture
def connection():
    return make_connection(make_account(), "210987654321", role_arn="arn:aws:iam::210987654321:role/console/Operator")


@pytest.fixture
def alice(connection):
    return principal_of(make_user(connection.owner, "alice", statements=[allow("sts:AssumeRole")]))


@pytest.fixture
def drift(connection, alice):
    """Bob's tags, which are gone in AWS."""
    perform(connection_session(connection, alice), "CreateUser", UserName="bob", Tags=TAGS)
    Change.objects.filter(account=connection.account).update(state=Change.State.VERIFIED)
    return Drift.objects.create(
        account=connection.account,
        kind="user",
        name="bob",
        member="Tags",
        known=TAGS,
        ours=TAGS,
        theirs=[],
        found_at=timezone.now(),
    )


def test_who_is_in_a_mirror_may_put_back_what_aws_lets_them(connection, alice, drift):
    assert put_back(connection_session(connection, alice), BOB) is not None
    assert Change.objects.get(account=connection.account, state=Change.State.PENDING).operation == "TagUser"


@pytest.mark.parametrize("decide", [put_back, take_theirs])
def test_who_is_in_a_mirror_only_to_read_decides_nothing(connection, alice, drift, decide):
    document = policy_document({"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"})
    entered = perform(alice, "AssumeRole", RoleArn=connection.entry_role_arn, RoleSessionName="any", Policy=document)
    reader = session_tokens.read(entered["Credentials"]["SessionToken"], SOURCE).principal

    with pytest.raises(IamError) as refused:
        decide(reader, BOB)

    assert refused.value.code == "AccessDenied"
    assert not Change.objects.filter(account=connection.account, state=Change.State.PENDING).exists()
