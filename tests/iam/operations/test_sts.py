"""Assuming roles: who may, for how long, and what the credentials are worth."""

import base64
import json
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam import sealing
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import AccessKey, Event, Role, identifiers
from iam.operations import kernel, perform, session_tokens
from iam.operations.sts import record_role_use
from tests.factories import (
    SOURCE,
    allow,
    deny,
    make_account,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
ASSUME = allow("sts:AssumeRole")
HOUR = timedelta(hours=1)


def trust(principal, *actions, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": [*(actions or ["sts:AssumeRole"])], **more}


def trusting(account, *statements, name="Operator", **parameters):
    return make_role(account, name, trust=policy_document(*statements), **parameters)


def assume(principal, role, **parameters):
    arn = role if isinstance(role, str) else role.arn
    return perform(principal, "AssumeRole", **{"RoleArn": arn, "RoleSessionName": "alice", **parameters})


def refusal(principal, role, **parameters):
    with pytest.raises(IamError) as caught:
        assume(principal, role, **parameters)
    return caught.value


def holder(result):
    """Return the principal behind an answer of AssumeRole."""
    return session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def alice(account):
    """A user whose policy allows nothing."""
    return make_user(account, "alice")


@pytest.fixture
def bob(account):
    """A user who may assume every role that trusts the account."""
    return principal_of(make_user(account, "bob", statements=[allow("sts:*")]))


@pytest.fixture
def role(account):
    """A role that trusts its account."""
    return trusting(account, trust({"AWS": account.pk}, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"))


def test_answer_has_the_shape_of_sts(bob, role):
    result = assume(bob, role)

    credentials = result["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert len(credentials["SecretAccessKey"]) == 40
    assert abs(credentials["Expiration"] - timezone.now() - HOUR) < timedelta(seconds=5)
    assert result["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role.unique_id}:alice",
        "Arn": f"arn:aws:sts::{role.account_id}:assumed-role/Operator/alice",
    }
    assert "PackedPolicySize" not in result


def test_token_opens_into_the_session(bob, role):
    mfa_at = timezone.now()
    result = assume(replace(bob, mfa_authenticated_at=mfa_at), role)
    opened = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE)

    principal = opened.principal
    assert opened.secret_access_key == result["Credentials"]["SecretAccessKey"]
    assert principal.arn == result["AssumedRoleUser"]["Arn"]
    assert principal.access_key_id == opened.access_key_id == result["Credentials"]["AccessKeyId"]
    assert (principal.mfa_authenticated_at, principal.source) == (mfa_at, SOURCE)
    assert (principal.session.issuer_arn, principal.session.is_chained) == (role.arn, False)
    assert perform(principal, "GetCallerIdentity") == {
        "UserId": f"{role.unique_id}:alice",
        "Account": role.account_id,
        "Arn": principal.arn,
    }


@pytest.mark.parametrize("named", ["user", "account", "account root"])
@pytest.mark.parametrize("statements", [[], [ASSUME]], ids=["identity silent", "identity allows"])
def test_within_an_account_naming_the_user_suffices_and_naming_the_account_does_not(account, named, statements):
    user = make_user(account, "carol", statements=statements)
    names = {"user": user.arn, "account": account.pk, "account root": f"arn:aws:iam::{account.pk}:root"}
    role = trusting(account, trust({"AWS": names[named]}))

    if named == "user" or statements:
        assert holder(assume(principal_of(user), role)).account_id == account.pk
    else:
        assert "no identity-based policy allows" in refusal(principal_of(user), role).message


@pytest.mark.parametrize("named", ["user", "account"])
@pytest.mark.parametrize("statements", [[], [ASSUME]], ids=["identity silent", "identity allows"])
def test_across_accounts_both_sides_must_allow(account, named, statements):
    other = make_account()
    user = make_user(other, "carol", statements=statements)
    role = trusting(account, trust({"AWS": user.arn if named == "user" else other.pk}))

    if statements:
        assert holder(assume(principal_of(user), role)).account_id == account.pk
    else:
        error = refusal(principal_of(user), role)
        assert error.code == "AccessDenied"
        assert error.message.endswith(f"on resource: {role.arn}")


def test_role_that_trusts_somebody_else_refuses_whatever_policies_say(account, bob, alice):
    role = trusting(account, trust({"AWS": alice.arn}))

    assert "no role trust policy allows" in refusal(bob, role).message


def test_deny_of_the_user_wins_over_trust(account):
    user = make_user(account, "carol", statements=[deny("sts:AssumeRole")])
    role = trusting(account, trust({"AWS": user.arn}))

    assert "explicit deny in an identity-based policy" in refusal(principal_of(user), role).message


def test_deny_of_the_trust_policy_wins(account, bob):
    role = trusting(account, trust({"AWS": account.pk}), trust({"AWS": account.pk}, effect="Deny"))

    assert "explicit deny in the role trust policy" in refusal(bob, role).message


def test_user_made_anew_under_the_name_is_not_trusted(account):
    user = make_user(account, "carol")
    role = trusting(account, trust({"AWS": user.arn}))
    assume(principal_of(user), role)
    perform(root_of(account), "DeleteUser", UserName="carol")
    again = make_user(account, "carol")

    assert again.arn == user.arn
    assert "no role trust policy allows" in refusal(principal_of(again), role).message


def test_root_may_not_assume_roles(account, role):
    assert refusal(root_of(account), role).message == "Roles may not be assumed by root accounts."


def test_absent_and_untrusting_roles_are_refused_alike(account, bob, alice):
    untrusting = trusting(account, trust({"AWS": alice.arn}), Path="/a/")
    absent = f"arn:aws:iam::{account.pk}:role/a/Operatxr"

    with CaptureQueriesContext(connection) as of_untrusting:
        told = refusal(bob, untrusting).message
    with CaptureQueriesContext(connection) as of_absent:
        told_of_absent = refusal(bob, absent).message

    assert told.replace("Operator", "Operatxr") == told_of_absent
    assert len(of_untrusting) == len(of_absent)


@pytest.mark.parametrize("arn", ["arn:aws:iam::{}:role/operator", "arn:aws:iam::{}:role/other/Operator"])
def test_case_and_path_of_the_role_count(account, bob, role, arn):
    assert refusal(bob, arn.format(account.pk)).code == "AccessDenied"


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:user/alice", "x" * 20, "arn:aws:sts::123456789012:role/Op"])
def test_what_is_no_arn_of_a_role_is_invalid(bob, arn):
    error = refusal(bob, arn)

    assert (error.code, error.message) == ("ValidationError", f"{arn} is invalid")


@pytest.mark.parametrize("name", ["a", "a b", "a/b", "x" * 65])
def test_session_name_follows_the_pattern(bob, role, name):
    assert refusal(bob, role, RoleSessionName=name).code == "ValidationError"


def test_external_id_must_be_right(account, bob):
    role = trusting(account, trust({"AWS": account.pk}, Condition={"StringEquals": {"sts:ExternalId": "Unique-7"}}))

    assert refusal(bob, role).code == "AccessDenied"
    assert refusal(bob, role, ExternalId="other").code == "AccessDenied"
    assert assume(bob, role, ExternalId="Unique-7")


def test_mfa_of_the_callers_session_is_asked_for(account, bob):
    role = trusting(account, trust({"AWS": account.pk}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))

    assert refusal(bob, role).code == "AccessDenied"
    assert assume(replace(bob, mfa_authenticated_at=timezone.now()), role)


def test_code_of_a_device_that_nobody_can_check_is_refused(bob, role):
    error = refusal(bob, role, SerialNumber="arn:aws:iam::123456789012:mfa/bob", TokenCode="123456")

    assert error.message == "MultiFactorAuthentication failed with invalid MFA one time pass code."


@pytest.mark.parametrize(("asked", "longest", "is_allowed"), [(7200, 7200, True), (7201, 7200, False)])
def test_session_lasts_no_longer_than_the_role_lets_it(account, bob, asked, longest, is_allowed):
    role = trusting(account, trust({"AWS": account.pk}), MaxSessionDuration=longest)

    if is_allowed:
        ends = assume(bob, role, DurationSeconds=asked)["Credentials"]["Expiration"]
        assert abs(ends - timezone.now() - timedelta(seconds=asked)) < timedelta(seconds=5)
    else:
        error = refusal(bob, role, DurationSeconds=asked)
        assert error.code == "ValidationError"
        assert error.message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def test_duration_is_told_to_nobody_who_may_not_assume(account, alice, role):
    assert refusal(principal_of(alice), role, DurationSeconds=43200).code == "AccessDenied"


def test_chained_session_lasts_an_hour_at_most(account, bob):
    first = trusting(account, trust({"AWS": account.pk}))
    second = trusting(account, trust({"AWS": first.arn}), name="Second", MaxSessionDuration=43200)
    session = holder(assume(bob, first))

    chained = holder(assume(session, second))
    assert chained.session.is_chained
    error = refusal(session, second, DurationSeconds=3601)
    assert error.message.startswith("The requested DurationSeconds exceeds the 1 hour session limit")


def test_role_assumes_itself_only_where_it_is_named(account, bob, role):
    session = holder(assume(bob, role))

    assert refusal(session, role).code == "AccessDenied"


def test_session_policies_limit_the_session(account, bob):
    role = trusting(account, trust({"AWS": account.pk}), statements=[allow("iam:List*")])
    managed = make_policy(account, "Roles", allow("iam:ListRoles"))
    document = policy_document(allow("iam:ListUsers"))

    result = assume(bob, role, Policy=document, PolicyArns=[{"arn": managed.arn}])

    session = holder(result)
    assert 0 < result["PackedPolicySize"] <= 100
    perform(session, "ListUsers")
    perform(session, "ListRoles")
    with pytest.raises(IamError, match="no session policy allows the iam:ListGroups action"):
        perform(session, "ListGroups")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        (
            {"Policy": policy_document(allow(*(f"s3:Get{'x' * number}" for number in range(80))))},
            "PackedPolicyTooLarge",
        ),
        ({"PolicyArns": [{"arn": "arn:aws:iam::123456789012:policy/none"}]}, "NoSuchEntity"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidParameterValue"),
        ({"Tags": [{"Key": "aws:a", "Value": "1"}]}, "InvalidParameterValue"),
        ({"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]}, "InvalidParameterValue"),
        ({"SourceIdentity": "a b"}, "ValidationError"),
        ({"DurationSeconds": 899}, "ValidationError"),
        ({"ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/x"}]}, "ValidationError"),
    ],
)
def test_what_makes_no_session_is_refused(bob, role, parameters, code):
    assert refusal(bob, role, **parameters).code == code


def test_policy_of_another_account_is_no_session_policy(bob, role):
    foreign = make_policy(make_account())

    assert refusal(bob, role, PolicyArns=[{"arn": foreign.arn}]).code == "NoSuchEntity"


def test_tags_and_source_identity_need_the_trust_policys_leave(account, bob):
    role = trusting(account, trust({"AWS": account.pk}))

    assert "sts:TagSession" in refusal(bob, role, Tags=[{"Key": "a", "Value": "1"}]).message
    assert "sts:SetSourceIdentity" in refusal(bob, role, SourceIdentity="bob").message


def test_transitive_tags_and_source_identity_go_along(account, bob):
    actions = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    first = trusting(account, trust({"AWS": account.pk}, *actions))
    second = trusting(account, trust({"AWS": first.arn}, *actions), name="Second")
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "Cost", "Value": "1"}]
    session = holder(assume(bob, first, Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="bob"))

    chained = holder(assume(session, second)).session

    assert session.session.tags == {"Team": "a", "Cost": "1"}
    assert (chained.tags, chained.transitive_tag_keys, chained.source_identity) == ({"Team": "a"}, ("Team",), "bob")
    assert "conflicts" in refusal(session, second, Tags=[{"Key": "TEAM", "Value": "b"}]).message
    assert "cannot be changed" in refusal(session, second, SourceIdentity="eve").message


def test_source_identity_goes_along_only_where_the_next_role_lets_it(account, bob):
    first = trusting(account, trust({"AWS": account.pk}, "sts:AssumeRole", "sts:SetSourceIdentity"))
    second = trusting(account, trust({"AWS": first.arn}), name="Second")
    session = holder(assume(bob, first, SourceIdentity="bob"))

    assert "sts:SetSourceIdentity" in refusal(session, second).message


def test_events_hold_no_secret_and_both_accounts_learn_of_it(account):
    other = make_account()
    carol = principal_of(make_user(other, "carol", statements=[ASSUME]))
    role = trusting(account, trust({"AWS": other.pk}))

    result = assume(carol, role)

    own, foreign = (Event.objects.get(account_id=owner, name="AssumeRole") for owner in (other.pk, account.pk))
    assert own.user_identity["arn"] == carol.arn
    assert foreign.user_identity == {"type": "AWSAccount", "principalId": carol.unique_id, "accountId": other.pk}
    assert own.resources == foreign.resources == [{"ARN": role.arn, "accountId": account.pk}]
    assert own.response_elements["AssumedRoleUser"] == result["AssumedRoleUser"]
    for secret in ("SecretAccessKey", "SessionToken"):
        assert result["Credentials"][secret] not in json.dumps([own.response_elements, foreign.response_elements])


def test_assuming_writes_nothing_but_its_event(bob, role):
    with CaptureQueriesContext(connection) as queries:
        assume(bob, role)

    writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql.split()[2] for sql in writes] == ['"iam_event"']


def test_assuming_takes_four_queries_whatever_the_accounts(account, bob, role, django_assert_num_queries):
    foreign = trusting(make_account(), trust({"AWS": account.pk}))

    for assumed in (role, foreign):
        # The role with its tags, an AWS account that might be meant, the caller's policies; and one insert for the
        # events of both accounts.
        with django_assert_num_queries(4):
            assume(bob, assumed)


def test_asking_who_one_is_takes_one_query(bob, role, django_assert_num_queries):
    session = holder(assume(bob, role))

    for principal in (bob, session):
        with django_assert_num_queries(1):
            perform(principal, "GetCallerIdentity")


def test_nobody_is_denied_to_know_who_they_are(account):
    user = make_user(account, "dave", statements=[deny("*")])

    assert perform(principal_of(user), "GetCallerIdentity")["Arn"] == user.arn


def test_refused_call_is_recorded(account, alice, role):
    refusal(principal_of(alice), role)

    assert Event.objects.get(name="AssumeRole").error_code == "AccessDenied"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "ÿ" * 100,
        "A" * 200_000,
        partial(sealing.seal_packed, "{}"),
        partial(sealing.seal_packed, '{"kind": "other"}'),
        partial(sealing.seal_packed, '{"kind": ["User"]}'),
        partial(sealing.seal_packed, "[]"),
        partial(sealing.seal_packed, "plain"),
        partial(sealing.seal_packed, "x" * 1_000_000),
        sealing.seal('{"kind": "User"}').decode,
    ],
)
def test_what_is_no_token_opens_nothing(token):
    with pytest.raises(IamError) as caught:
        session_tokens.read(token if isinstance(token, str) else token(), SOURCE)

    assert caught.value.code == "InvalidClientTokenId"


def test_tampered_token_opens_nothing(bob, role):
    raw = bytearray(base64.urlsafe_b64decode(assume(bob, role)["Credentials"]["SessionToken"]))
    for position in (0, 5, len(raw) // 2, len(raw) - 1):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(IamError, match="The security token included in the request is invalid"):
            session_tokens.read(base64.urlsafe_b64encode(changed).decode(), SOURCE)


def test_expired_token_says_so(bob, role):
    session = holder(assume(bob, role))
    ended = replace(session, session=replace(session.session, expires_at=timezone.now()))

    with pytest.raises(IamError) as caught:
        session_tokens.read(session_tokens.issue(ended, timezone.now()).session_token, SOURCE)

    assert caught.value.code == "ExpiredToken"


def test_tokens_survive_a_rotation_of_keys(bob, role, settings):
    token = assume(bob, role)["Credentials"]["SessionToken"]
    fresh = "a" * 43 + "="
    settings.SEALING_KEYS = [fresh, *settings.SEALING_KEYS]
    assert session_tokens.read(token, SOURCE)

    settings.SEALING_KEYS = [fresh]
    with pytest.raises(IamError, match="invalid"):
        session_tokens.read(token, SOURCE)


def test_last_use_of_a_role_is_written_once_an_hour(bob, role):
    session = holder(assume(bob, role)).session
    record_role_use(session)
    first = Role.objects.get(pk=role.pk)
    record_role_use(session)
    second = Role.objects.get(pk=role.pk)
    Role.objects.filter(pk=role.pk).update(last_used_at=first.last_used_at - HOUR)
    record_role_use(session)

    assert first.last_used_at == second.last_used_at
    assert first.last_used_region == "us-east-1"
    assert Role.objects.get(pk=role.pk).last_used_at > first.last_used_at


def test_everybody_may_ask_who_they_are(account, alice):
    root, user = root_of(account), principal_of(alice)

    assert perform(root, "GetCallerIdentity")["UserId"] == account.pk
    assert perform(user, "GetCallerIdentity") == {
        "UserId": alice.unique_id,
        "Account": account.pk,
        "Arn": alice.arn,
    }


def test_session_is_as_old_as_the_policies_that_let_it_in(account, bob, monkeypatch):
    role = trusting(account, trust({"AWS": account.pk}), statements=[allow("iam:ListUsers")])
    judge = kernel.authorize
    revocations = []

    def revoke_meanwhile(*judged):
        judge(*judged)
        revocations.append(timezone.now())

    monkeypatch.setattr(kernel, "authorize", revoke_meanwhile)

    session = holder(assume(bob, role))

    assert session.session_issued_at < revocations[0]


def test_revoking_stops_the_sessions_of_before_and_no_later_ones(account, bob):
    role = trusting(account, trust({"AWS": account.pk}), statements=[allow("iam:ListUsers")])
    before = holder(assume(bob, role))
    revoked_at = timezone.now().isoformat()
    older = deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": revoked_at}})
    perform(
        root_of(account),
        "PutRolePolicy",
        RoleName=role.name,
        PolicyName="AWSRevokeOlderSessions",
        PolicyDocument=policy_document(older),
    )

    assert perform(holder(assume(bob, role)), "ListUsers")
    with pytest.raises(IamError, match="explicit deny in an identity-based policy"):
        perform(before, "ListUsers")


def test_token_goes_with_its_own_key_alone(bob, role):
    first, second = (assume(bob, role)["Credentials"] for _ in range(2))

    token = first["SessionToken"]
    assert session_tokens.read(token, SOURCE, access_key_id=first["AccessKeyId"])
    with pytest.raises(IamError, match="The security token included in the request is invalid"):
        session_tokens.read(token, SOURCE, access_key_id=second["AccessKeyId"])


ACTIONS = ("iam:ListUsers", "iam:ListRoles", "s3:GetObject")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(of_role=st.sets(st.sampled_from(ACTIONS), min_size=1), of_session=st.sets(st.sampled_from((*ACTIONS, "*"))))
def test_session_policy_never_widens_what_the_role_may(account, bob, of_role, of_session):
    role = trusting(account, trust({"AWS": account.pk}), name=f"R{secrets.token_hex(8)}", statements=[allow(*of_role)])
    document = policy_document(allow(*of_session)) if of_session else policy_document(deny("sns:*"))

    authorizer = Authorizer(holder(assume(bob, role, Policy=document)))

    for action in ACTIONS:
        is_allowed = action in of_role and bool({action, "*"} & of_session)
        assert authorizer.decide(action, "*").allowed is is_allowed


def test_largest_tags_are_refused_before_the_token_outgrows_a_header(bob, role):
    def tags(count):
        return [
            {"Key": f"{number:03}{secrets.token_hex(50)}", "Value": secrets.token_hex(100)} for number in range(count)
        ]

    result = assume(bob, role, Tags=tags(5))
    assert 0 < result["PackedPolicySize"] <= 100
    assert len(result["Credentials"]["SessionToken"]) <= session_tokens.LARGEST
    assert refusal(bob, role, Tags=tags(50)).code == "PackedPolicyTooLarge"


def test_account_of_a_key_is_told_to_everybody_with_the_permission(account, bob, role):
    other = make_account(with_root_access_key=True)
    key = AccessKey.objects.get(account=other)
    temporary = assume(bob, role)["Credentials"]["AccessKeyId"]

    told = {of: perform(bob, "GetAccessKeyInfo", AccessKeyId=of)["Account"] for of in (key.pk, temporary)}
    assert told == {key.pk: other.pk, temporary: account.pk}
    with pytest.raises(IamError, match="not authorized to perform: sts:GetAccessKeyInfo"):
        perform(principal_of(make_user(account, "carol")), "GetAccessKeyInfo", AccessKeyId=key.pk)


@pytest.mark.parametrize("key", ["AKIA" + "A" * 16, "ASIA" + "A" * 16, "ASIA" + "1" * 16, "x" * 128])
def test_key_of_nobody_is_of_no_account(bob, key):
    with pytest.raises(IamError) as refused:
        perform(bob, "GetAccessKeyInfo", AccessKeyId=key)

    assert refused.value.code == "ValidationError"


@given(st.integers(0, 10**12 - 1))
def test_key_of_a_session_tells_its_account(number):
    key = identifiers.temporary_access_key_id(f"{number:012}")

    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", key)
    assert identifiers.account_of_temporary_key(key) == f"{number:012}"
