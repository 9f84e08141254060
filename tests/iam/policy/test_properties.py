"""What holds for all documents and requests."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iam.policy import (
    PolicyRefused,
    PolicySet,
    Request,
    canonical,
    check_for_saving,
    compile_policy,
    evaluate,
    parse_tree,
    read_policy,
    same_meaning,
    summarize,
)
from tests.iam.policy.documents import ACCOUNT, FEDERATED, OTHER, ROLE, ROOT, SESSION, USER, policy, text

ACTIONS = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "iam:*", "sts:AssumeRole"])
RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::data", "arn:aws:s3:::data/*", "arn:aws:s3:::data/${aws:username}", "arn:aws:iam::*:role/*"]
)
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": USER}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": ACCOUNT}, {"AWS": OTHER}, {"Service": "a.b"}]
)
KEYS = ["aws:username", "aws:PrincipalTag/team", "aws:TagKeys"]
BASES = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"]
VALUES = st.lists(st.sampled_from(["alice", "a*", "red", "${aws:username}", "*"]), min_size=1, max_size=3)
BLOCKS = st.dictionaries(
    st.sampled_from([*BASES, *(f"ForAnyValue:{base}" for base in BASES), *(f"ForAllValues:{base}" for base in BASES)]),
    st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=2),
    max_size=2,
)


@st.composite
def statements(draw, effects=("Allow", "Deny"), with_principal=False):
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    result = {
        "Effect": draw(st.sampled_from(effects)),
        action: draw(st.lists(ACTIONS, min_size=1, max_size=3)),
        resource: draw(st.lists(RESOURCES, min_size=1, max_size=3)),
        "Condition": draw(BLOCKS),
    }
    return {**result, "Principal": draw(PRINCIPALS)} if with_principal else result


def documents(**arguments):
    return st.lists(statements(**arguments), min_size=1, max_size=3)


REQUESTS = st.builds(
    Request,
    st.sampled_from([USER, ROOT, SESSION, FEDERATED, "anonymous", {"service": "a.b"}, {"federated": "c.d"}]),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "iam:ListUsers", "sts:AssumeRole", "sts:GetSessionToken"]),
    st.sampled_from(["*", "arn:aws:s3:::data", "arn:aws:s3:::data/alice", f"arn:aws:iam::{OTHER}:role/x"]),
    st.sampled_from([None, ACCOUNT, OTHER]),
    st.dictionaries(
        st.sampled_from(KEYS),
        st.sampled_from(["alice", "red", "", ["red"], ["alice", "red"], []]),
        max_size=3,
    ),
)


@st.composite
def policy_sets(draw):
    def some(**arguments):
        return [policy(*document) for document in draw(st.lists(documents(**arguments), max_size=2))]

    resource = draw(st.none() | documents(with_principal=True))
    return PolicySet(
        identity=some(),
        boundaries=some(),
        session=some(),
        resource=None if resource is None else policy(*resource),
        scp=[level for level in [some(), some()] if level],
        endpoint=some(with_principal=True),
    )


def changed(policies, **changes):
    names = ("identity", "boundaries", "session", "resource", "scp", "rcp", "endpoint")
    return PolicySet(**{**{name: getattr(policies, name) for name in names}, **changes})


def allowed(request, policies):
    return evaluate(request, policies).allowed


@given(REQUESTS, policy_sets(), documents(effects=("Deny",)))
@settings(max_examples=60)
def test_a_deny_never_adds_access(request, policies, denies):
    more = changed(policies, identity=[*policies.identity, policy(*denies)])

    assert allowed(request, policies) or not allowed(request, more)


@given(REQUESTS, policy_sets(), documents(effects=("Allow",)))
@settings(max_examples=60)
def test_an_allow_never_removes_access(request, policies, allows):
    more = changed(policies, identity=[*policies.identity, policy(*allows)])

    assert allowed(request, more) or not allowed(request, policies)


@given(REQUESTS, policy_sets(), documents())
@settings(max_examples=60)
def test_a_boundary_never_grants(request, policies, boundary):
    bounded = changed(policies, boundaries=[*policies.boundaries, policy(*boundary)])

    assert allowed(request, policies) or not allowed(request, bounded)


@given(REQUESTS, policy_sets(), documents())
@settings(max_examples=60)
def test_a_service_control_policy_never_grants(request, policies, scp):
    limited = changed(policies, scp=[*policies.scp, [policy(*scp)]])

    assert allowed(request, policies) or not allowed(request, limited)


@given(REQUESTS, policy_sets(), statements(effects=("Deny",), with_principal=True))
@settings(max_examples=60)
def test_an_explicit_deny_always_wins(request, policies, statement):
    statement = {**statement, "Principal": "*", "Condition": {}}
    before = changed(policies, resource=None)
    decision = evaluate(request, changed(policies, resource=policy(statement)))
    applies = any(match[0] == "resource" for match in decision.matched)

    assert decision.decision != "allowed" or not applies
    assert decision.decision != "explicitDeny" or applies or not allowed(request, before)


@given(REQUESTS, documents(with_principal=True))
@settings(max_examples=60)
def test_the_canonical_form_decides_alike(request, document):
    original = text(*document)
    form = canonical(read_policy(parse_tree(original)))
    answers = [
        evaluate(request, PolicySet(identity=[compiled], resource=compiled)).decision
        for compiled in (compile_policy(original), compile_policy(form))
    ]

    assert answers[0] == answers[1]
    assert canonical(read_policy(parse_tree(form))) == form


@given(REQUESTS, documents(), st.randoms())
@settings(max_examples=60)
def test_the_order_of_statements_never_matters(request, document, random):
    shuffled = random.sample(document, len(document))
    answers = [evaluate(request, PolicySet(identity=[policy(*order)])).decision for order in (document, shuffled)]

    assert answers[0] == answers[1]


@given(REQUESTS, statements(effects=("Allow",)))
@settings(max_examples=60)
def test_if_exists_is_weaker(request, statement):
    weaker = {f"{operator}IfExists": keys for operator, keys in statement["Condition"].items()}
    without = evaluate(request, PolicySet(identity=[policy(statement)])).allowed
    with_it = evaluate(request, PolicySet(identity=[policy({**statement, "Condition": weaker})])).allowed

    assert with_it or not without


@given(REQUESTS, policy_sets())
@settings(max_examples=50)
def test_the_trace_agrees_with_the_decision(request, policies):
    decision = evaluate(request, policies)
    applying = {step.place for step in decision.trace if step.applies}

    assert {tuple(place) for place in decision.matched} <= applying


WORDS = st.sampled_from(
    [
        "Allow",
        "Deny",
        "*",
        "s3:*",
        "arn:aws:s3:::data/*",
        "2012-10-17",
        "${",
        "${aws:userid}",
        "::",
        "?",
        "",
        "AWS",
        "a:b",
    ]
)
ELEMENTS = st.sampled_from(
    [
        "Version",
        "Statement",
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "Condition",
        "StringLike",
        "NumericEquals",
        "Bool",
        "Null",
        "ForAllValues:IpAddress",
        "aws:SourceIp",
        "AWS",
        "Service",
        "Other",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ELEMENTS, inner, max_size=5),
    max_leaves=25,
)
DOCUMENTS = st.fixed_dictionaries(
    {"Statement": JSON | st.lists(st.dictionaries(ELEMENTS, JSON, max_size=6), max_size=3)}
)


@given(REQUESTS, DOCUMENTS | JSON)
@settings(max_examples=80)
def test_a_document_of_any_shape_is_read_decided_and_summarised(request, document):
    written = json.dumps(document)
    compiled = compile_policy(written)
    decision = evaluate(request, PolicySet(identity=[compiled], resource=compiled))
    summarize([compiled.policy])

    assert decision.trace is not None
    assert decision.missing_context is not None
    assert same_meaning(compiled.policy, read_policy(parse_tree(canonical(compiled.policy))))
    with suppress(PolicyRefused):
        check_for_saving(written)


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_no_text_makes_saving_raise_anything_but_its_refusal(text):
    with pytest.raises(PolicyRefused):
        check_for_saving(text)
