"""The page behind every refusal: the deciding statement, what is missing, and nothing to those who may not know."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.urls import reverse

from console.components.refusals import why_url
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.operations import perform
from tests import factories
from tests.factories import allow, deny, make_group, make_policy, make_user, policy_document, root_of

READ_POLICIES = allow("iam:GetPolicyVersion", "iam:GetUserPolicy", "iam:GetGroupPolicy", "iam:GetRolePolicy")
WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


def why(client, action, resource="*", **more):
    return client.get(reverse("access:why"), {"action": action, "resource": resource, **more})


def text_of(response):
    return response.content.decode()


def test_missing_statement_is_told_with_the_smallest_that_allows_it(client, signed_in_as):
    carol = signed_in_as(READ_POLICIES)

    response = why(client, "iam:createuser", f"arn:aws:iam::{carol.account_id}:user/bob")

    assert response.status_code == 200
    assert "because no identity-based policy allows the iam:createuser action" in text_of(response)
    [fix] = response.context["fixes"]
    resource = f"arn:aws:iam::{carol.account_id}:user/bob"
    assert json.loads(fix.statement) == {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": resource}
    assert json.loads(fix.document)["Statement"] == [json.loads(fix.statement)]


def test_nearest_statement_says_which_condition_failed_with_which_value(client, signed_in_as):
    condition = {"StringEquals": {"aws:RequestTag/team": ["blue", "red"]}}
    signed_in_as(READ_POLICIES, allow("iam:CreateUser", Condition=condition, Sid="OnlyColours"))

    response = why(client, "iam:CreateUser", context=json.dumps({"aws:RequestTag/team": "green"}))

    [identity] = [layer for layer in response.context["layers"] if layer.statements]
    [statement] = identity.statements
    assert (statement.sid, statement.bearing.name, statement.bearing.kind) == ("OnlyColours", "test", "Customer inline")
    [failed] = statement.conditions
    assert (failed.key, failed.wanted, failed.given) == ("aws:RequestTag/team", "blue or red", "is green")
    lines = statement.shown.text.splitlines()
    assert [lines[number - 1].strip() for number in statement.shown.hits] == ['"aws:RequestTag/team": ["blue", "red"]']


def test_explicit_deny_names_policy_group_and_statement(client, account, signed_in_as):
    carol = signed_in_as(READ_POLICIES, allow("iam:*"))
    make_group(account, "Guarded", members=[carol])
    statement = deny("iam:Create*", "iam:Delete*", Sid="DenyWithoutMFA", Condition=WITHOUT_MFA)
    policy = make_policy(account, "guardrails", statement)
    perform(root_of(account), "AttachGroupPolicy", GroupName="Guarded", PolicyArn=policy.arn)

    response = why(client, "iam:CreateUser")

    first, second = [layer for layer in response.context["layers"] if layer.statements]
    assert (first.heading, first.mark) == ("Identity-based policies: explicit deny", "deny")
    [denying] = first.statements
    assert (denying.sid, denying.bearing.name, denying.bearing.group) == ("DenyWithoutMFA", "guardrails", "Guarded")
    lines = denying.shown.text.splitlines()
    assert [lines[number - 1].split(":")[0].strip() for number in denying.shown.hits] == [
        '"Effect"',
        '"Action"',
        '"aws',
    ]
    assert (second.heading, second.text) == ("Identity-based policies: allow", " The deny above overrides it.")
    assert response.context["fixes"] == []
    assert "No statement can allow it" in text_of(response)
    assert "Sign in with an MFA device" in text_of(response)


def test_boundary_that_stops_is_told_with_a_statement_for_it(client, account, signed_in_as):
    signed_in_as(READ_POLICIES, allow("iam:CreateUser"))
    boundary = make_policy(account, "limit", READ_POLICIES)
    perform(root_of(account), "PutUserPermissionsBoundary", UserName="carol", PermissionsBoundary=boundary.arn)

    response = why(client, "iam:CreateUser")

    assert "because no permissions boundary allows" in text_of(response)
    assert [fix.where for fix in response.context["fixes"]] == ["The permissions boundary must allow it, too"]


@pytest.mark.parametrize("policies", [[], [allow("iam:ListUsers")], [deny("iam:ListRoles", Sid="HiddenSid")]])
def test_those_who_may_not_read_policies_learn_nothing_but_the_message(client, signed_in_as, policies):
    signed_in_as(*policies)

    response = why(client, "iam:ListRoles")

    assert "is not authorized to perform: iam:ListRoles" in text_of(response)
    assert [name for name in ("layers", "fixes", "denying") if name in response.context] == []
    assert "HiddenSid" not in text_of(response)
    assert "Smallest" not in text_of(response)


def test_policies_that_may_not_be_read_are_left_out_and_no_statement_is_promised(client, account, signed_in_as):
    carol = signed_in_as(allow("iam:GetUserPolicy"))
    make_group(account, "HiddenGroup", members=[carol])
    inline = policy_document(deny("iam:ListRoles", Sid="HiddenSid"))
    perform(root_of(account), "PutGroupPolicy", GroupName="HiddenGroup", PolicyName="HiddenName", PolicyDocument=inline)

    response = why(client, "iam:ListRoles")

    assert "Hidden" not in text_of(response)
    assert (response.context["is_complete"], response.context["fixes"]) == (False, [])


def test_tags_of_a_resource_are_shown_only_to_those_who_may_list_them(client, account, signed_in_as):
    bob = make_user(account, "bob", Tags=[{"Key": "team", "Value": "HiddenValue"}])
    condition = {"StringEquals": {"iam:ResourceTag/team": "blue"}}
    signed_in_as(READ_POLICIES, allow("iam:DeleteUser", Condition=condition))

    assert "HiddenValue" not in text_of(why(client, "iam:DeleteUser", bob.arn))

    signed_in_as(READ_POLICIES, allow("iam:ListUserTags"), allow("iam:DeleteUser", Condition=condition), name="dave")
    assert "HiddenValue" in text_of(why(client, "iam:DeleteUser", bob.arn))


def test_keys_that_a_call_does_not_give_are_not_taken_from_the_address(client, account, signed_in_as):
    bob = make_user(account, "bob")
    condition = {"StringEquals": {"iam:ResourceTag/team": "blue", "aws:username": "root"}}
    signed_in_as(READ_POLICIES, allow("iam:DeleteUser", Condition=condition))
    forged = json.dumps({"iam:ResourceTag/team": "blue", "aws:username": "root", "AWS:PrincipalArn": "x"})

    assert why(client, "iam:DeleteUser", bob.arn, context=forged).context["is_allowed"] is False


def test_trust_policy_is_a_layer_of_assuming_a_role(client, account, signed_in_as):
    signed_in_as(READ_POLICIES, allow("iam:GetRole"), allow("sts:AssumeRole"))
    trust = policy_document(
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    role = perform(root_of(account), "CreateRole", RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]

    response = why(client, "sts:AssumeRole", role["Arn"])

    assert "because no role trust policy allows the sts:AssumeRole action" in text_of(response)
    [fix] = response.context["fixes"]
    assert json.loads(fix.statement)["Principal"] == {"AWS": f"arn:aws:iam::{account.pk}:user/carol"}
    assert "Role trust policy: no statement allows it" in text_of(response)


def test_root_is_allowed_everything(client, root):
    assert "The root user is allowed everything" in text_of(why(client, "iam:CreateUser"))


def test_what_is_allowed_by_now_is_said_so(client, signed_in_as):
    signed_in_as(allow("iam:ListRoles"))

    assert "If it was refused before" in text_of(why(client, "iam:ListRoles"))


def test_others_are_explained_to_those_who_may_simulate_them(client, account, signed_in_as):
    bob = make_user(account, "bob")
    signed_in_as(READ_POLICIES, allow("iam:SimulatePrincipalPolicy", resource=bob.arn))

    response = why(client, "iam:ListRoles", principal=bob.arn)

    assert f"User: {bob.arn} is not authorized to perform: iam:ListRoles" in text_of(response)
    assert len(response.context["fixes"]) == 1
    assert why(client, "iam:ListRoles", principal=bob.arn.replace("bob", "eve")).status_code == 403


def test_nobody_else_learns_whether_a_principal_exists(client, account, signed_in_as):
    bob = make_user(account, "bob")
    signed_in_as(READ_POLICIES)

    answers = [why(client, "iam:ListRoles", principal=arn) for arn in (bob.arn, bob.arn.replace("bob", "nobody"))]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_principals_of_other_accounts_are_unknown(client, root):
    stranger = make_user(factories.make_account(), "bob")

    assert why(client, "iam:ListRoles", principal=stranger.arn).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"action": "nonsense"},
        {"action": "iam:*"},
        {"action": "iam:ListRoles", "context": "["},
        {"action": "iam:ListRoles", "context": "[]"},
        {"action": "iam:ListRoles", "context": '{"sts:ExternalId": 1}'},
        {"action": "iam:ListRoles", "context": "[" * 5000},
        {"action": "iam:ListRoles", "resource": "x" * 3000},
        {"action": "iam:ListRoles", "resource": "a\x00b"},
    ],
)
def test_senseless_questions_are_refused(client, signed_in_as, asked):
    signed_in_as(READ_POLICIES)

    assert client.get(reverse("access:why"), asked).status_code == 400


def test_explanation_takes_a_bounded_number_of_queries(client, account, signed_in_as, django_assert_max_num_queries):
    carol = signed_in_as(READ_POLICIES, *[allow(f"iam:List{number}") for number in range(20)])
    for number in range(5):
        make_group(account, f"group-{number}", members=[carol])
        inline = policy_document(allow("sns:*"))
        names = {"GroupName": f"group-{number}", "PolicyName": "inline", "PolicyDocument": inline}
        perform(root_of(account), "PutGroupPolicy", **names)

    with django_assert_max_num_queries(16):
        why(client, "iam:DeleteUser", carol.arn)


def test_refusal_links_to_its_explanation_with_what_was_given_only(account):
    bob = make_user(account, "bob", Tags=[{"Key": "team", "Value": "HiddenValue"}])
    principal = factories.principal_of(make_user(account, "carol"))
    context = {"iam:ResourceTag/team": "HiddenValue", "iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}

    with pytest.raises(IamError) as refused:
        Authorizer(principal).check("iam:AttachUserPolicy", bob.arn, context)

    asked = parse_qs(urlsplit(why_url(refused.value)).query)
    assert asked["action"] == ["iam:AttachUserPolicy"]
    assert asked["resource"] == [bob.arn]
    assert json.loads(asked["context"][0]) == {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


def test_only_refusals_by_policies_have_an_explanation():
    assert why_url(IamError("NoSuchEntity", "gone")) == ""
    assert why_url(None) == ""


def test_refused_page_form_and_dialog_link_to_the_explanation(client, account, signed_in_as):
    make_user(account, "bob")
    signed_in_as(allow("iam:GetUser"))
    link = reverse("access:why") + "?" + urlencode({"action": "iam:DeleteUser"})

    assert f'href="{reverse("access:why")}?action=iam%3AListUsers' in text_of(client.get(reverse("users:list")))
    form = {"group_name": "new"}
    assert f"{reverse('access:why')}?action=iam%3ACreateGroup" in text_of(client.post(reverse("groups:create"), form))
    refused = client.post(reverse("users:delete", args=["bob"]), {"confirm": "bob"})
    assert link in text_of(refused).replace("&amp;", "&")
