"""Simulations decide as authorization does, and answer as AWS was seen to."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.errors import IamError
from iam.models import PolicyVersion
from iam.operations import organizations, perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import (
    allow,
    deny,
    make_account,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)
from tests.iam.operations.test_accounts import refusal

pytestmark = pytest.mark.django_db
BUCKET = "arn:aws:s3:::bucket"
# As it was sent when AWS's answer was recorded.
RECORDED = (
    '{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}'
)


def results(answer: dict) -> list[tuple[str, str, str]]:
    return [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"]) for each in answer["EvaluationResults"]
    ]


def custom(account, *documents: str, **parameters) -> dict:
    parameters.setdefault("ActionNames", ["s3:GetObject"])
    return perform(root_of(account), "SimulateCustomPolicy", PolicyInputList=list(documents), **parameters)


def first(answer: dict) -> dict:
    return answer["EvaluationResults"][0]


def simulate(source, **parameters) -> dict:
    parameters.setdefault("ActionNames", ["s3:GetObject"])
    return perform(root_of(source.account), "SimulatePrincipalPolicy", PolicySourceArn=source.arn, **parameters)


@pytest.mark.parametrize("make", [make_user, make_group, make_role], ids=["user", "group", "role"])
def test_principal_is_answered_as_aws_was_recorded(make):
    account = make_account()
    organizations.create_organization(account.pk)
    root = root_of(account)
    arn = perform(root, "CreatePolicy", PolicyName="Recorded", PolicyDocument=RECORDED)["Policy"]["Arn"]
    source = make(account)
    kind = type(source).__name__
    perform(root, f"Attach{kind}Policy", **{f"{kind}Name": source.name}, PolicyArn=arn)

    answer = simulate(source, ActionNames=["s3:PutObject", "s3:GetObjectVersion"], ResourceArns=[BUCKET])

    matched = {
        "MatchedStatements": [
            {
                "SourcePolicyId": "Recorded",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 41},
                "EndPosition": {"Line": 1, "Column": 113},
            }
        ],
        "MissingContextValues": [],
    }
    nothing = {"MatchedStatements": [], "MissingContextValues": []}
    more = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": True}, "EvalDecisionDetails": {}}
    assert answer == {
        "IsTruncated": False,
        "EvaluationResults": [
            {
                "EvalActionName": action,
                "EvalResourceName": BUCKET,
                "EvalDecision": decision,
                **told,
                **more,
                "ResourceSpecificResults": [
                    {"EvalResourceName": BUCKET, "EvalResourceDecision": decision, **told},
                ],
            }
            for action, decision, told in (
                ("s3:PutObject", "allowed", matched),
                ("s3:GetObjectVersion", "implicitDeny", nothing),
            )
        ],
    }


def test_without_resources_each_action_is_simulated_on_all():
    answer = custom(make_account(), policy_document(allow("s3:*")), ActionNames=["s3:GetObject", "iam:GetUser"])

    assert results(answer) == [("s3:GetObject", "*", "allowed"), ("iam:GetUser", "*", "implicitDeny")]
    assert first(answer).keys() == {
        "EvalActionName",
        "EvalResourceName",
        "EvalDecision",
        "MatchedStatements",
        "MissingContextValues",
    }


def test_positions_of_statements_in_a_list_begin_after_what_is_before_them():
    document = (
        '{"Version":"2012-10-17",\n "Statement":[\n  {"Effect":"Allow","Action":"s3:*","Resource":"*"},\n'
        '  {"Effect":"Allow","Action":"*","Resource":"*"}]}'
    )

    statements = first(custom(make_account(), document))["MatchedStatements"]

    assert [(each["StartPosition"], each["EndPosition"]) for each in statements] == [
        ({"Line": 2, "Column": 15}, {"Line": 3, "Column": 52}),
        ({"Line": 3, "Column": 52}, {"Line": 4, "Column": 49}),
    ]
    assert {each["SourcePolicyId"] for each in statements} == {"PolicyInputList.1"}


def test_policies_go_by_the_names_that_the_simulator_gives_them():
    account = make_account()
    alice = make_user(account, statements=[allow("s3:GetObject")])
    group = make_group(account, members=[alice])
    perform(
        root_of(account),
        "PutGroupPolicy",
        GroupName=group.name,
        PolicyName="reads",
        PolicyDocument=policy_document(allow("s3:Get*")),
    )
    perform(root_of(account), "AttachGroupPolicy", GroupName=group.name, PolicyArn=make_policy(account).arn)

    answer = simulate(alice, PolicyInputList=[policy_document(allow("*"))])

    assert sorted(each["SourcePolicyId"] for each in first(answer)["MatchedStatements"]) == [
        "PolicyInputList.1",
        "ReadThings",
        f"group_{group.name}_reads",
        "user_alice_test",
    ]


def test_explicit_deny_names_the_denying_statements_alone():
    alice = make_user(make_account(), statements=[allow("s3:*"), deny("s3:GetObject")])

    answer = first(simulate(alice))

    assert answer["EvalDecision"] == "explicitDeny"
    assert len(answer["MatchedStatements"]) == 1


def test_boundary_limits_and_is_told():
    account = make_account()
    boundary = make_policy(account, "Limit", allow("iam:*"))
    alice = make_user(account, statements=[allow("s3:*", "iam:*")], PermissionsBoundary=boundary.arn)

    answer = simulate(alice, ActionNames=["s3:GetObject", "iam:GetUser"])

    assert [
        (each["EvalDecision"], each["PermissionsBoundaryDecisionDetail"]) for each in answer["EvaluationResults"]
    ] == [
        ("implicitDeny", {"AllowedByPermissionsBoundary": False}),
        ("allowed", {"AllowedByPermissionsBoundary": True}),
    ]


def test_boundary_given_takes_the_place_of_the_one_in_effect():
    account = make_account()
    boundary = make_policy(account, "Limit", allow("iam:*"))
    alice = make_user(account, statements=[allow("s3:*")], PermissionsBoundary=boundary.arn)

    answer = first(simulate(alice, PermissionsBoundaryPolicyInputList=[policy_document(allow("s3:*"))]))

    assert answer["EvalDecision"] == "allowed"


def test_denying_boundary_is_named_among_the_statements():
    answer = custom(
        make_account(),
        policy_document(allow("*")),
        PermissionsBoundaryPolicyInputList=[policy_document(allow("*"), deny("s3:*"))],
    )

    assert [each["SourcePolicyId"] for each in first(answer)["MatchedStatements"]] == [
        "PermissionsBoundaryPolicyInputList.1"
    ]


def test_resource_policy_allows_a_user_whom_the_boundary_does_not():
    account = make_account()
    mateo = f"arn:aws:iam::{account.pk}:user/mateo"
    iam_only = policy_document(allow("iam:*"))
    resource_policy = policy_document(
        {"Effect": "Allow", "Principal": {"AWS": mateo}, "Action": "s3:Put*", "Resource": "arn:aws:s3:::production/*"}
    )

    answer = first(
        custom(
            account,
            iam_only,
            ActionNames=["s3:PutObject"],
            CallerArn=mateo,
            ResourceArns=["arn:aws:s3:::production/Test"],
            ResourceOwner=f"arn:aws:iam::{account.pk}:root",
            PermissionsBoundaryPolicyInputList=[iam_only],
            ResourcePolicy=resource_policy,
        )
    )

    assert answer["EvalDecision"] == "allowed"
    assert answer["EvalDecisionDetails"] == {}
    assert answer["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert [(each["SourcePolicyId"], each["SourcePolicyType"]) for each in answer["MatchedStatements"]] == [
        ("ResourcePolicy", "Resource Policy")
    ]


@pytest.mark.parametrize(
    ("statements", "decision", "identity"),
    [([allow("s3:*")], "allowed", "allowed"), ([allow("iam:*")], "implicitDeny", "implicitDeny")],
)
def test_across_accounts_both_sides_must_allow_and_each_is_told(statements, decision, identity):
    account, other = make_account(), make_account()
    caller = f"arn:aws:iam::{account.pk}:user/mateo"
    resource_policy = policy_document(
        {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "s3:*", "Resource": BUCKET}
    )

    answer = first(
        custom(
            account,
            policy_document(*statements),
            CallerArn=caller,
            ResourceArns=[BUCKET],
            ResourceOwner=other.pk,
            ResourcePolicy=resource_policy,
        )
    )

    details = {"IAM Policy": identity, "Resource Policy": "allowed"}
    assert (answer["EvalDecision"], answer["EvalDecisionDetails"]) == (decision, details)
    assert answer["ResourceSpecificResults"][0]["EvalDecisionDetails"] == details


def test_trust_policies_are_not_asked_unless_given():
    account, other = make_account(), make_account()
    document = policy_document(allow("sts:AssumeRole"))

    answer = custom(
        account,
        document,
        ActionNames=["sts:AssumeRole"],
        ResourceArns=[f"arn:aws:iam::{owner.pk}:role/Auditor" for owner in (account, other)],
    )

    assert [decision for _, _, decision in results(answer)] == ["allowed", "allowed"]
    assert all(
        each["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1" for each in answer["EvaluationResults"]
    )


@pytest.mark.parametrize(
    ("levels", "decision", "is_allowed"),
    [
        ([["Allow"], ["Allow"]], "allowed", True),
        ([["Allow"], ["Deny"]], "explicitDeny", False),
        ([["Allow"], []], "implicitDeny", False),
        ([[]], "implicitDeny", False),
    ],
)
def test_service_control_policies_must_allow_on_every_level(levels, decision, is_allowed):
    scp = [
        {
            "ServiceControlPolicyInputList": [
                policy_document({"Effect": effect, "Action": "*", "Resource": "*"}) for effect in level
            ]
        }
        for level in levels
    ]

    answer = first(custom(make_account(), policy_document(allow("s3:*")), OrderedOrganizationPolicyInputList=scp))

    assert (answer["EvalDecision"], answer["OrganizationsDecisionDetail"]) == (
        decision,
        {"AllowedByOrganizations": is_allowed},
    )
    assert all(each["SourcePolicyId"] == "PolicyInputList.1" for each in answer["MatchedStatements"])


CONDITIONS = [
    ("string", ["eu"], {"StringEquals": {"test:key": "eu"}}),
    ("stringList", ["eu", "us"], {"ForAnyValue:StringEquals": {"test:key": "us"}}),
    ("numeric", ["7.5"], {"NumericGreaterThan": {"test:key": "7"}}),
    ("numericList", ["1", "9"], {"ForAnyValue:NumericEquals": {"test:key": "9"}}),
    ("boolean", ["true"], {"Bool": {"test:key": "true"}}),
    ("booleanList", ["false", "true"], {"ForAnyValue:Bool": {"test:key": "true"}}),
    ("ip", ["192.0.2.7"], {"IpAddress": {"test:key": "192.0.2.0/24"}}),
    ("ipList", ["192.0.2.7", "2001:db8::1"], {"ForAnyValue:IpAddress": {"test:key": "2001:db8::/32"}}),
    ("binary", ["QmluYXJ5"], {"BinaryEquals": {"test:key": "QmluYXJ5"}}),
    ("binaryList", ["QmluYXJ5", "QQ=="], {"ForAnyValue:BinaryEquals": {"test:key": "QmluYXJ5"}}),
    ("date", ["2026-01-02T00:00:00Z"], {"DateGreaterThan": {"test:key": "2026-01-01T00:00:00Z"}}),
    ("dateList", ["2026-01-02T00:00:00Z"], {"ForAnyValue:DateLessThan": {"test:key": "2026-01-03T00:00:00Z"}}),
]


@pytest.mark.parametrize(("kind", "values", "condition"), CONDITIONS, ids=[kind for kind, _, _ in CONDITIONS])
def test_context_entries_of_each_type_are_compared(kind, values, condition):
    account = make_account()
    document = policy_document(allow("s3:*", Condition=condition))
    entry = {"ContextKeyName": "test:key", "ContextKeyType": kind, "ContextKeyValues": values}

    told, untold = first(custom(account, document, ContextEntries=[entry])), first(custom(account, document))

    assert (told["EvalDecision"], told["MissingContextValues"]) == ("allowed", [])
    assert (untold["EvalDecision"], untold["MissingContextValues"]) == ("implicitDeny", ["test:key"])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"ContextKeyName": "aws:SourceIp"}, "must have a name, a type and values"),
        (("source", "string", ["a"]), "Invalid context key name: source"),
        (("aws:a", "string", ["a", "b"]), "must have one value"),
        (("aws:a", "numeric", ["seven"]), "not of the type numeric"),
        (("aws:a", "numeric", ["NaN"]), "not of the type numeric"),
        (("aws:a", "boolean", ["maybe"]), "not of the type boolean"),
        (("aws:a", "ipList", ["192.0.2.7", "here"]), "not of the type ipList"),
        (("aws:a", "binary", ["!"]), "not of the type binary"),
        (("aws:a", "date", ["tomorrow"]), "not of the type date"),
    ],
)
def test_context_entries_that_mean_nothing_are_refused(entry, message):
    if isinstance(entry, tuple):
        entry = dict(zip(("ContextKeyName", "ContextKeyType", "ContextKeyValues"), entry, strict=True))

    error = refusal(custom, make_account(), policy_document(allow("*")), ContextEntries=[entry])

    assert (error.code, error.parameter) == ("InvalidInput", "ContextEntries")
    assert message in error.message


def test_what_is_known_of_the_principal_needs_no_context():
    account = make_account()
    same = {
        "StringEquals": {"aws:PrincipalTag/team": "blue", "aws:username": "alice", "aws:PrincipalAccount": account.pk}
    }
    alice = make_user(account, statements=[allow("s3:*", Condition=same)], Tags=[{"Key": "team", "Value": "blue"}])

    assert first(simulate(alice))["EvalDecision"] == "allowed"
    # As Bob, if Bob had her policies: nothing of hers is known about him.
    bob = first(simulate(alice, CallerArn=f"arn:aws:iam::{account.pk}:user/bob"))
    assert (bob["EvalDecision"], bob["MissingContextValues"]) == ("implicitDeny", ["aws:PrincipalTag/team"])


@pytest.mark.parametrize(
    ("exclusion", "left"),
    [
        ({"PolicyType": "inline"}, {"ReadThings", "AmazonS3ReadOnlyAccess"}),
        ({"PolicyType": "aws-managed"}, {"user_alice_test", "ReadThings"}),
        ({"PolicyType": "user-managed"}, {"user_alice_test", "AmazonS3ReadOnlyAccess"}),
        ({"PolicyType": "scp"}, {"user_alice_test", "ReadThings", "AmazonS3ReadOnlyAccess"}),
        ({"PolicyArn": "arn:aws:iam::aws:policy/Amazon*"}, {"user_alice_test", "ReadThings"}),
        ({"PolicyArn": "arn:aws:iam::aws:policy/AmazonS?ReadOnlyAccess"}, {"user_alice_test", "ReadThings"}),
        (
            {"InlinePolicyIdentifier": {"PolicyName": "test", "AttachmentType": "user", "AttachmentName": "al*"}},
            {"ReadThings", "AmazonS3ReadOnlyAccess"},
        ),
        (
            {"InlinePolicyIdentifier": {"PolicyName": "test", "AttachmentType": "group", "AttachmentName": "al*"}},
            {"user_alice_test", "ReadThings", "AmazonS3ReadOnlyAccess"},
        ),
    ],
)
def test_excluded_policies_do_not_count(exclusion, left):
    load_catalog()
    account = make_account()
    alice = make_user(account, statements=[allow("s3:*")])
    for arn in (make_policy(account).arn, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"):
        perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=arn)

    answer = simulate(alice, PolicyExclusionList=[exclusion])

    assert {each["SourcePolicyId"] for each in first(answer)["MatchedStatements"]} == left


def test_excluded_boundary_does_not_limit():
    account = make_account()
    alice = make_user(
        account, statements=[allow("s3:*")], PermissionsBoundary=make_policy(account, "L", allow("iam:*")).arn
    )

    answer = first(simulate(alice, PolicyExclusionList=[{"PolicyType": "permission-boundary"}]))

    assert answer["EvalDecision"] == "allowed"
    assert "PermissionsBoundaryDecisionDetail" not in answer


@pytest.mark.parametrize(
    "identifier",
    [
        {},
        {"PolicyType": "inline", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        {"PolicyArn": "arn:aws:iam::*:policy/AdministratorAccess"},
        {"PolicyArn": "arn:aws:iam::aws:policy/*Administrator*"},
        {"PolicyArn": "arn:aws:iam::111122223333:user/alice"},
    ],
)
def test_exclusions_that_identify_no_policy_are_refused(identifier):
    error = refusal(simulate, make_user(make_account()), PolicyExclusionList=[identifier])

    assert (error.code, error.parameter) == ("InvalidInput", "PolicyExclusionList")


@pytest.mark.parametrize(
    ("parameters", "parameter", "message"),
    [
        ({"ActionNames": ["s3:*"]}, "ActionNames", "not in a valid format: s3:*."),
        ({"ActionNames": ["GetObject"]}, "ActionNames", "not in a valid format"),
        (
            {"ResourceArns": ["some-key-id"]},
            "ResourceArns",
            "ResourceNames are not in a valid ARN format: some-key-id.",
        ),
        ({"ResourceOwner": "me"}, "ResourceOwner", "'me' is not a valid as a Resource Owner."),
        (
            {"CallerArn": "arn:aws:sts::111122223333:assumed-role/A/b"},
            "CallerArn",
            "does not clearly define entity type",
        ),
        ({"ResourceHandlingOption": "EC2-Moon"}, "ResourceHandlingOption", "EC2-Moon"),
        ({"ResourceHandlingOption": "EC2-VPC-EBS"}, "ResourceHandlingOption", "instance, image"),
        ({"PolicyInputList": ["{}"]}, "PolicyInputList", "PolicyInputList.1 is not a valid policy"),
        ({"PolicyInputList": ["no JSON"]}, "PolicyInputList", "PolicyInputList.1 is not a valid policy"),
        ({"ResourcePolicy": policy_document(allow("*"))}, "CallerArn", "Caller must be an IAM user in this context."),
        (
            {"PermissionsBoundaryPolicyInputList": [policy_document(allow("*"))] * 2},
            "PermissionsBoundaryPolicyInputList",
            "Only one",
        ),
    ],
)
def test_malformed_inputs_are_refused(parameters, parameter, message):
    document = parameters.pop("PolicyInputList", [policy_document(allow("*"))])

    error = refusal(custom, make_account(), *document, **parameters)

    assert (error.code, error.parameter) == ("InvalidInput", parameter)
    assert message in error.message


def test_resource_policy_must_be_one_and_apply():
    account = make_account()
    user = f"arn:aws:iam::{account.pk}:user/mateo"
    about_another = policy_document(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::another"}
    )

    for resource_policy in (about_another, policy_document(allow("s3:*")), "no JSON"):
        error = refusal(
            custom,
            account,
            policy_document(allow("*")),
            CallerArn=user,
            ResourceArns=[BUCKET],
            ResourcePolicy=resource_policy,
        )
        assert (error.code, error.parameter) == ("InvalidInput", "ResourcePolicy")


def test_role_with_a_resource_policy_is_refused():
    role = make_role(make_account())

    error = refusal(simulate, role, ResourceArns=[BUCKET], ResourcePolicy=policy_document(allow("*")))

    assert error.message == "Invalid caller - Caller must be an IAM user in this context."


def test_scenario_with_all_its_resources_is_simulated():
    arns = [
        f"arn:aws:ec2:us-east-1:111122223333:{kind}/x"
        for kind in ("instance", "image", "security-group", "network-interface")
    ]

    answer = custom(
        make_account(),
        policy_document(allow("ec2:*")),
        ActionNames=["ec2:RunInstances"],
        ResourceArns=arns,
        ResourceHandlingOption="EC2-VPC-InstanceStore",
    )

    assert [decision for _, _, decision in results(answer)] == ["allowed"] * 4


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("arn:aws:sts::{account}:assumed-role/A/b", "InvalidInput", "does not clearly define entity type and name"),
        ("arn:aws:iam::{account}:root", "InvalidInput", "does not clearly define entity type and name"),
        ("arn:aws:iam::{account}:policy/Some", "InvalidInput", "does not clearly define entity type and name"),
        (
            "arn:aws:iam::999999999999:user/alice",
            "InvalidInput",
            "does not have access to policies in account 999999999999",
        ),
        ("arn:aws:iam::{account}:user/nobody", "NoSuchEntity", "The user with name nobody cannot be found."),
        ("arn:aws:iam::{account}:group/none", "NoSuchEntity", "The group with name none cannot be found."),
        ("arn:aws:iam::{account}:user/elsewhere/alice", "NoSuchEntity", "The user with name alice cannot be found."),
    ],
)
@pytest.mark.parametrize("name", ["SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"])
def test_only_users_groups_and_roles_of_the_account_have_policies(name, arn, code, message):
    account = make_account()
    make_user(account)
    parameters = {"ActionNames": ["s3:GetObject"]} if name.startswith("Simulate") else {}

    error = refusal(perform, root_of(account), name, PolicySourceArn=arn.format(account=account.pk), **parameters)

    assert error.code == code
    assert message in error.message


def test_pages_go_over_actions_and_resources():
    account = make_account()
    asked = {
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [f"arn:aws:s3:::bucket-{number}" for number in range(3)],
        "MaxItems": 4,
    }

    page = custom(account, policy_document(allow("s3:*")), **asked)
    rest = custom(account, policy_document(allow("s3:*")), **asked, Marker=page["Marker"])

    assert (page["IsTruncated"], rest["IsTruncated"]) == (True, False)
    assert "Marker" not in rest
    assert [(action, resource) for action, resource, _ in results(page) + results(rest)] == [
        (action, resource) for action in asked["ActionNames"] for resource in asked["ResourceArns"]
    ]


@pytest.mark.parametrize("marker", ["?", "MTIzNDU2Nzg5MDEyMw==", "LTE="])
def test_markers_that_no_page_gave_are_refused(marker):
    error = refusal(custom, make_account(), policy_document(allow("*")), Marker=marker)

    assert (error.code, error.message) == ("ValidationError", "Invalid Marker.")


def test_context_keys_are_those_of_conditions_and_variables():
    account = make_account()
    bucket = "arn:aws:s3:::home/${aws:username}/*"
    conditional = allow(
        "s3:*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "Bool": {"AWS:sourceip": "x"}}
    )
    boundary = make_policy(account, "L", allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    alice = make_user(account, statements=[allow("s3:*", resource=bucket)], PermissionsBoundary=boundary.arn)
    root = root_of(account)

    of_text = perform(root, "GetContextKeysForCustomPolicy", PolicyInputList=[policy_document(conditional)])
    of_user = perform(
        root,
        "GetContextKeysForPrincipalPolicy",
        PolicySourceArn=alice.arn,
        PolicyInputList=[policy_document(conditional)],
    )

    assert of_text == {"ContextKeyNames": ["aws:SourceIp"]}
    assert of_user == {"ContextKeyNames": ["aws:username", "aws:SourceIp", "aws:SecureTransport"]}


def test_limited_user_simulates_whom_policies_let_her():
    account = make_account()
    bob = make_user(account, "bob", statements=[allow("s3:*")])
    alice = principal_of(make_user(account, statements=[allow("iam:SimulatePrincipalPolicy", resource=bob.arn)]))

    assert first(perform(alice, "SimulatePrincipalPolicy", PolicySourceArn=bob.arn, ActionNames=["s3:GetObject"]))
    for name, parameters in (
        ("SimulatePrincipalPolicy", {"PolicySourceArn": alice.arn, "ActionNames": ["s3:GetObject"]}),
        ("GetContextKeysForPrincipalPolicy", {"PolicySourceArn": bob.arn}),
        ("SimulateCustomPolicy", {"PolicyInputList": [RECORDED], "ActionNames": ["s3:GetObject"]}),
        ("GetContextKeysForCustomPolicy", {"PolicyInputList": [RECORDED]}),
    ):
        assert refusal(perform, alice, name, **parameters).code == "AccessDenied"


def test_stored_policy_that_cannot_be_read_is_no_decision():
    account = make_account()
    policy = make_policy(account)
    alice = make_user(account)
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    PolicyVersion.objects.filter(policy=policy).update(document="broken")

    assert refusal(simulate, alice).code == "PolicyEvaluation"


@pytest.mark.parametrize("make", [make_user, make_group, make_role], ids=["user", "group", "role"])
def test_number_of_queries_is_small_and_does_not_grow(make, django_assert_num_queries):
    account = make_account()
    source = make(account)
    kind = type(source).__name__
    for number in range(5):
        perform(
            root_of(account),
            f"Put{kind}Policy",
            **{f"{kind}Name": source.name},
            PolicyName=f"policy-{number}",
            PolicyDocument=policy_document(allow("s3:*")),
        )

    root = root_of(account)
    asked = {"ActionNames": ["s3:GetObject", "s3:PutObject"], "ResourceArns": [BUCKET, f"{BUCKET}/x"]}

    # The identity, its policies, the organization, and the event.
    with django_assert_num_queries(4):
        perform(root, "SimulatePrincipalPolicy", PolicySourceArn=source.arn, **asked)


ACTIONS = ["iam:GetUser", "iam:ListUserTags", "iam:ListAttachedUserPolicies", "iam:GetLoginProfile"]
CONDITIONAL = [
    {},
    {"Condition": {"StringEquals": {"aws:username": "alice"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}},
    {"Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "blue"}}},
    {"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
    {"Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
]


@st.composite
def statements(draw) -> dict:
    action = draw(st.sampled_from([*ACTIONS, "iam:*", "iam:Get*", "iam:List*", "*"]))
    resource = draw(
        st.sampled_from(
            ["*", "arn:aws:iam::ACCOUNT:user/bob", "arn:aws:iam::*:user/*", "arn:aws:iam::ACCOUNT:user/al*"]
        )
    )
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): action,
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): resource,
        **draw(st.sampled_from(CONDITIONAL)),
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(statements(), min_size=1, max_size=3), st.lists(statements(), max_size=2), st.sampled_from(ACTIONS))
def test_simulation_says_what_authorization_does(db, own, limits, action):
    account = make_account()
    texts = [json.dumps(each).replace("ACCOUNT", account.pk) for each in (*own, *limits)]
    documents = [json.loads(text) for text in texts]
    bound = {}
    if limits:
        bound["PermissionsBoundary"] = make_policy(account, "Limit", *documents[len(own) :]).arn
    alice = make_user(account, statements=documents[: len(own)], Tags=[{"Key": "team", "Value": "blue"}], **bound)
    bob = make_user(account, "bob", Tags=[{"Key": "team", "Value": "blue"}])
    principal = principal_of(alice)

    answer = simulate(
        alice,
        ActionNames=[action],
        ResourceArns=[bob.arn],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": [value]}
            for key, kind, value in (
                ("aws:ResourceTag/team", "string", "blue"),
                ("aws:SourceIp", "ip", principal.source.ip or "192.0.2.7"),
                *((("aws:MultiFactorAuthPresent", "boolean", "false"),) if principal.session_issued_at else ()),
            )
        ],
    )

    assert (first(answer)["EvalDecision"] == "allowed") == is_allowed(principal, action)


def is_allowed(principal, action: str) -> bool:
    try:
        perform(principal, action.partition(":")[2], UserName="bob")
    except IamError as error:
        return error.code != "AccessDenied"
    return True
