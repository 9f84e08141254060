"""Entering an AWS account: whom the local account's policies let in, and what the session is worth."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account, Event, Role
from iam.operations import perform, session_tokens, signin, switch_role
from iam.principals import principal_from_text, principal_to_text
from iam.queries.connections import entrances_of, may_enter
from iam.queries.principals import find_key, find_role_account
from tests.factories import (
    SOURCE,
    allow,
    connection_session,
    deny,
    make_account,
    make_connection,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db
ASSUME = allow("sts:AssumeRole")
ROLE = "arn:aws:iam::210987654321:role/console/Operator"


def refusal(principal, operation, **parameters):
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def assume(principal, arn, **parameters):
    return perform(principal, "AssumeRole", **{"RoleArn": arn, "RoleSessionName": "any", **parameters})


@pytest.fixture
def owner():
    return make_account()


@pytest.fixture
def connection(owner):
    return make_connection(owner, "210987654321", role_arn=ROLE)


@pytest.fixture
def alice(owner):
    return principal_of(make_user(owner, "alice", statements=[allow("sts:*")]))


@pytest.fixture
def inside(connection, alice):
    return connection_session(connection, alice)


def test_session_names_the_person_whatever_was_asked_for(connection, alice):
    result = assume(alice, ROLE, RoleSessionName="mallory")

    principal = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal
    assert result["AssumedRoleUser"]["Arn"] == "arn:aws:sts::210987654321:assumed-role/Operator/alice"
    assert (principal.is_in_mirror, principal.account_id) == (True, "210987654321")
    assert (principal.session.name, principal.session.source_identity) == ("alice", "alice")
    assert result["SourceIdentity"] == "alice"


def test_source_identity_of_somebody_else_is_refused(connection, alice):
    error = refusal(alice, "AssumeRole", RoleArn=ROLE, RoleSessionName="any", SourceIdentity="bob")

    assert (error.code, error.parameter) == ("AccessDenied", "SourceIdentity")


def test_name_of_one_letter_is_made_long_enough(owner, connection):
    user = make_user(owner, "x", statements=[ASSUME])

    assert connection_session(connection, principal_of(user)).session.source_identity == "x_"


def test_role_session_of_the_owner_enters_under_its_own_name(owner, connection, alice):
    make_role(owner, "Admin", statements=[allow("sts:*")])
    chained = assume(alice, f"arn:aws:iam::{owner.pk}:role/Admin", RoleSessionName="alice-as-admin")
    admin = session_tokens.read(chained["Credentials"]["SessionToken"], SOURCE).principal

    assert connection_session(connection, admin).session.name == "alice-as-admin"


@pytest.mark.parametrize(
    "statements", [[], [allow("sts:AssumeRole", resource="arn:aws:iam::*:role/Other")], [ASSUME, deny("sts:*")]]
)
def test_policies_of_the_owner_decide(owner, connection, statements):
    user = make_user(owner, "bob", statements=statements)

    assert refusal(principal_of(user), "AssumeRole", RoleArn=ROLE, RoleSessionName="any").code == "AccessDenied"


def test_nobody_of_another_account_enters(connection):
    stranger = make_user(make_account(), "eve", statements=[allow("*")])

    assert refusal(principal_of(stranger), "AssumeRole", RoleArn=ROLE, RoleSessionName="any").code == "AccessDenied"


def test_root_does_not_enter(owner, connection):
    assert refusal(root_of(owner), "AssumeRole", RoleArn=ROLE, RoleSessionName="any").code == "AccessDenied"


def test_no_other_role_of_an_aws_account_can_be_assumed(connection, alice):
    account = connection.account
    role = Role.objects.create(
        account=account,
        name="Deploy",
        created_at=timezone.now(),
        assume_role_policy_document=trust_document({"AWS": "*"}),
    )

    assert refusal(alice, "AssumeRole", RoleArn=role.arn, RoleSessionName="any").code == "AccessDenied"


def test_mirrored_role_does_not_stand_in_for_the_connection(owner, alice):
    """Its trust policy is AWS's business: it lets nobody in here who has no connection."""
    connection = make_connection(make_account(), role_arn="", account_id="210987654321")
    Role.objects.create(
        account=connection.account,
        name="IAMConsole",
        created_at=timezone.now(),
        assume_role_policy_document=trust_document({"AWS": owner.pk}),
    )

    assert refusal(alice, "AssumeRole", RoleArn=connection.entry_role_arn, RoleSessionName="any").code == "AccessDenied"


def test_connection_without_role_is_entered_as_ours(owner, alice):
    connection = make_connection(owner, "210987654321")

    session = connection_session(connection, alice).session

    assert session.issuer_arn == "arn:aws:iam::210987654321:role/IAMConsole"
    assert session.issuer_id == connection_session(connection, alice).session.issuer_id
    assert session.issuer_id.startswith("AROA")


def test_session_bears_the_id_of_the_role_in_aws(owner, alice):
    tested = {"caller_id": "AROAEXAMPLEEXAMPLE123:worker"}
    connection = make_connection(owner, "210987654321", role_arn=ROLE, test_result=tested)

    assert connection_session(connection, alice).unique_id == "AROAEXAMPLEEXAMPLE123:alice"


def test_everything_is_allowed_inside(inside):
    assert perform(inside, "ListUsers")["Users"] == []
    assert Authorizer(inside).allows("iam:DeleteUser", "arn:aws:iam::210987654321:user/any")


def test_session_policy_limits_what_is_allowed_inside(connection, alice):
    result = assume(alice, ROLE, Policy=policy_document(allow("iam:ListUsers")))
    inside = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    assert perform(inside, "ListUsers")["Users"] == []
    assert refusal(inside, "ListRoles").code == "AccessDenied"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "any"}),
        ("GetFederationToken", {"Name": "any"}),
        ("GetSessionToken", {}),
        ("GetWebIdentityToken", {"Audience": ["any"], "SigningAlgorithm": "RS256"}),
        ("AssumeRoot", {"TargetPrincipal": "210987654321", "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/x"}}),
    ],
)
def test_session_leads_nowhere_else(inside, operation, parameters):
    assert refusal(inside, operation, **parameters).code == "AccessDenied"


def test_local_role_that_trusts_the_aws_account_does_not_let_the_session_in(owner, inside):
    role = make_role(owner, trust=trust_document({"AWS": "210987654321"}))

    assert refusal(inside, "AssumeRole", RoleArn=role.arn, RoleSessionName="any").code == "AccessDenied"


def test_session_tells_who_it_is(inside):
    assert perform(inside, "GetCallerIdentity")["Arn"] == "arn:aws:sts::210987654321:assumed-role/Operator/alice"


def test_session_ends_with_its_connection(connection, inside):
    connection.delete()

    assert find_role_account(inside) is None
    assert refusal(inside, "ListUsers").code == "AccessDenied"


def test_session_does_not_live_on_in_the_connection_of_whoever_comes_next(connection, inside):
    Account.objects.filter(pk=connection.account_id).delete()
    make_connection(make_account(), "210987654321", role_arn=ROLE)

    assert find_role_account(inside) is None
    assert refusal(inside, "ListUsers").code == "AccessDenied"


def test_session_does_not_reach_another_mirror(owner, connection, inside):
    other = make_connection(owner, "210987650000", role_arn="arn:aws:iam::210987650000:role/Operator")

    moved = replace(inside, account_id=other.account_id)

    assert refusal(moved, "ListUsers").code == "AccessDenied"


def test_session_survives_being_written_down(inside):
    assert principal_from_text(principal_to_text(inside)).is_in_mirror


def test_both_histories_tell_who_came_in(owner, inside):
    told = Event.objects.filter(name="AssumeRole").order_by("account_id")

    assert {event.account_id for event in told} == {owner.pk, "210987654321"}


def test_switching_goes_by_id_or_by_alias_of_an_account_of_ones_own(owner, connection, alice):
    Account.objects.filter(pk=connection.account_id).update(alias="prod")
    foreign = make_connection(make_account(), "110987654321", role_arn="arn:aws:iam::110987654321:role/Operator")
    Account.objects.filter(pk=foreign.account_id).update(alias="prod")
    until = timezone.now() + timedelta(hours=5)

    for name in ("210987654321", "2109-8765-4321", "prod"):
        entered = switch_role.switch_role(alice, name, "console/Operator", until=until)
        assert (entered.account.id, entered.principal.is_in_mirror) == ("210987654321", True)
        assert entered.principal.session.expires_at > timezone.now() + timedelta(hours=4)


def test_switching_to_an_aws_account_of_others_is_refused_like_any(connection):
    stranger = make_user(make_account(), "eve", statements=[allow("*")])

    with pytest.raises(IamError) as caught:
        switch_role.switch_role(
            principal_of(stranger), "210987654321", "console/Operator", until=timezone.now() + timedelta(hours=1)
        )

    assert caught.value.message == switch_role.refusal().message


def test_entrances_are_those_of_the_account(owner, connection, alice):
    make_connection(make_account())
    nobody = principal_of(make_user(owner, "bob"))

    [entrance] = entrances_of(owner.pk, limit=10)

    assert entrance.arn == ROLE
    assert may_enter(Authorizer(alice), entrance)
    assert not may_enter(Authorizer(nobody), entrance)
    assert not may_enter(Authorizer(root_of(owner)), entrance)


def test_nobody_signs_in_to_an_aws_account(connection):
    user = make_user(make_account(), "bob")
    type(user).objects.filter(pk=user.pk).update(account=connection.account)

    assert signin.find_account("210987654321") is None
    with pytest.raises(IamError) as caught:
        signin.sign_in_user("210987654321", "bob", "any password", SOURCE)
    assert caught.value.code == "AuthFailure"


def test_key_of_an_aws_account_signs_nothing_here(owner, connection):
    make_user(owner, "bob")
    key = perform(root_of(owner), "CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    assert find_key(key, source=SOURCE)

    owner.access_keys.update(account=connection.account)

    assert find_key(key, source=SOURCE) is None


@pytest.mark.parametrize(
    "operation", ["GetAccountSummary", "GetAccountAuthorizationDetails", "GetCredentialReport", "ListVirtualMFADevices"]
)
def test_reads_do_without_a_root_user(inside, operation):
    if operation == "GetCredentialReport":
        assert refusal(inside, operation).code == "ReportNotPresent"
    else:
        assert perform(inside, operation)
