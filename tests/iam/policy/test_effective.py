"""What policies allow together: services, actions, and the statements behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy import PolicySet, PolicyType, Request, compile_policy, evaluate
from iam.policy.effective import Effective, State
from tests.iam.policy.documents import ACCOUNT, BUCKET, OBJECT, USER, allow, deny, text

FIRST, SECOND, LIMIT = (PolicyType.IDENTITY, 0), (PolicyType.IDENTITY, 1), (PolicyType.BOUNDARY, 0)


def effective(*identity, boundary=None):
    """Each list of statements is a policy."""

    def read(statements):
        return compile_policy(text(*statements)).policy

    return Effective([read(statements) for statements in identity], [read(boundary)] if boundary is not None else [])


def test_service_merges_what_all_policies_allow():
    service = effective([allow("s3:Get*")], [allow("s3:Put*", f"{BUCKET}/*")]).find_service("s3")

    assert service.allowing == (FIRST, SECOND)
    assert service.access_level.startswith("Limited: Read, Tagging, Write")
    assert (service.resource, service.condition, service.state) == ("Multiple", "None", State.ALLOWED)


def test_service_list_has_every_service_once_and_unknown_ones_first():
    services = effective([allow(["nowhere:Thing", "s3:*"])]).services

    assert (services[0].prefix, services[0].access_level, services[0].allowing) == ("nowhere", "", (FIRST,))
    assert len({service.prefix for service in services}) == len(services)
    assert [service.prefix for service in services if service.granted] == ["s3"]
    assert next(service.access_level for service in services if service.granted) == "Full access"


@pytest.mark.parametrize(
    ("identity", "boundary", "state"),
    [
        ([], None, State.NOT_ALLOWED),
        ([allow("ec2:*")], None, State.NOT_ALLOWED),
        ([allow("s3:*", USER)], None, State.NOT_ALLOWED),
        ([allow("s3:*")], None, State.ALLOWED),
        ([allow(None, NotAction="iam:*")], None, State.ALLOWED),
        ([allow(None, NotAction="s3:*")], None, State.NOT_ALLOWED),
        ([allow("s3:*", None, NotResource=f"{BUCKET}/x")], None, State.ALLOWED),
        ([allow("s3:*", None, NotResource="*")], None, State.NOT_ALLOWED),
        ([allow("s3:*"), deny("s3:Get*")], None, State.DENIED),
        ([deny("*")], None, State.DENIED),
        ([allow("s3:*"), deny("s3:Get*", f"{BUCKET}/secret")], None, State.IN_PART),
        ([allow("s3:*"), deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], None, State.IN_PART),
        ([allow("s3:*"), deny("ec2:*")], None, State.ALLOWED),
        ([allow("s3:*")], [], State.STOPPED),
        ([allow("s3:*")], [allow("ec2:*")], State.STOPPED),
        ([allow("s3:*")], [allow("*")], State.ALLOWED),
        ([allow("s3:*")], [allow("s3:*", f"{BUCKET}/*")], State.IN_PART),
        ([allow("s3:*")], [allow("*"), deny("s3:*")], State.DENIED),
        ([], [allow("*")], State.NOT_ALLOWED),
    ],
)
def test_action_state(identity, boundary, state):
    assert effective(identity, boundary=boundary).find_action("s3:GetObject").state is state


def test_action_says_where_it_comes_from_and_what_limits_it():
    found = effective(
        [allow("s3:*", f"{BUCKET}/a"), deny("s3:GetObject", f"{BUCKET}/b")],
        [allow("s3:GetObject", f"{BUCKET}/a", Condition={"Bool": {"aws:SecureTransport": "true"}})],
        boundary=[allow("s3:*", f"{BUCKET}/*")],
    )
    action = found.find_action("s3:getobject")

    assert (action.name, action.allowing, action.limiting) == ("GetObject", (FIRST, SECOND), (FIRST, LIMIT))
    assert action.condition == "aws:SecureTransport | bool | true"
    said = found.statements("s3:GetObject")
    assert [(item.source, item.index, str(item.effect)) for item in said] == [
        (FIRST, 0, "Allow"),
        (SECOND, 0, "Allow"),
        (FIRST, 1, "Deny"),
        (LIMIT, 0, "Allow"),
    ]
    assert said[0].resources == ("BucketName | string like | data, ObjectName | string like | a",)


def test_actions_of_a_service_begin_with_those_nobody_knows():
    actions = effective([allow(["s3:Frobnicate", "s3:GetObject"])]).actions("s3")

    assert (actions[0].name, actions[0].access_level, actions[0].state) == ("Frobnicate", None, State.IN_PART)
    assert {action.name for action in actions if action.state is State.ALLOWED} == {"GetObject"}


def test_unknown_names_have_no_answer():
    found = effective([allow("*")])

    assert found.find_service("nowhere") is None
    assert found.find_action("s3:Frobnicate") is None
    assert (found.actions("nowhere"), found.statements("s3:Frobnicate")) == ((), ())


patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "iam:GetUser", "iam:*", "ec2:*"])
resources = st.sampled_from(["*", OBJECT, f"{BUCKET}/*", BUCKET, USER, f"arn:aws:iam::{ACCOUNT}:user/*"])
conditions = st.sampled_from([None, {"Bool": {"aws:SecureTransport": "true"}}])


@st.composite
def statements(draw):
    make = draw(st.sampled_from([allow, allow, deny]))
    action, resource = draw(patterns), draw(resources)
    names = {"Action": action} if draw(st.integers(0, 3)) else {"NotAction": action}
    meant = {"Resource": resource} if draw(st.integers(0, 3)) else {"NotResource": resource}
    return make(None, None, **names, **meant, Condition=draw(conditions))


policies = st.lists(statements(), max_size=4)
asked = st.sampled_from([("s3:GetObject", OBJECT), ("s3:ListBucket", BUCKET), ("iam:GetUser", USER)])


@given(policies, st.none() | policies, asked, st.booleans())
def test_states_agree_with_decisions(identity, boundary, request_of, is_secure):
    action, resource = request_of
    context = {"aws:SecureTransport": "true" if is_secure else "false"}
    compiled = [compile_policy(text(*part)) for part in (identity, boundary) if part is not None]
    decision = evaluate(
        Request(USER, action, resource, ACCOUNT, context), PolicySet(identity=compiled[:1], boundaries=compiled[1:])
    )

    found = effective(identity, boundary=boundary).find_action(action)

    if found.state in (State.NOT_ALLOWED, State.DENIED, State.STOPPED):
        assert not decision.allowed
    elif found.state is State.ALLOWED and (found.resource, found.condition) == ("All resources", "None"):
        assert decision.allowed
    if decision.allowed:
        assert found.allowing
