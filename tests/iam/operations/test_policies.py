"""Managed policies, their versions, and policies on users and groups."""

from urllib.parse import unquote

import pytest

from iam.errors import IamError
from iam.models import ManagedPolicy, UserPolicyAttachment
from iam.models.statements import Statement
from iam.operations import perform, policies
from iam.operations.entities import judged_policy, lock_to_attach
from iam.operations.kinds import USER
from tests.factories import (
    allow,
    make_account,
    make_group,
    make_policy,
    make_user,
    policy_document,
    root_of,
)

pytestmark = pytest.mark.django_db

DOCUMENT = policy_document(allow("s3:GetObject"))


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def test_create_policy_starts_with_version_one():
    account = make_account()

    answer = perform(
        root_of(account),
        "CreatePolicy",
        PolicyName="P",
        PolicyDocument=DOCUMENT,
        Path="/team/",
    )

    assert answer["Policy"]["Arn"] == f"arn:aws:iam::{account.pk}:policy/team/P"
    assert answer["Policy"]["DefaultVersionId"] == "v1"
    assert answer["Policy"]["AttachmentCount"] == 0
    assert "Description" not in answer["Policy"]


def test_policy_document_comes_back_verbatim():
    account = make_account()
    text = '{\n  "Version": "2012-10-17",\n  "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}\n}\n'

    arn = perform(root_of(account), "CreatePolicy", PolicyName="P", PolicyDocument=text)["Policy"]["Arn"]

    version = perform(root_of(account), "GetPolicyVersion", PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert unquote(version["Document"]) == text
    assert not set(" +") & set(version["Document"])


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]}',
    ],
)
def test_create_policy_refuses_what_iam_would_not_save(document):
    assert refusal(root_of(make_account()), "CreatePolicy", PolicyName="P", PolicyDocument=document).code == (
        "MalformedPolicyDocument"
    )


def test_create_policy_refuses_a_large_document_but_counts_no_white_space():
    account = make_account()
    long = policy_document(
        allow(
            "s3:GetObject",
            resource=[f"arn:aws:s3:::bucket-{n:04}/*" for n in range(250)],
        )
    )

    assert refusal(root_of(account), "CreatePolicy", PolicyName="P", PolicyDocument=long).code == "LimitExceeded"
    perform(
        root_of(account),
        "CreatePolicy",
        PolicyName="P",
        PolicyDocument=DOCUMENT + " " * 7000,
    )


def test_policy_versions_stop_at_five_and_are_never_renumbered():
    account = make_account()
    arn = make_policy(account).arn
    for _ in range(4):
        perform(
            root_of(account),
            "CreatePolicyVersion",
            PolicyArn=arn,
            PolicyDocument=DOCUMENT,
        )

    assert refusal(root_of(account), "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DOCUMENT).code == (
        "LimitExceeded"
    )
    perform(root_of(account), "DeletePolicyVersion", PolicyArn=arn, VersionId="v5")
    answer = perform(
        root_of(account),
        "CreatePolicyVersion",
        PolicyArn=arn,
        PolicyDocument=DOCUMENT,
        SetAsDefault=True,
    )

    assert answer["PolicyVersion"]["VersionId"] == "v6"
    versions = perform(root_of(account), "ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert [(version["VersionId"], version["IsDefaultVersion"]) for version in versions] == [
        ("v6", True),
        ("v4", False),
        ("v3", False),
        ("v2", False),
        ("v1", False),
    ]


def test_versions_of_a_policy_that_goes_meanwhile_are_not_told_to_be_none(monkeypatch):
    policy = make_policy(make_account())

    def find_and_see_deleted(call, arn):
        found = judged_policy(call, arn)
        policy.delete()
        return found

    monkeypatch.setattr(policies, "judged_policy", find_and_see_deleted)

    assert refusal(root_of(policy.account), "ListPolicyVersions", PolicyArn=policy.arn).code == "NoSuchEntity"


def test_delete_policy_version_refuses_the_default():
    account = make_account()
    arn = make_policy(account).arn

    assert refusal(root_of(account), "DeletePolicyVersion", PolicyArn=arn, VersionId="v1").code == "DeleteConflict"


@pytest.mark.parametrize("version", ["v2", "v99999999999999999999"])
def test_get_policy_version_unknown(version):
    account = make_account()

    error = refusal(
        root_of(account),
        "GetPolicyVersion",
        PolicyArn=make_policy(account).arn,
        VersionId=version,
    )

    assert error.code == "NoSuchEntity"


def test_delete_policy_refuses_while_attached_or_versioned():
    account = make_account()
    arn = make_policy(account).arn
    make_user(account)
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=arn)
    assert refusal(root_of(account), "DeletePolicy", PolicyArn=arn).code == "DeleteConflict"
    perform(root_of(account), "DetachUserPolicy", UserName="alice", PolicyArn=arn)
    perform(
        root_of(account),
        "PutUserPermissionsBoundary",
        UserName="alice",
        PermissionsBoundary=arn,
    )
    assert refusal(root_of(account), "DeletePolicy", PolicyArn=arn).code == "DeleteConflict"
    perform(root_of(account), "DeleteUserPermissionsBoundary", UserName="alice")

    perform(root_of(account), "DeletePolicy", PolicyArn=arn)

    assert not ManagedPolicy.objects.filter(arn=arn).exists()


def test_policy_of_another_account_does_not_exist_here():
    foreign = make_policy(make_account())
    account = make_account()
    make_user(account)

    for operation, parameters in [
        ("GetPolicy", {}),
        ("AttachUserPolicy", {"UserName": "alice"}),
        ("DeletePolicy", {}),
    ]:
        assert refusal(root_of(account), operation, PolicyArn=foreign.arn, **parameters).code == "NoSuchEntity"


def test_attaching_twice_counts_once_and_the_eleventh_is_refused():
    account = make_account()
    make_user(account)
    arns = [make_policy(account, f"p{number}").arn for number in range(11)]
    for arn in [*arns[:10], arns[0]]:
        perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=arn)

    error = refusal(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=arns[10])

    assert error.message == "Cannot exceed quota for PoliciesPerUser: 10"
    assert perform(root_of(account), "GetPolicy", PolicyArn=arns[0])["Policy"]["AttachmentCount"] == 1


def test_list_policies_by_scope_and_use():
    account = make_account()
    make_user(account)
    used, unused = make_policy(account, "Used"), make_policy(account, "Unused")
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=used.arn)

    local = perform(root_of(account), "ListPolicies", Scope="Local")["Policies"]
    attached = perform(root_of(account), "ListPolicies", OnlyAttached=True)["Policies"]

    assert {policy["Arn"] for policy in local} == {used.arn, unused.arn}
    assert [policy["Arn"] for policy in attached] == [used.arn]


@pytest.mark.parametrize(("kind", "limit"), [("User", 2048), ("Group", 5120)])
def test_inline_policies_share_one_size_quota(kind, limit):
    account = make_account()
    make_user(account, "target")
    make_group(account, "target")
    half = policy_document(allow("s3:GetObject", resource="arn:aws:s3:::" + "b" * (limit // 2)))
    owner = {f"{kind}Name": "target"}
    perform(
        root_of(account),
        f"Put{kind}Policy",
        PolicyName="one",
        PolicyDocument=half,
        **owner,
    )

    error = refusal(
        root_of(account),
        f"Put{kind}Policy",
        PolicyName="two",
        PolicyDocument=half,
        **owner,
    )

    assert error.code == "LimitExceeded"
    assert str(limit) in error.message
    perform(
        root_of(account),
        f"Put{kind}Policy",
        PolicyName="ONE",
        PolicyDocument=half,
        **owner,
    )
    assert perform(root_of(account), f"List{kind}Policies", **owner)["PolicyNames"] == ["one"]


def test_policy_is_not_attached_to_whoever_has_the_name_since():
    account = make_account()
    known, policy = make_user(account), make_policy(account)
    perform(root_of(account), "DeleteUser", UserName="alice")
    make_user(account)

    with pytest.raises(IamError) as refused:
        lock_to_attach(USER, known, account.pk, "alice", policy.arn, Statement(_policies_of, int))

    assert refused.value.code == "NoSuchEntity"


def _policies_of(user_pk):
    return UserPolicyAttachment.objects.filter(user=user_pk).values_list("policy_id")
