"""Where the policies of a principal come from."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from iam.authorization import Authorizer
from iam.grants import PolicySource, grants_of, grants_of_user
from iam.models import PolicyVersion
from iam.operations import perform
from iam.principals import Session, role_session_principal
from iam.queries.principals import find_key
from tests.factories import (
    SOURCE,
    allow,
    make_account,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    root_of,
)

pytestmark = pytest.mark.django_db


def test_sources_stand_in_the_order_of_the_documents(django_assert_num_queries):
    account = make_account()
    root = root_of(account)
    user = make_user(account, statements=[allow("s3:*")])
    make_group(account, "Other")
    policy = make_policy(account, "Things", allow("sns:*"))
    for name in ("Team", "Two"):
        make_group(account, name, members=[user])
    for name in ("Team", "Two", "Other"):
        perform(root, "AttachGroupPolicy", GroupName=name, PolicyArn=policy.arn)
    inline = policy_document(allow("sqs:*"))
    perform(root, "PutGroupPolicy", GroupName="Two", PolicyName="inline", PolicyDocument=inline)
    perform(root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=policy.arn)

    with django_assert_num_queries(1):
        grants = grants_of_user(user.pk)

    found = dict(zip(grants.identity_sources, grants.identity, strict=True))
    assert set(found) == {
        PolicySource(policy.arn, "Team"),
        PolicySource(policy.arn, "Two"),
        PolicySource("test"),
        PolicySource("inline", "Two"),
    }
    assert found[PolicySource("inline", "Two")] == inline
    assert grants.boundary_sources == (PolicySource(policy.arn),)
    assert [source.is_managed for source in (PolicySource(policy.arn), PolicySource("inline", "Two"))] == [True, False]


def test_policies_of_other_accounts_pass_nothing_on_to_a_session():
    account = make_account()
    role = make_role(account, statements=[allow("s3:*")])
    own, foreign = (make_policy(of, "Things", allow("s3:*")).arn for of in (account, make_account()))
    ends_at = timezone.now() + timedelta(hours=1)

    sessions = [Session("alice", role.unique_id, role.arn, ends_at, policy_arns=(arn,)) for arn in (own, foreign)]

    deciding = [Authorizer(role_session_principal(account.pk, session)) for session in sessions]
    assert [each.decide("s3:GetObject", "*").allowed for each in deciding] == [True, False]


def long_policy(sid: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:*"), {**allow("sqs:*"), "Sid": sid * 3000}]})


def test_long_documents_are_read_once(django_assert_num_queries):
    account = make_account()
    user = make_user(account)
    policy = make_policy(account, "Things", *json.loads(long_policy("a"))["Statement"])
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    first = grants_of_user(user.pk)

    with django_assert_num_queries(1):
        again = grants_of_user(user.pk)

    assert [json.loads(text) for text in first.identity] == [json.loads(long_policy("a"))]
    assert again == first


def test_a_long_document_that_is_written_again_counts_at_once():
    account = make_account()
    user = make_user(account)
    policy = make_policy(account, "Things", *json.loads(long_policy("a"))["Statement"])
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)

    found = []
    for sid in ("a", "b"):
        PolicyVersion.objects.filter(policy=policy).update(document=long_policy(sid))
        found.append(grants_of_user(user.pk).identity)

    assert found == [(long_policy("a"),), (long_policy("b"),)]


def test_grants_are_read_again_where_a_version_goes_meanwhile():
    account = make_account()
    user = make_user(account)
    policy = make_policy(account, "Things", *json.loads(long_policy("a"))["Statement"])
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    replacements = ["b", "c"]

    def replace_after_reading(execute, *arguments):
        done = execute(*arguments)
        if replacements:
            PolicyVersion.objects.filter(policy=policy).update(document=long_policy(replacements.pop()))
        return done

    with connection.execute_wrapper(replace_after_reading):
        grants = grants_of_user(user.pk)

    assert grants.identity == (long_policy("b"),)


def test_what_comes_with_a_key_is_what_its_user_is_granted():
    account = make_account()
    root, user = root_of(account), make_user(account, statements=[allow("s3:*")], Tags=[{"Key": "a", "Value": "b c"}])
    short, long = (
        make_policy(account, "Short"),
        make_policy(account, "Long", *json.loads(long_policy("k"))["Statement"]),
    )
    make_group(account, "Team", members=[user])
    perform(root, "PutGroupPolicy", GroupName="Team", PolicyName="own", PolicyDocument=policy_document(allow("sqs:*")))
    perform(root, "AttachGroupPolicy", GroupName="Team", PolicyArn=long.arn)
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=short.arn)
    perform(root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=long.arn)
    key = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]

    principal, _key = find_key(key, source=SOURCE)

    assert grants_of(principal) == grants_of_user(user.pk)
    assert grants_of(principal).tags == {"a": "b c"}


def test_long_document_that_changed_since_it_came_with_a_key_is_read_anew():
    account = make_account()
    root = root_of(account)
    make_user(account)
    policy = make_policy(account, "Things", *json.loads(long_policy("x"))["Statement"])
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    key = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    principal, _key = find_key(key, source=SOURCE)

    PolicyVersion.objects.filter(policy=policy).update(document=long_policy("y"))

    assert grants_of(principal).identity == (long_policy("y"),)
