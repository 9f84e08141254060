"""The order of evaluation: IAM User Guide, "Policy evaluation logic" and its pages on single and cross account."""

import json

import pytest

from iam.policy import Outcome, PolicySet, PolicyType, Request, evaluate
from tests.iam.policy.documents import (
    ACCOUNT,
    BUCKET,
    FEDERATED,
    OBJECT,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    USER,
    allow,
    decide,
    deny,
    policy,
)

ALLOWED, EXPLICIT, IMPLICIT = "allowed", "explicitDeny", "implicitDeny"
ANYTHING = allow("*")
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


@pytest.mark.parametrize(
    ("statements", "expected", "matched"),
    [
        ([], IMPLICIT, []),
        ([allow()], ALLOWED, [["identity", 0, 0]]),
        ([allow("s3:Put*")], IMPLICIT, []),
        ([allow(), deny()], EXPLICIT, [["identity", 0, 1]]),
        ([deny(), allow()], EXPLICIT, [["identity", 0, 0]]),
        ([allow(), allow("*"), deny("s3:Put*")], ALLOWED, [["identity", 0, 0], ["identity", 0, 1]]),
        ([allow(None, NotAction="iam:*")], ALLOWED, [["identity", 0, 0]]),
        ([allow(None, NotAction="s3:*")], IMPLICIT, []),
        ([allow(resource=None, NotResource="arn:aws:s3:::other/*")], ALLOWED, [["identity", 0, 0]]),
        ([allow(resource=None, NotResource="arn:aws:s3:::data/*")], IMPLICIT, []),
        ([allow(resource=None)], IMPLICIT, []),
        ([allow(resource=[])], IMPLICIT, []),
        ([allow([])], IMPLICIT, []),
        ([allow(), deny(resource=None, NotResource=[f"{BUCKET}/${{aws:userid}}"])], EXPLICIT, [["identity", 0, 1]]),
        ([allow(Condition={})], ALLOWED, [["identity", 0, 0]]),
        ([allow(Condition={"StringEquals": {"aws:username": "alice"}})], ALLOWED, [["identity", 0, 0]]),
        ([allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], IMPLICIT, []),
        ([{"Effect": "allow", "Action": "*", "Resource": "*"}], IMPLICIT, []),
    ],
)
def test_identity_policy_decides(statements, expected, matched):
    decision = decide(*statements)

    assert (decision.decision, decision.matched) == (expected, matched)


def test_action_without_resource_types_is_matched_by_star_only():
    arguments = {"action": "s3:ListAllMyBuckets", "resource": "*"}

    assert not decide(allow("s3:*", "arn:aws:s3:::*"), **arguments).allowed
    assert decide(allow("s3:*", "*"), **arguments).allowed
    assert decide(allow("s3:*", None, NotResource="arn:aws:s3:::x"), **arguments).allowed


@pytest.mark.parametrize(
    ("identity", "boundary", "expected", "by"),
    [
        ([ANYTHING], [allow("s3:*")], ALLOWED, PolicyType.IDENTITY),
        ([ANYTHING], [allow("ec2:*")], IMPLICIT, PolicyType.BOUNDARY),
        ([], [ANYTHING], IMPLICIT, PolicyType.IDENTITY),
        ([ANYTHING], [ANYTHING, deny()], EXPLICIT, PolicyType.BOUNDARY),
    ],
)
def test_boundary_limits_and_never_grants(identity, boundary, expected, by):
    decision = decide(*identity, boundaries=[policy(*boundary)])

    assert (decision.decision, decision.decided_by) == (expected, by)


@pytest.mark.parametrize(
    ("session", "expected"), [([ANYTHING], ALLOWED), ([allow("ec2:*")], IMPLICIT), ([ANYTHING, deny()], EXPLICIT)]
)
def test_session_policy_limits_a_role_session(session, expected):
    decision = decide(ANYTHING, principal=SESSION, session=[policy(*session)])

    assert decision.decision == expected


def test_federated_user_needs_a_session_policy_and_calls_neither_iam_nor_sts():
    assert decide(ANYTHING, principal=FEDERATED).decided_by is PolicyType.SESSION
    assert decide(ANYTHING, principal=FEDERATED, session=[policy(ANYTHING)]).allowed
    for action in ("iam:ListUsers", "sts:GetSessionToken"):
        assert not decide(
            ANYTHING, principal=FEDERATED, session=[policy(ANYTHING)], action=action, resource="*"
        ).allowed
    assert decide(principal=FEDERATED, action="sts:GetCallerIdentity", resource="*").allowed


# What the Principal of a bucket's policy names, who calls, and whether identity policy, boundary and session policy
# count: the guide's table under "Resource-based policies and implicit denies in other policy types".
RESOURCE_POLICY_TABLE = [
    (USER, USER, False, False, None),
    (ROLE, SESSION, False, True, True),
    (SESSION, SESSION, False, False, False),
    (FEDERATED, FEDERATED, False, False, False),
    (USER.replace("alice", "team/bob"), FEDERATED, False, True, True),
    ("*", USER, False, False, None),
    ("*", SESSION, False, False, False),
    (ACCOUNT, USER, True, True, None),
    (ROOT, SESSION, True, True, True),
]


@pytest.mark.parametrize(
    ("named", "caller", "identity_counts", "boundary_counts", "session_counts"), RESOURCE_POLICY_TABLE
)
def test_resource_policy_decides_which_limits_count(named, caller, identity_counts, boundary_counts, session_counts):
    resource = policy(allow(Principal={"AWS": named}))
    every = {"boundaries": [policy(ANYTHING)], "session": [policy(ANYTHING)]}

    def outcome(*statements, **changes):
        request = Request(caller, "s3:GetObject", OBJECT, ACCOUNT)
        identity = [policy(*statements)]
        return evaluate(request, PolicySet(identity=identity, resource=resource, **{**every, **changes})).allowed

    assert outcome(ANYTHING)
    assert outcome(allow("ec2:*")) is not identity_counts
    assert outcome(ANYTHING, boundaries=[policy(allow("ec2:*"))]) is not boundary_counts
    if session_counts is not None:
        assert outcome(ANYTHING, session=[policy(allow("ec2:*"))]) is not session_counts
    assert not outcome(ANYTHING, deny())
    assert not outcome(ANYTHING, boundaries=[policy(ANYTHING, deny())])


@pytest.mark.parametrize("named", [USER, "*", ACCOUNT, ROOT.replace(ACCOUNT, OTHER)])
def test_other_account_needs_both_sides(named):
    resource = policy(allow(Principal={"AWS": named}))
    names_us = OTHER not in named

    assert decide(ANYTHING, account=OTHER).decided_by is PolicyType.RESOURCE
    decision = evaluate(
        Request(USER, "s3:GetObject", OBJECT, OTHER), PolicySet(identity=[policy(ANYTHING)], resource=resource)
    )
    assert decision.allowed is names_us
    without = evaluate(Request(USER, "s3:GetObject", OBJECT, OTHER), PolicySet(resource=resource))
    assert (without.allowed, without.decided_by) == (
        False,
        PolicyType.IDENTITY if names_us else PolicyType.RESOURCE,
    )


def cross(caller, *identity, named, **policies):
    request = Request(caller, "s3:GetObject", OBJECT, OTHER)
    resource = policy(allow(Principal={"AWS": named}))
    return evaluate(request, PolicySet(identity=[policy(*identity)], resource=resource, **policies))


def test_other_account_lets_every_limit_count():
    assert cross(SESSION, ANYTHING, named=SESSION, boundaries=[policy(ANYTHING)], session=[policy(ANYTHING)]).allowed
    assert not cross(SESSION, ANYTHING, named=SESSION, boundaries=[policy(allow("ec2:*"))]).allowed
    assert not cross(SESSION, ANYTHING, named=SESSION, session=[policy(allow("ec2:*"))]).allowed


def test_root_user_needs_no_policy_in_its_account():
    assert decide(principal=ROOT).allowed
    assert decide(deny("*"), principal=ROOT, boundaries=[policy(deny("*"))]).allowed
    assert decide(principal=ROOT, scp=[[policy(allow("ec2:*"))]]).decided_by is PolicyType.SCP
    assert decide(principal=ROOT, account=OTHER).decision is Outcome.IMPLICIT_DENY
    assert cross(ROOT, named=ACCOUNT).allowed


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([[ANYTHING], [ANYTHING]], ALLOWED),
        ([[ANYTHING], []], IMPLICIT),
        ([[ANYTHING], [allow("ec2:*")]], IMPLICIT),
        ([[ANYTHING], [allow("ec2:*"), allow("s3:*")]], ALLOWED),
        ([[ANYTHING], [ANYTHING, deny()]], EXPLICIT),
        ([[ANYTHING, deny()], [ANYTHING]], EXPLICIT),
    ],
)
def test_service_control_policies_must_allow_on_every_level(levels, expected):
    scp = [[policy(statement) for statement in level] for level in levels]
    decision = decide(ANYTHING, scp=scp)

    assert decision.decision == expected
    if expected == EXPLICIT:
        assert decision.matched[0][0] == "scp"


def test_service_control_policies_spare_services_and_service_linked_roles():
    nothing = [[policy(deny("*"))]]
    linked = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForSupport/x"
    resource = policy(allow(Principal={"Service": "logs.amazonaws.com"}))

    assert decide(ANYTHING, principal=linked, scp=nothing).allowed
    request = Request({"service": "logs.amazonaws.com"}, "s3:GetObject", OBJECT, ACCOUNT)
    assert evaluate(request, PolicySet(resource=resource, scp=nothing)).allowed


def test_resource_control_policies_deny_and_need_no_allow():
    rule = policy(deny("s3:*", Principal="*", Condition={"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}))
    everywhere = policy(deny("ec2:*", Principal="*"))

    assert decide(ANYTHING, rcp=[[rule]]).allowed
    assert cross(USER.replace(ACCOUNT, "777788889999"), ANYTHING, named="*", rcp=[[rule]]).decided_by is PolicyType.RCP
    # EC2 is no service that resource control policies bind.
    assert decide(ANYTHING, action="ec2:RunInstances", resource="*", rcp=[[everywhere]]).allowed


def test_endpoint_policy_must_allow():
    assert decide(ANYTHING, endpoint=[policy(allow("*", Principal="*"))]).allowed
    assert decide(ANYTHING, endpoint=[policy(allow("ec2:*", Principal="*"))]).decided_by is PolicyType.ENDPOINT
    assert decide(ANYTHING, endpoint=[policy(allow("*", Principal={"AWS": OTHER}))]).decided_by is PolicyType.ENDPOINT


def test_endpoint_policy_without_principal_concerns_everyone():
    assert decide(ANYTHING, endpoint=[policy(allow("*"))]).allowed
    assert decide(ANYTHING, endpoint=[policy(allow("*"), deny())]).decision is Outcome.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("caller", "principal", "expected"),
    [
        ("anonymous", "*", ALLOWED),
        ("anonymous", {"AWS": "*"}, ALLOWED),
        ("anonymous", {"AWS": ACCOUNT}, IMPLICIT),
        ({"service": "ec2.amazonaws.com"}, {"Service": "ec2.amazonaws.com"}, ALLOWED),
        ({"service": "ec2.amazonaws.com"}, {"Service": "ecs.amazonaws.com"}, IMPLICIT),
        ({"service": "ec2.amazonaws.com"}, "*", ALLOWED),
        ({"federated": "accounts.google.com"}, {"Federated": "accounts.google.com"}, ALLOWED),
        ({"federated": "accounts.google.com"}, {"Service": "accounts.google.com"}, IMPLICIT),
        (USER, {"AWS": USER.replace("alice", "Alice")}, IMPLICIT),
        (USER, {"AWS": [OTHER, USER]}, ALLOWED),
        (USER, {"AWS": "arn:aws:iam::111122223333:user/*"}, IMPLICIT),
        (USER, {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, IMPLICIT),
        (SESSION, {"AWS": SESSION.replace("job", "other")}, IMPLICIT),
        (SESSION, {"AWS": ROLE.replace("worker", "other")}, IMPLICIT),
        (USER, {}, IMPLICIT),
    ],
)
def test_principal_names_the_caller(caller, principal, expected):
    request = Request(caller, "s3:GetObject", OBJECT, ACCOUNT)

    assert evaluate(request, PolicySet(resource=policy(allow(Principal=principal)))).decision == expected


@pytest.mark.parametrize(
    ("user_id", "principal", "caller", "expected"),
    [
        ("AIDAEXAMPLE", "AIDAEXAMPLE", USER, ALLOWED),
        ("AIDAOTHER", "AIDAEXAMPLE", USER, IMPLICIT),
        ("AROAEXAMPLE:job", "AROAEXAMPLE", SESSION, ALLOWED),
    ],
)
def test_principal_may_be_the_id_that_an_arn_became(user_id, principal, caller, expected):
    request = Request(caller, "s3:GetObject", OBJECT, ACCOUNT, {"aws:userid": user_id})

    assert evaluate(request, PolicySet(resource=policy(allow(Principal={"AWS": principal})))).decision == expected


@pytest.mark.parametrize(
    ("listed", "caller", "expected"),
    [
        ([USER, ACCOUNT], USER, ALLOWED),
        ([ACCOUNT], USER, ALLOWED),
        ([USER], USER, ALLOWED),
        ([USER.replace("alice", "bob")], USER, EXPLICIT),
        ([ROLE], SESSION, ALLOWED),
        ([OTHER], USER, EXPLICIT),
    ],
)
def test_not_principal_with_deny_spares_who_is_listed(listed, caller, expected):
    resource = policy(deny(NotPrincipal={"AWS": listed}))
    request = Request(caller, "s3:GetObject", OBJECT, ACCOUNT)

    assert evaluate(request, PolicySet(identity=[policy(ANYTHING)], resource=resource)).decision == expected


@pytest.mark.parametrize(
    ("caller", "resource_account", "expected"),
    [(USER, ACCOUNT, EXPLICIT), (SESSION, OTHER, EXPLICIT), (ROOT, ACCOUNT, ALLOWED)],
)
def test_not_principal_with_deny_spares_nobody_who_has_a_boundary(caller, resource_account, expected):
    request = Request(caller, "s3:GetObject", OBJECT, resource_account)
    resource = policy(allow(Principal="*"), deny(NotPrincipal={"AWS": [caller, ACCOUNT]}))
    identity = [policy(ANYTHING)]

    assert evaluate(request, PolicySet(identity=identity, resource=resource)).allowed
    bounded = PolicySet(identity=identity, resource=resource, boundaries=[policy(ANYTHING)])
    assert evaluate(request, bounded).decision == expected


@pytest.mark.parametrize(
    ("caller", "trusted", "identity", "account", "expected"),
    [
        (USER, {"AWS": USER}, [], ACCOUNT, ALLOWED),
        (USER, {"AWS": ACCOUNT}, [ANYTHING], ACCOUNT, ALLOWED),
        (USER, {"AWS": ACCOUNT}, [], ACCOUNT, IMPLICIT),
        (USER, {"AWS": OTHER}, [ANYTHING], ACCOUNT, IMPLICIT),
        (SESSION, {"AWS": ROLE}, [], ACCOUNT, ALLOWED),
        (SESSION, {"AWS": ROLE.replace("worker", "other")}, [ANYTHING], ACCOUNT, IMPLICIT),
        (USER, {"AWS": USER}, [], OTHER, IMPLICIT),
        (USER, {"AWS": USER}, [ANYTHING], OTHER, ALLOWED),
        (USER, {"AWS": ACCOUNT}, [ANYTHING], OTHER, ALLOWED),
        ({"service": "ec2.amazonaws.com"}, {"Service": "ec2.amazonaws.com"}, [], ACCOUNT, ALLOWED),
    ],
)
def test_assuming_a_role_needs_its_trust_policy(caller, trusted, identity, account, expected):
    role = f"arn:aws:iam::{account}:role/target"
    trust = policy(allow("sts:AssumeRole", None, Principal=trusted))
    policies = PolicySet(identity=[policy(*identity)], resource=trust)
    decision = evaluate(Request(caller, "sts:AssumeRole", role, account), policies)

    assert decision.decision == expected


def test_trust_policy_that_is_silent_is_named_as_the_reason():
    role = f"arn:aws:iam::{ACCOUNT}:role/target"
    decision = decide(ANYTHING, action="sts:AssumeRole", resource=role)

    assert (decision.decision, decision.decided_by) == (Outcome.IMPLICIT_DENY, PolicyType.TRUST)


def test_key_policy_must_allow_even_in_one_account():
    request = Request(USER, "kms:Decrypt", KEY)
    identity = [policy(ANYTHING)]
    enabling = policy(allow("kms:*", Principal={"AWS": ROOT}))
    other = policy(allow("kms:*", Principal={"AWS": OTHER}))

    assert evaluate(request, PolicySet(identity=identity, resource=enabling)).allowed
    assert not evaluate(request, PolicySet(resource=enabling)).allowed
    assert not evaluate(request, PolicySet(identity=identity, resource=other)).allowed


def test_caller_identity_cannot_be_denied_and_a_session_token_needs_no_permission():
    assert decide(deny("*"), action="sts:GetCallerIdentity", resource="*").allowed
    assert decide(action="sts:GetSessionToken", resource="*").allowed
    assert not decide(deny("sts:*"), action="sts:GetSessionToken", resource="*").allowed


@pytest.mark.parametrize(
    ("caller", "key", "value"),
    [
        (USER, "aws:username", "alice"),
        (USER, "aws:PrincipalArn", USER),
        (USER, "aws:PrincipalType", "User"),
        (USER, "aws:PrincipalAccount", ACCOUNT),
        (USER, "aws:PrincipalIsAWSService", "false"),
        (USER, "aws:ResourceAccount", ACCOUNT),
        (SESSION, "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/worker"),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
        (ROOT, "aws:PrincipalType", "Account"),
        (ROOT, "aws:userid", ACCOUNT),
        (FEDERATED, "aws:userid", f"{ACCOUNT}:bob"),
        ("anonymous", "aws:PrincipalType", "Anonymous"),
        ("anonymous", "aws:PrincipalAccount", "anonymous"),
        ({"service": "sns.amazonaws.com"}, "aws:PrincipalServiceName", "sns.amazonaws.com"),
        ({"service": "sns.amazonaws.com"}, "aws:PrincipalIsAWSService", "true"),
    ],
)
def test_request_brings_the_keys_that_follow_from_it(caller, key, value):
    resource = policy(allow(Principal="*", Condition={"StringEquals": {key: value}}))

    assert evaluate(Request(caller, "s3:GetObject", OBJECT, ACCOUNT), PolicySet(resource=resource)).allowed


def test_context_wins_over_what_follows_from_the_request():
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}

    assert decide(allow(Condition=condition), principal=SESSION, context={"AWS:principalarn": ROLE}).allowed


@pytest.mark.parametrize("principal", ["alice", "arn:aws:s3:::b", "arn:aws:iam::1:group/g", {"aws": "x"}])
def test_request_of_nobody_is_refused(principal):
    with pytest.raises(ValueError, match="principal"):
        evaluate(Request(principal, "s3:GetObject", OBJECT), PolicySet())


def test_decision_names_the_keys_it_missed():
    decision = decide(
        allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        allow(resource=f"{BUCKET}/${{aws:userid}}*", Condition={"StringLike": {"s3:prefix": "${aws:PrincipalTag/x}"}}),
        allow("ec2:*", Condition={"Bool": {"ec2:EbsOptimized": "true"}}),
        scp=[[policy(allow("*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}))]],
    )

    assert decision.missing_context == ["aws:MultiFactorAuthPresent"]


def test_decision_gives_the_place_of_each_statement():
    match = decide(allow("ec2:*"), allow()).matches[0]

    text = match.policy.policy.tree.text
    assert json.loads(text[match.span.start.offset : match.span.end.offset]) == allow()


def test_trace_says_why_each_statement_applied_or_not():
    decision = decide(
        allow("s3:Put*", Sid="Writes"),
        allow(resource="arn:aws:s3:::other/*"),
        allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        deny(None, NotAction="s3:*"),
        allow(),
        resource=OBJECT,
    )

    assert [(step.place, step.reason) for step in decision.trace] == [
        (("identity", 0, 0), "Action does not include s3:GetObject"),
        (("identity", 0, 1), f"Resource does not include {OBJECT}"),
        (("identity", 0, 2), "StringEquals red does not hold: aws:PrincipalTag/team is not in the request"),
        (("identity", 0, 3), "NotAction excludes s3:GetObject"),
        (("identity", 0, 4), "The statement applies: Allow"),
    ]
    assert decision.trace[0].sid == "Writes"


def test_trace_explains_principals():
    resource = policy(
        allow(Principal={"AWS": OTHER}), deny(NotPrincipal={"AWS": ACCOUNT}), allow(), allow(Principal="*")
    )
    decision = evaluate(Request(USER, "s3:GetObject", OBJECT, ACCOUNT), PolicySet(resource=resource))

    assert [step.reason for step in decision.trace] == [
        f"Principal does not include {USER}",
        f"NotPrincipal excludes {USER}",
        "The statement names no principal",
        "The statement applies: Allow",
    ]
