"""Where the policies of a principal come from."""

import pytest

from iam.grants import PolicySource, grants_of_user
from iam.operations import perform
from tests.factories import allow, make_account, make_group, make_policy, make_user, policy_document, root_of

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
