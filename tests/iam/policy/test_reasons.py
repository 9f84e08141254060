"""Why a request was decided as it was, and what would allow it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy import Outcome, PolicySet, PolicyType, Request, compile_policy, evaluate
from iam.policy.reasons import document_of, layers, remedy
from tests.iam.policy.documents import ACCOUNT, BUCKET, OBJECT, ROLE, SESSION, USER, allow, decide, deny, policy


def only(decision):
    [layer] = layers(decision)
    return layer


def test_layers_come_in_order_with_what_each_said():
    found = layers(
        decide(allow("*"), deny("s3:*"), boundaries=[policy(allow("s3:*"))], session=[policy(allow("ec2:*"))])
    )

    assert [(layer.type, layer.outcome) for layer in found] == [
        (PolicyType.IDENTITY, Outcome.EXPLICIT_DENY),
        (PolicyType.BOUNDARY, Outcome.ALLOWED),
        (PolicyType.SESSION, Outcome.IMPLICIT_DENY),
    ]
    assert [len(found[0].denying), len(found[0].allowing), len(found[1].allowing)] == [1, 1, 1]


def test_nearest_statement_comes_first_and_others_are_not_near():
    layer = only(
        decide(
            allow("s3:*", f"{BUCKET}/x", Condition={"Bool": {"aws:SecureTransport": "true"}}),
            allow("s3:*", f"{BUCKET}/x"),
            allow("s3:Get*", Condition={"StringEquals": {"aws:username": "bob"}}),
            allow("ec2:*"),
            deny("s3:*", f"{BUCKET}/x"),
        )
    )

    assert [reason.match.place[-1] for reason in layer.near] == [1, 2, 0]
    assert [reason.explanation.failed for reason in layer.near] == ["Resource", "Condition", "Resource"]
    assert "aws:username is alice" in layer.near[1].explanation.reason


@pytest.mark.parametrize(
    ("statements", "more", "types"),
    [
        ([], {}, [PolicyType.IDENTITY]),
        ([allow("s3:Put*")], {}, [PolicyType.IDENTITY]),
        ([allow("*")], {"boundaries": [policy(allow("ec2:*"))]}, [PolicyType.BOUNDARY]),
        (
            [],
            {"boundaries": [policy(allow("ec2:*"))], "session": [policy(allow("ec2:*"))]},
            [PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION],
        ),
    ],
)
def test_remedy_names_each_layer_that_lacks_a_statement(statements, more, types):
    additions = remedy(decide(*statements, **more))

    assert [addition.type for addition in additions] == types
    assert json.loads(additions[0].statement) == {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECT}


def test_remedy_takes_a_star_where_the_action_knows_no_resources():
    [addition] = remedy(decide(allow("s3:Put*"), action="iam:listusers", resource="*"))

    assert json.loads(addition.statement) == {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}


def assume(principal, trust, *statements, context=None):
    request = Request(principal, "sts:AssumeRole", ROLE, ACCOUNT, context or {})
    return evaluate(request, PolicySet(identity=[policy(*statements)], resource=policy(trust)))


def test_remedy_for_trust_names_the_user():
    [addition] = remedy(assume(USER, allow("ec2:*", None, Principal={"AWS": ACCOUNT}), allow("*")))

    statement = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}
    assert (addition.type, json.loads(addition.statement)) == (PolicyType.TRUST, statement)


def test_remedy_for_trust_names_the_role_of_a_session():
    context = {"aws:PrincipalArn": ROLE}
    decision = assume(SESSION, allow("ec2:*", None, Principal={"AWS": ACCOUNT}), context=context)

    assert json.loads(remedy(decision)[-1].statement)["Principal"] == {"AWS": ROLE}


@pytest.mark.parametrize(
    "decision",
    [
        decide(allow("*")),
        decide(allow("*"), deny("s3:*")),
        decide(allow("*"), scp=[[policy(allow("ec2:*"))]]),
    ],
    ids=["allowed", "explicit deny", "service control policy"],
)
def test_remedy_is_none_where_no_statement_of_the_account_helps(decision):
    assert remedy(decision) == []


actions = st.sampled_from(["s3:GetObject", "S3:getobject", "iam:ListUsers", "iam:GetUser", "unknown:Thing"])
names = st.text(alphabet="ab*?$/{}+=,.@_-", min_size=1, max_size=12)
elsewhere = st.lists(st.sampled_from([allow("ec2:*"), allow("s3:*", f"{BUCKET}/x"), allow("iam:Get*", USER)]))


@given(actions, names, elsewhere, elsewhere)
def test_remedy_allows_the_request_and_nothing_beside_it(action, name, identity, boundary):
    resource = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    decision = decide(allow("sns:*"), *identity, action=action, resource=resource, boundaries=[policy(*boundary)])
    additions = remedy(decision)

    if decision.allowed:
        assert additions == []
        return
    added = compile_policy(document_of(additions[0].statement))
    assert evaluate(decision.request, PolicySet(identity=[added])).allowed
    other = Request(USER, action, f"{resource}z", ACCOUNT)
    assert not evaluate(other, PolicySet(identity=[added])).allowed or '"Resource": "*"' in additions[0].statement
