"""A call that is judged by what an earlier one read is answered as if it had been read for it."""

from datetime import timedelta

import pytest
from botocore.credentials import Credentials
from django.db import connection
from django.db.models import F
from django.utils import timezone

from iam.api import known_keys
from iam.errors import OutdatedError
from iam.models import AccessKey, Event, Group, QuotaShard, Role, User
from iam.models.readings import nothing_unchecked
from iam.operations import perform, sts_regions
from iam.queries import principals
from tests.factories import (
    allow,
    deny,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_user,
    policy_document,
    root_of,
    trust_document,
)
from tests.factories import code_of as one_time_code_of
from tests.iam.api.signing import root_key, signed
from tests.iam.api.test_door import code_of, element_of, session_of, user_key
from tests.iam.test_metrics import count_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def caller(account):
    """A user who may do everything by an inline policy, a managed one and a group."""
    user = make_user(account, "caller", statements=[allow("*")], Tags=[{"Key": "team", "Value": "one"}])
    make_group(account, "Everyone", members=[user])
    return user


@pytest.fixture
def create(caller, client):
    """Return a function that creates a group with the caller's key; its next call is judged ahead."""
    key = user_key(caller)

    def create_group(name, **parameters):
        return signed(key, "iam", "CreateGroup", GroupName=name, **parameters).send(client)

    for name in ("first", "second"):
        assert create_group(name).status_code == 200
    return create_group


@pytest.fixture
def assume(account, caller, client):
    """Return a function that assumes the role `bench` with the caller's key; its next call is judged ahead."""
    make_role(account, "bench")
    key = user_key(caller)

    def assume_role(**parameters):
        named = {"RoleArn": f"arn:aws:iam::{account.pk}:role/bench", "RoleSessionName": "cli"}
        return signed(key, "sts", "AssumeRole", **named, **parameters).send(client)

    for _ in range(2):
        assert assume_role().status_code == 200
    return assume_role


@pytest.fixture
def statements(django_assert_max_num_queries):
    """Return a function that runs another and returns the statements that it took, without those of savepoints."""

    def statements_of(run):
        with django_assert_max_num_queries(100) as captured:
            response = run()
        told = [query["sql"] for query in captured.captured_queries]
        return response, [sql for sql in told if "SAVEPOINT" not in sql]

    return statements_of


def events_of(account, name):
    return list(
        Event.objects.filter(account_id=account.pk, name=name).order_by("at").values_list("error_code", flat=True)
    )


def test_creation_is_one_statement(account, create, statements):
    response, told = statements(lambda: create("third"))

    assert element_of(response, "GroupName") == "third"
    assert len(told) == 1
    assert Group.objects.filter(account=account, name="third").count() == 1
    assert events_of(account, "CreateGroup")[-3:] == ["", "", ""]


def test_session_is_one_statement(account, assume, statements):
    began_at = timezone.now() - timedelta(seconds=1)

    response, told = statements(assume)

    assert element_of(response, "Arn") == f"arn:aws:sts::{account.pk}:assumed-role/bench/cli"
    assert len(told) == 1
    event = Event.objects.filter(account_id=account.pk, name="AssumeRole").latest("at")
    assert event.response_elements["Credentials"]["AccessKeyId"] == element_of(response, "AccessKeyId")
    assert timezone.datetime.fromisoformat(element_of(response, "Expiration")) >= began_at + timedelta(hours=1)


def test_root_is_judged_ahead_too(account, client, statements):
    key = root_key(account)
    for name in ("first", "second"):
        signed(key, "iam", "CreateUser", UserName=name).send(client)

    response, told = statements(lambda: signed(key, "iam", "CreateUser", UserName="third").send(client))

    assert (response.status_code, len(told)) == (200, 1)


LOSSES = {
    "policy": lambda root: perform(root, "DeleteUserPolicy", UserName="caller", PolicyName="test"),
    "denied": lambda root: perform(
        root, "PutUserPolicy", UserName="caller", PolicyName="no", PolicyDocument=policy_document(deny("*"))
    ),
    "denied by a group": lambda root: perform(
        root, "PutGroupPolicy", GroupName="Everyone", PolicyName="no", PolicyDocument=policy_document(deny("*"))
    ),
    "denied by a managed policy": lambda root: perform(
        root,
        "AttachGroupPolicy",
        GroupName="Everyone",
        PolicyArn=perform(root, "CreatePolicy", PolicyName="no", PolicyDocument=policy_document(deny("*")))["Policy"][
            "Arn"
        ],
    ),
    "denied by a tag": lambda root: perform(
        root,
        "PutUserPolicy",
        UserName="caller",
        PolicyName="test",
        PolicyDocument=policy_document(
            allow("*", Condition={"StringEquals": {"aws:PrincipalTag/team": "two"}}),
        ),
    ),
    "boundary": lambda root: perform(
        root,
        "PutUserPermissionsBoundary",
        UserName="caller",
        PermissionsBoundary=perform(
            root, "CreatePolicy", PolicyName="Less", PolicyDocument=policy_document(allow("s3:*"))
        )["Policy"]["Arn"],
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_who_loses_a_permission_creates_nothing_more(loss, account, create):
    LOSSES[loss](root_of(account))

    assert code_of(create("third")) == "AccessDenied"
    assert not Group.objects.filter(account=account, name="third").exists()
    assert events_of(account, "CreateGroup")[-1] == "AccessDenied"
    assert events_of(account, "CreateGroup").count("AccessDenied") == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_who_loses_a_permission_assumes_no_role(loss, account, assume):
    Role.objects.filter(account=account).update(
        assume_role_policy_document=trust_document({"AWS": account.pk}),
    )
    assume()
    LOSSES[loss](root_of(account))

    assert code_of(assume()) == "AccessDenied"
    assert events_of(account, "AssumeRole")[-1] == "AccessDenied"
    assert events_of(account, "AssumeRole").count("AccessDenied") == 1


def test_permission_for_tags_is_lost_with_the_tag(account, caller, create):
    condition = {"StringEquals": {"aws:PrincipalTag/team": "one"}}
    document = policy_document(allow("*", Condition=condition))
    perform(root_of(account), "PutUserPolicy", UserName="caller", PolicyName="test", PolicyDocument=document)
    assert [create(name).status_code for name in ("third", "fourth")] == [200, 200]

    perform(root_of(account), "UntagUser", UserName="caller", TagKeys=["team"])

    assert code_of(create("fifth")) == "AccessDenied"


def test_permission_counts_as_soon_as_it_is_given(account, caller, create):
    perform(root_of(account), "DeleteUserPolicy", UserName="caller", PolicyName="test")
    assert code_of(create("third")) == "AccessDenied"

    policy = make_policy(account, "Groups", allow("iam:CreateGroup"))
    perform(root_of(account), "AttachGroupPolicy", GroupName="Everyone", PolicyArn=policy.arn)

    assert create("third").status_code == 200


def test_default_version_of_a_policy_counts_at_once(account, caller, create):
    root = root_of(account)
    policy = make_policy(account, "All", allow("*"))
    perform(root, "AttachUserPolicy", UserName="caller", PolicyArn=policy.arn)
    perform(root, "DeleteUserPolicy", UserName="caller", PolicyName="test")
    assert [create(name).status_code for name in ("third", "fourth")] == [200, 200]

    document = policy_document(allow("s3:*"))
    perform(root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=document, SetAsDefault=True)

    assert code_of(create("fifth")) == "AccessDenied"


ENDS = {
    "deactivated": lambda keys: keys.update(status="Inactive"),
    "deleted": lambda keys: keys.delete(),
    "another secret": lambda keys: keys.update(sealed_secret=b""),
}


@pytest.mark.parametrize("end", ENDS)
def test_key_ends_at_once(end, account, create, assume):
    ENDS[end](AccessKey.objects.filter(account=account))

    assert code_of(create("third")) == "InvalidClientTokenId"
    assert code_of(assume()) == "InvalidClientTokenId"
    assert not Group.objects.filter(account=account, name="third").exists()


CHANGES_OF_ROLE = {
    "trusts somebody else": (
        lambda role: Role.objects.filter(pk=role.pk).update(
            assume_role_policy_document=trust_document({"AWS": "123456789012"})
        ),
        "AccessDenied",
    ),
    "trusts for less time": (lambda role: perform_update(role, MaxSessionDuration=3600), "ValidationError"),
    "deleted": (lambda role: perform(root_of(role.account), "DeleteRole", RoleName="bench"), "AccessDenied"),
    "moved": (lambda role: Role.objects.filter(pk=role.pk).update(path="/secret/"), "AccessDenied"),
}


def perform_update(role, **parameters):
    perform(root_of(role.account), "UpdateRole", RoleName=role.name, **parameters)


@pytest.mark.parametrize("change", CHANGES_OF_ROLE)
def test_role_is_assumed_as_it_is_now(change, account, assume):
    role = Role.objects.get(account=account, name="bench")
    perform_update(role, MaxSessionDuration=7200)
    for _ in range(2):
        assert assume(DurationSeconds="7200").status_code == 200
    happens, code = CHANGES_OF_ROLE[change]
    happens(role)

    assert code_of(assume(DurationSeconds="7200")) == code


def test_role_made_anew_is_another(account, assume):
    before = element_of(assume(), "AssumedRoleId")
    perform(root_of(account), "DeleteRole", RoleName="bench")
    make_role(account, "bench")

    after = element_of(assume(), "AssumedRoleId")

    assert after.split(":")[0] != before.split(":")[0]
    assert after.split(":")[0] == Role.objects.get(account=account, name="bench").unique_id


def test_caller_bears_the_present_name(account, create):
    perform(root_of(account), "UpdateUser", UserName="caller", NewUserName="renamed")

    assert create("third").status_code == 200
    event = Event.objects.filter(account_id=account.pk, name="CreateGroup").latest("at")
    assert event.user_identity["userName"] == "renamed"


def test_name_that_is_taken_is_refused_and_told_once(account, create):
    response = create("FIRST")

    assert (response.status_code, code_of(response)) == (409, "EntityAlreadyExists")
    assert events_of(account, "CreateGroup").count("EntityAlreadyExists") == 1


REFUSED_SESSIONS = {
    "no such role": {"RoleArn": "arn:aws:iam::123456789012:role/bench"},
    "too long": {"DurationSeconds": "43200"},
    "no policy": {"Policy": "{"},
    "no duration": {"DurationSeconds": "1"},
}


@pytest.mark.parametrize("refused", REFUSED_SESSIONS)
def test_refusal_is_told_once_each_time(refused, account, caller, client):
    make_role(account, "bench")
    key = user_key(caller)
    named = {"RoleArn": f"arn:aws:iam::{account.pk}:role/bench", "RoleSessionName": "cli"}
    before = counted_sessions()

    for _ in range(4):
        response = signed(key, "sts", "AssumeRole", **{**named, **REFUSED_SESSIONS[refused]}).send(client)
        assert response.status_code in (400, 403)

    assert len(events_of(account, "AssumeRole")) == 4
    assert "" not in events_of(account, "AssumeRole")
    assert counted_sessions() - before == 4


def counted_sessions():
    return sum(count_of("AssumeRole", outcome) or 0 for outcome in ("ok", "denied", "refused", "failed"))


def test_role_that_may_not_be_assumed_is_told_once_each_time(account, client):
    key = user_key(make_user(account, "nobody"))
    named = {"RoleArn": make_role(account, "bench").arn, "RoleSessionName": "cli"}
    Role.objects.filter(account=account).update(assume_role_policy_document=trust_document({"AWS": account.pk}))

    for _ in range(4):
        assert code_of(signed(key, "sts", "AssumeRole", **named).send(client)) == "AccessDenied"

    assert events_of(account, "AssumeRole") == ["AccessDenied"] * 4


def test_call_that_is_repeated_counts_as_one(account, assume):
    Role.objects.filter(account=account).update(assume_role_policy_document=trust_document({"AWS": account.pk}))
    assume()
    before = {outcome: count_of("AssumeRole", outcome) or 0 for outcome in ("ok", "denied")}
    perform(root_of(account), "DeleteUserPolicy", UserName="caller", PolicyName="test")

    assert code_of(assume()) == "AccessDenied"

    after = {outcome: count_of("AssumeRole", outcome) or 0 for outcome in ("ok", "denied")}
    assert (after["ok"] - before["ok"], after["denied"] - before["denied"]) == (0, 1)


def test_session_is_one_statement_in_every_region(account, caller, client, statements):
    key = user_key(caller)
    named = {"RoleArn": make_role(account, "bench").arn, "RoleSessionName": "cli"}

    def assume():
        return signed(key, "sts", "AssumeRole", region="eu-central-1", **named).send(client)

    for _ in range(2):
        assert assume().status_code == 200
    response, told = statements(assume)
    assert (response.status_code, len(told)) == (200, 1)

    sts_regions.set_status(root_of(account), "eu-central-1", is_active=False)
    assert code_of(assume()) == "RegionDisabledException"


def test_what_was_seen_is_not_shown(caller, create):
    kept = [key.seen for key in known_keys._known.values() if key.seen]
    sealed = AccessKey.objects.get().sealed_secret

    assert any(bytes(seen.row[1]) == sealed for seen in kept)
    assert not any(str(bytes(sealed)) in repr(seen) or "Version" in repr(seen) for seen in kept)


def test_quota_holds(account, create):
    QuotaShard.objects.filter(account=account, resource="Groups").update(quota=F("used"))

    assert code_of(create("third")) == "LimitExceeded"
    QuotaShard.objects.filter(account=account, resource="Groups").update(quota=F("used") + 1)
    assert create("third").status_code == 200
    assert sum(QuotaShard.objects.filter(account=account, resource="Groups").values_list("used", flat=True)) == 4


def test_what_needs_more_than_one_statement_is_done_too(account, caller, client):
    key = user_key(caller)
    boundary = make_policy(account).arn
    more = {"Tags.member.1.Key": "team", "Tags.member.1.Value": "two", "PermissionsBoundary": boundary}
    for name in ("first", "second"):
        signed(key, "iam", "CreateUser", UserName=name).send(client)

    response = signed(key, "iam", "CreateUser", UserName="third", **more).send(client)

    assert element_of(response, "PermissionsBoundaryArn") == boundary
    user = User.objects.get(account=account, name="third")
    assert [(tag.key, tag.value) for tag in user.tags.all()] == [("team", "two")]
    assert user.permissions_boundary.arn == boundary


def test_use_of_the_key_is_noted_when_it_is_time(create, statements, monkeypatch):
    monkeypatch.setattr(principals, "KEY_USE_EVERY", timedelta(0))

    response, told = statements(lambda: create("third"))

    assert response.status_code == 200
    assert any("UPDATE iam_accesskey SET last_used_at" in sql for sql in told)


def test_token_that_does_not_belong_to_the_key_is_refused(account, caller, create, client):
    key = user_key(caller)
    for name in ("third", "fourth"):
        signed(key, "iam", "CreateGroup", GroupName=name).send(client)
    other = session_of(caller, make_role(account, "other"))
    mixed = Credentials(key.access_key, key.secret_key, other.token)

    response = signed(mixed, "iam", "CreateGroup", GroupName="fifth").send(client)

    assert code_of(response) == "InvalidClientTokenId"
    assert not Group.objects.filter(account=account, name="fifth").exists()


def test_one_time_code_counts_once(account, caller, assume):
    device = make_mfa_device(caller)
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    Role.objects.filter(account=account).update(
        assume_role_policy_document=trust_document({"AWS": account.pk}, Condition=with_mfa)
    )
    assert code_of(assume()) == "AccessDenied"
    code = {"SerialNumber": device.arn, "TokenCode": one_time_code_of(device)}

    assert assume(**code).status_code == 200
    assert code_of(assume(**code)) == "AccessDenied"


def test_forged_signature_is_refused(account, create, client):
    key = AccessKey.objects.get(account=account)
    forged = Credentials(key.pk, "x" * 40)

    response = signed(forged, "iam", "CreateGroup", GroupName="third").send(client)

    assert code_of(response) == "SignatureDoesNotMatch"
    assert not Group.objects.filter(account=account, name="third").exists()


def test_long_policies_are_read_each_time(account, caller, create, statements):
    names = [f"arn:aws:s3:::{'x' * 50}-{number}" for number in range(30)]
    for group in range(8):
        make_group(account, f"g{group}", members=[caller])
        document = policy_document(allow("s3:GetObject", resource=names))
        perform(root_of(account), "PutGroupPolicy", GroupName=f"g{group}", PolicyName="p", PolicyDocument=document)
    create("third")

    response, told = statements(lambda: create("fourth"))

    assert (response.status_code, len(told)) == (200, 2)


def test_refused_by_what_is_past_is_no_failure(account, create):
    before = count_of("CreateGroup", "failed") or 0
    perform(root_of(account), "DeleteUserPolicy", UserName="caller", PolicyName="test")

    create("third")

    assert (count_of("CreateGroup", "failed") or 0) == before


def test_nothing_else_can_be_read_or_written_by_a_call_that_is_judged_ahead(account):
    with nothing_unchecked():
        for run in (
            lambda: User.objects.filter(account=account).exists(),
            lambda: User.objects.filter(account=account).delete(),
            lambda: perform(root_of(account), "CreateUser", UserName="alice"),
            lambda: connection.cursor().execute("SELECT 1"),
        ):
            with pytest.raises(OutdatedError):
                run()
    assert not User.objects.filter(account=account).exists()
