"""Roles through the API's operations: what they do, what they refuse, and who may call them."""

import json
from urllib.parse import unquote

import pytest

from iam.errors import IamError
from iam.models import Change, Role
from iam.operations import perform, quotas
from tests.factories import (
    allow,
    make_account,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db

EC2 = trust_document({"Service": "ec2.amazonaws.com"})


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def trust_of(principal, name):
    return json.loads(unquote(perform(principal, "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"]))


def test_created_role_is_answered_without_description_and_session(root):
    answer = perform(
        root,
        "CreateRole",
        RoleName="Web",
        Path="/team-a/",
        AssumeRolePolicyDocument=EC2,
        Description="For the web servers",
        MaxSessionDuration=7200,
        Tags=[{"Key": "Team", "Value": "a"}],
    )["Role"]

    role = Role.objects.get()
    assert answer == {
        "Path": "/team-a/",
        "RoleName": "Web",
        "RoleId": role.unique_id,
        "Arn": f"arn:aws:iam::{root.account_id}:role/team-a/Web",
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": answer["AssumeRolePolicyDocument"],
        "Tags": [{"Key": "Team", "Value": "a"}],
    }
    assert unquote(answer["AssumeRolePolicyDocument"]) == EC2
    assert role.unique_id.startswith("AROA")
    assert Change.objects.get(operation="CreateRole").entities == [["role", "Web"]]


def test_role_that_nobody_used_has_an_empty_last_use(root):
    perform(root, "CreateRole", RoleName="Web", AssumeRolePolicyDocument=EC2, Description="d")

    role = perform(root, "GetRole", RoleName="WEB")["Role"]

    assert (role["RoleLastUsed"], role["Description"], role["MaxSessionDuration"]) == ({}, "d", 3600)


def test_list_leaves_tags_and_boundary_out(account, root):
    boundary = make_policy(account, "Cap")
    make_role(account, "b", Path="/x/", Tags=[{"Key": "k", "Value": "v"}], PermissionsBoundary=boundary.arn)
    make_role(account, "A")

    everything = perform(root, "ListRoles")["Roles"]
    below_x = perform(root, "ListRoles", PathPrefix="/x/")["Roles"]

    assert [role["RoleName"] for role in everything] == ["A", "b"]
    assert [role["RoleName"] for role in below_x] == ["b"]
    assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & everything[1].keys()


def test_name_in_another_case_is_taken(root):
    perform(root, "CreateRole", RoleName="Web", AssumeRolePolicyDocument=EC2)

    error = refusal_of(root, "CreateRole", RoleName="WEB", AssumeRolePolicyDocument=EC2)

    assert (error.code, error.message) == ("EntityAlreadyExists", "Role with name WEB already exists.")
    assert quotas.usage(root.account_id)["Roles"] == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"RoleName": "AWSServiceRoleForMe"},
        {"RoleName": "awsreservedsso_admin"},
        {"RoleName": "r", "Path": "/aws-service-role/ec2.amazonaws.com/"},
        {"RoleName": "r", "Path": "/aws-reserved/sso/"},
    ],
)
def test_what_belongs_to_aws_is_refused(root, parameters):
    error = refusal_of(root, "CreateRole", AssumeRolePolicyDocument=EC2, **parameters)

    assert error.code == "InvalidInput"
    assert error.parameter == ("Path" if "Path" in parameters else "RoleName")


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_session_length_out_of_range_is_refused(root, seconds):
    error = refusal_of(root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=EC2, MaxSessionDuration=seconds)

    assert (error.code, error.parameter) == ("ValidationError", "MaxSessionDuration")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "This policy contains invalid Json"),
        (policy_document(allow("s3:GetObject")), "Has prohibited field Resource"),
        (policy_document({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        (
            trust_document({"AWS": "*"}, action="s3:GetObject"),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ],
)
def test_malformed_trust_policy_is_refused(root, document, message):
    error = refusal_of(root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)

    assert (error.code, error.message) == ("MalformedPolicyDocument", message)
    assert error.parameter == "AssumeRolePolicyDocument"


def test_trust_policy_has_its_quota_without_white_space(root):
    def sized(length):
        filler = "x" * (length - len(trust_document({"AWS": "*"}, Sid="").replace(" ", "")))
        return trust_document({"AWS": "*"}, Sid=filler)

    perform(root, "CreateRole", RoleName="fits", AssumeRolePolicyDocument=sized(2048) + " " * 500)
    error = refusal_of(root, "UpdateAssumeRolePolicy", RoleName="fits", PolicyDocument=sized(2049))

    assert (error.code, error.message) == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
    assert error.parameter == "PolicyDocument"


def test_trusted_user_is_kept_by_id_and_shown_by_arn(account, root):
    user = make_user(account, "alice", Path="/team-a/")
    make_role(account, "Support", trust=trust_document({"AWS": user.arn}))

    assert user.unique_id in Role.objects.get().assume_role_policy_document
    assert trust_of(root, "Support")["Statement"][0]["Principal"] == {"AWS": user.arn}

    perform(root, "UpdateUser", UserName="alice", NewUserName="alicia")
    renamed = f"arn:aws:iam::{root.account_id}:user/team-a/alicia"
    assert trust_of(root, "Support")["Statement"][0]["Principal"] == {"AWS": renamed}


def test_whoever_takes_over_a_name_takes_over_no_trust(account, root):
    gone = make_user(account, "alice")
    make_role(account, "Support", trust=trust_document({"AWS": gone.arn}))
    perform(root, "DeleteUser", UserName="alice")
    make_user(account, "alice")

    assert trust_of(root, "Support")["Statement"][0]["Principal"] == {"AWS": gone.unique_id}


def test_saving_the_id_of_somebody_deleted_is_refused(account, root):
    gone = make_user(account, "alice")
    make_role(account, "Support", trust=trust_document({"AWS": gone.arn}))
    perform(root, "DeleteUser", UserName="alice")

    error = refusal_of(
        root, "UpdateAssumeRolePolicy", RoleName="Support", PolicyDocument=trust_document({"AWS": gone.unique_id})
    )

    assert error.message == f'Invalid principal in policy: "AWS":"{gone.unique_id}"'


@pytest.mark.parametrize("resource", ["user/nobody", "role/nothing", "user/ALICE", "user/elsewhere/alice"])
def test_principal_who_does_not_exist_is_refused(account, root, resource):
    make_user(account, "alice")
    arn = f"arn:aws:iam::{root.account_id}:{resource}"

    error = refusal_of(
        root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust_document({"AWS": [arn, root.account_id]})
    )

    assert (error.code, error.message) == ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def test_principals_of_accounts_elsewhere_are_taken_as_they_are(account, root):
    elsewhere = "arn:aws:iam::999999999999:role/Deployer"
    make_role(account, "r", trust=trust_document({"AWS": elsewhere}))

    assert trust_of(root, "r")["Statement"][0]["Principal"] == {"AWS": elsewhere}
    assert Role.objects.get().trusted_entities == "Account: 999999999999"


def test_account_number_becomes_its_root(account, root):
    document = trust_document({"AWS": "111122223333"})

    created = perform(root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)["Role"]

    assert unquote(created["AssumeRolePolicyDocument"]) == document
    assert trust_of(root, "r")["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}


def test_trust_policy_keeps_its_spelling(account, root):
    user = make_user(account, "alice")
    text = (
        '{ "Version": "2012-10-17",\n\t"Statement": {"Sid": "AIDAXXXXXXXXXXXXXXXXX", "Effect": "Allow",\n'
        f' "Action": "sts:AssumeRole", "Principal": {{"AWS": ["{user.arn}" ,"{user.arn}"]}}}}}}'
    )
    make_role(account, "r", trust=text)

    answer = perform(root, "GetRole", RoleName="r")["Role"]["AssumeRolePolicyDocument"]

    assert unquote(answer) == text


def test_update_without_parameters_changes_nothing(account, root):
    make_role(account, "r", Description="d", MaxSessionDuration=7200)

    perform(root, "UpdateRole", RoleName="r")

    role = Role.objects.get()
    assert (role.description, role.max_session_duration) == ("d", 7200)


def test_update_changes_description_and_session(account, root):
    make_role(account, "r", Description="d")

    perform(root, "UpdateRole", RoleName="r", Description="", MaxSessionDuration=43200)
    described = perform(root, "UpdateRoleDescription", RoleName="r", Description="for tests")["Role"]

    read = perform(root, "GetRole", RoleName="r")["Role"]
    assert described["Description"] == read["Description"] == "for tests"
    assert read["MaxSessionDuration"] == 43200


def test_new_trust_policy_replaces_the_old(account, root):
    make_role(account, "r")

    perform(root, "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=EC2)

    assert trust_of(root, "r") == json.loads(EC2)
    assert Role.objects.get().trusted_entities == "AWS Service: ec2"


def test_role_that_holds_something_is_not_deleted(account, root):
    policy = make_policy(account)
    make_role(account, "r", statements=[allow("s3:*")])
    perform(root, "AttachRolePolicy", RoleName="r", PolicyArn=policy.arn)
    perform(root, "CreateInstanceProfile", InstanceProfileName="p")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")

    reasons = []
    for operation, parameters in (
        ("RemoveRoleFromInstanceProfile", {"InstanceProfileName": "p"}),
        ("DetachRolePolicy", {"PolicyArn": policy.arn}),
        ("DeleteRolePolicy", {"PolicyName": "test"}),
    ):
        error = refusal_of(root, "DeleteRole", RoleName="r")
        reasons.append(error.message)
        assert error.code == "DeleteConflict"
        perform(root, operation, RoleName="r", **parameters)
    perform(root, "DeleteRole", RoleName="r")

    assert reasons == [
        "Cannot delete entity, must remove roles from instance profile first.",
        "Cannot delete entity, must detach all policies first.",
        "Cannot delete entity, must delete policies first.",
    ]
    assert not Role.objects.exists()
    assert quotas.usage(account.pk)["Roles"] == 0


def test_absent_role_is_refused_in_awss_words(root):
    for operation in ("GetRole", "DeleteRole", "UpdateRole", "ListAttachedRolePolicies", "ListRolePolicies"):
        error = refusal_of(root, operation, RoleName="ghost")
        assert (error.code, error.message) == ("NoSuchEntity", "The role with name ghost cannot be found.")


def test_role_holds_policies_boundary_and_tags(account, root):
    policy = make_policy(account)
    make_role(account, "r")

    perform(root, "AttachRolePolicy", RoleName="r", PolicyArn=policy.arn)
    perform(root, "PutRolePolicy", RoleName="r", PolicyName="in", PolicyDocument=policy_document(allow("s3:*")))
    perform(root, "PutRolePermissionsBoundary", RoleName="r", PermissionsBoundary=policy.arn)
    perform(root, "TagRole", RoleName="r", Tags=[{"Key": "Team", "Value": "a"}])
    perform(root, "TagRole", RoleName="r", Tags=[{"Key": "TEAM", "Value": "b"}])

    role = perform(root, "GetRole", RoleName="r")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy.arn
    assert role["Tags"] == [{"Key": "TEAM", "Value": "b"}]
    assert perform(root, "ListAttachedRolePolicies", RoleName="r")["AttachedPolicies"] == [
        {"PolicyName": policy.name, "PolicyArn": policy.arn}
    ]
    assert perform(root, "ListRolePolicies", RoleName="r")["PolicyNames"] == ["in"]
    assert perform(root, "GetRolePolicy", RoleName="r", PolicyName="IN")["RoleName"] == "r"
    assert perform(root, "ListRoleTags", RoleName="r")["Tags"] == [{"Key": "TEAM", "Value": "b"}]

    perform(root, "UntagRole", RoleName="r", TagKeys=["team"])
    perform(root, "DeleteRolePermissionsBoundary", RoleName="r")
    assert not {"Tags", "PermissionsBoundary"} & perform(root, "GetRole", RoleName="r")["Role"].keys()


def test_eleventh_policy_is_refused(account, root):
    make_role(account, "r")
    for number in range(10):
        perform(root, "AttachRolePolicy", RoleName="r", PolicyArn=make_policy(account, f"p{number}").arn)

    error = refusal_of(root, "AttachRolePolicy", RoleName="r", PolicyArn=make_policy(account, "last").arn)

    assert (error.code, error.message) == ("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")


def test_inline_policies_share_their_quota(account, root):
    make_role(account, "r")
    half = policy_document(allow("s3:GetObject", resource="arn:aws:s3:::" + "b" * 5000))
    perform(root, "PutRolePolicy", RoleName="r", PolicyName="one", PolicyDocument=half)
    perform(root, "PutRolePolicy", RoleName="r", PolicyName="two", PolicyDocument=half)
    perform(root, "PutRolePolicy", RoleName="r", PolicyName="TWO", PolicyDocument=half)

    error = refusal_of(root, "PutRolePolicy", RoleName="r", PolicyName="three", PolicyDocument=half)

    assert (error.code, error.message) == ("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")


def test_policies_decide_about_roles_by_path_tag_and_boundary(account, root):
    boundary = make_policy(account, "Cap")
    roles = f"arn:aws:iam::{account.pk}:role"
    delegate = principal_of(
        make_user(
            account,
            "delegate",
            statements=[
                allow(
                    "iam:CreateRole",
                    "iam:PutRolePermissionsBoundary",
                    resource=f"{roles}/team-a/*",
                    Condition={"StringEquals": {"iam:PermissionsBoundary": boundary.arn}},
                ),
                allow("iam:TagRole", resource=f"{roles}/*", Condition={"StringEquals": {"aws:ResourceTag/Team": "a"}}),
            ],
        )
    )
    make_role(account, "tagged", Tags=[{"Key": "Team", "Value": "a"}])
    make_role(account, "other")
    new = {"RoleName": "new", "AssumeRolePolicyDocument": EC2}

    assert refusal_of(delegate, "CreateRole", Path="/team-a/", **new).code == "AccessDenied"
    assert refusal_of(delegate, "CreateRole", PermissionsBoundary=boundary.arn, **new).code == "AccessDenied"
    perform(delegate, "CreateRole", Path="/team-a/", PermissionsBoundary=boundary.arn, **new)
    perform(delegate, "TagRole", RoleName="tagged", Tags=[{"Key": "x", "Value": "y"}])
    error = refusal_of(delegate, "TagRole", RoleName="other", Tags=[{"Key": "x", "Value": "y"}])
    assert error.message.startswith(f"User: {delegate.arn} is not authorized to perform: iam:TagRole on resource:")
