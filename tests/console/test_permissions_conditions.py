"""What policies with paths, tags, boundaries and conditions let people do in the console, as in AWS."""

import pytest
from django.urls import reverse

from iam.errors import IamError
from iam.models import User, UserPolicyAttachment
from iam.operations import perform
from tests.factories import allow, deny, make_policy, make_user, principal_of, root_of


def details(client, name):
    return client.get(reverse("users:details", args=[name])).status_code


def delete(client, name):
    return client.post(reverse("users:delete", args=[name]), {"confirm": name}).status_code


def names(account):
    return set(User.objects.filter(account=account).values_list("name", flat=True))


def refusal_of(principal, operation, **parameters):
    """Return the refused action, empty where the call is allowed so far."""
    try:
        perform(principal, operation, **parameters)
    except IamError as error:
        return error.message if error.code == "AccessDenied" else ""
    return ""


def test_administrator_of_a_path_can_do_just_that(client, account, signed_in_as):
    make_user(account, "inside", Path="/team-a/")
    make_user(account, "outside", Path="/team-b/")
    signed_in_as(allow("iam:*", resource=f"arn:aws:iam::{account.pk}:*/team-a/*"))

    assert (details(client, "inside"), details(client, "outside")) == (200, 403)
    delete(client, "outside")
    delete(client, "inside")
    assert names(account) == {"outside", "carol"}
    # Lists know no resource but all of them.
    assert "is not authorized to perform: iam:ListUsers" in client.get(reverse("users:list")).content.decode()


def test_administrator_of_a_path_cannot_leave_it(account):
    carol = principal_of(
        make_user(account, "carol", statements=[allow("iam:*", resource=f"arn:aws:iam::{account.pk}:user/team-a/*")])
    )

    assert refusal_of(carol, "CreateUser", UserName="new", Path="/team-a/") == ""
    assert "iam:CreateUser" in refusal_of(carol, "CreateUser", UserName="other")
    assert "iam:UpdateUser" in refusal_of(carol, "UpdateUser", UserName="new", NewPath="/")


def test_boundary_limits_what_policies_allow(client, account, signed_in_as):
    make_user(account, "bob")
    limit = make_policy(account, "Limit", allow("iam:Get*", "iam:List*"))
    signed_in_as(allow("*"))
    perform(root_of(account), "PutUserPermissionsBoundary", UserName="carol", PermissionsBoundary=limit.arn)

    assert details(client, "bob") == 200
    delete(client, "bob")
    assert "bob" in names(account)


def test_deny_without_mfa_is_explicit(client, account, signed_in_as):
    make_user(account, "bob")
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    signed_in_as(allow("*"), deny("iam:DeleteUser", Condition=without))

    response = client.post(reverse("users:delete", args=["bob"]), {"confirm": "bob"})

    assert "with an explicit deny in an identity-based policy" in response.content.decode()
    assert "bob" in names(account)


def test_tags_of_user_and_target_decide_together(client, account, signed_in_as):
    make_user(account, "mine", Tags=[{"Key": "team", "Value": "blue"}])
    make_user(account, "theirs", Tags=[{"Key": "team", "Value": "red"}])
    same_team = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    signed_in_as(allow("iam:*", Condition=same_team))
    perform(root_of(account), "TagUser", UserName="carol", Tags=[{"Key": "team", "Value": "blue"}])

    assert (details(client, "mine"), details(client, "theirs")) == (200, 403)
    delete(client, "theirs")
    delete(client, "mine")
    assert names(account) == {"theirs", "carol"}


def test_only_named_policies_may_be_attached(account):
    make_user(account, "bob")
    allowed, other = make_policy(account, "Allowed"), make_policy(account, "Other")
    condition = {"ArnEquals": {"iam:PolicyARN": allowed.arn}}
    carol = principal_of(make_user(account, "carol", statements=[allow("iam:AttachUserPolicy", Condition=condition)]))

    assert refusal_of(carol, "AttachUserPolicy", UserName="bob", PolicyArn=allowed.arn) == ""
    assert "iam:AttachUserPolicy" in refusal_of(carol, "AttachUserPolicy", UserName="bob", PolicyArn=other.arn)
    assert list(UserPolicyAttachment.objects.values_list("policy__name", flat=True)) == ["Allowed"]


def test_delegate_creates_users_only_within_the_boundary(account):
    limit, other = make_policy(account, "Limit"), make_policy(account, "Other")
    mandatory = {"StringEquals": {"iam:PermissionsBoundary": limit.arn}}
    actions = ("iam:CreateUser", "iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutUserPermissionsBoundary")
    carol = principal_of(make_user(account, "carol", statements=[allow(*actions, Condition=mandatory)]))
    make_user(account, "free")

    assert refusal_of(carol, "CreateUser", UserName="new", PermissionsBoundary=limit.arn) == ""
    assert refusal_of(carol, "AttachUserPolicy", UserName="new", PolicyArn=other.arn) == ""
    assert "iam:CreateUser" in refusal_of(carol, "CreateUser", UserName="loose")
    assert "iam:CreateUser" in refusal_of(carol, "CreateUser", UserName="loose", PermissionsBoundary=other.arn)
    assert "iam:AttachUserPolicy" in refusal_of(carol, "AttachUserPolicy", UserName="free", PolicyArn=other.arn)
    exchanged = {"UserName": "new", "PermissionsBoundary": other.arn}
    assert "iam:PutUserPermissionsBoundary" in refusal_of(carol, "PutUserPermissionsBoundary", **exchanged)
    assert "iam:DeleteUserPermissionsBoundary" in refusal_of(carol, "DeleteUserPermissionsBoundary", UserName="new")


@pytest.mark.parametrize(
    ("condition", "is_allowed"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "blue"}}, True),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}}, False),
        ({"StringEquals": {"aws:username": "carol"}}, True),
        ({"StringEquals": {"aws:username": "bob"}}, False),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
        ({"Null": {"aws:TokenIssueTime": "false"}}, True),
    ],
)
def test_condition_key_of_a_request(account, condition, is_allowed):
    statements = [allow("iam:CreateUser", "iam:TagUser", Condition=condition)]
    carol = principal_of(make_user(account, "carol", statements=statements))
    tags = [{"Key": "team", "Value": "blue"}]

    assert (refusal_of(carol, "CreateUser", UserName="new", Tags=tags) == "") is is_allowed
