"""Editing a change that AWS refused, and sending it again."""

import pytest
from django.test import Client
from django.urls import reverse

from iam.models import Change, Event
from iam.operations import perform
from tests.factories import (
    allow,
    connection_session,
    make_account,
    make_connection,
    make_user,
    policy_document,
    principal_of,
    sign_in,
)

pytestmark = pytest.mark.django_db
DOCUMENT = policy_document(allow("s3:ListAllMyBuckets"))
OTHER = policy_document(allow("s3:GetObject"))


@pytest.fixture
def connection():
    return make_connection(make_account())


@pytest.fixture
def alice(connection):
    return make_user(connection.owner, "alice", statements=[allow("sts:AssumeRole")])


def entered(connection, user):
    """Return a client that has entered the AWS account."""
    client = sign_in(Client(), principal_of(user))
    role = connection.entry_role_arn.partition(":role/")[2]
    client.post("/switchrole", {"account": connection.account_id, "roleName": role, "displayName": "aws"})
    return client


@pytest.fixture
def refused(connection, alice):
    """A change of alice's that AWS refused."""
    session = connection_session(connection, principal_of(alice))
    perform(session, "CreateUser", UserName="bob")
    perform(session, "PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=DOCUMENT)
    change = Change.objects.get(operation="PutUserPolicy", account=connection.account)
    Change.objects.filter(pk=change.pk).update(
        state="failed",
        error_code="MalformedPolicyDocument",
        error_message="Syntax errors in policy.",
        is_put_right=True,
    )
    return Change.objects.get(pk=change.pk)


def address(change):
    return reverse("changes:edit", args=[change.change_set_id, change.pk])


def test_refused_change_is_corrected_and_sent_again(connection, alice, refused):
    client = entered(connection, alice)
    page = client.get(reverse("changes:details", args=[refused.change_set_id])).content.decode()
    assert address(refused) in page
    assert "s3:ListAllMyBuckets" in client.get(address(refused)).content.decode()

    client.post(address(refused), {"policy_document": OTHER, "policy_name": "own"})

    change = Change.objects.get(pk=refused.pk)
    assert (change.state, change.error_code) == ("pending", "")
    assert change.parameters == {"UserName": "bob", "PolicyName": "own", "PolicyDocument": OTHER}
    assert Event.objects.filter(name="EditChange", account_id=connection.account_id, error_code="").exists()


def test_what_no_call_may_have_is_refused(connection, alice, refused):
    client = entered(connection, alice)

    response = client.post(address(refused), {"policy_document": "", "policy_name": "own"})

    assert response.status_code == 422
    assert Change.objects.get(pk=refused.pk).state == "failed"


def test_what_a_change_is_about_stays(connection, alice, refused):
    client = entered(connection, alice)

    client.post(address(refused), {"policy_document": OTHER, "policy_name": "own", "user_name": "carol"})

    assert Change.objects.get(pk=refused.pk).parameters["UserName"] == "bob"


def test_what_only_names_something_has_nothing_to_edit(connection, alice):
    client = entered(connection, alice)
    perform(connection_session(connection, principal_of(alice)), "CreateGroup", GroupName="Readers")
    change = Change.objects.get(operation="CreateGroup", account=connection.account)
    Change.objects.filter(pk=change.pk).update(state="failed", error_code="EntityAlreadyExists", is_put_right=True)

    page = client.get(reverse("changes:details", args=[change.change_set_id])).content.decode()

    assert "EntityAlreadyExists" in page
    assert address(change) not in page


def test_nobody_else_edits_a_change(connection, alice, refused):
    mallory = make_user(connection.owner, "mallory", statements=[allow("*")])
    client = entered(connection, mallory)

    client.post(address(refused), {"policy_document": OTHER, "policy_name": "own"})

    assert Change.objects.get(pk=refused.pk).parameters["PolicyDocument"] == DOCUMENT
    assert address(refused) not in client.get(reverse("changes:details", args=[refused.change_set_id])).content.decode()
