"""Changes on their way to AWS: each once, whatever happens to the call, the worker or the network."""

from datetime import timedelta

import pytest

from iam.errors import IamError
from iam.models import AccessKey, Change, Connection, Role, User
from iam.operations import Step, answers, perform, perform_change_set
from iam.operations.changes import discard_change, retry_change
from iam.operations.lanes import note_sending
from iam.queries.lanes import due_accounts
from iam.sync import carrying, read_back, replaying
from iam.sync.lock import lane_of
from tests.aws_proxy import AwsProxy, Fault
from tests.certificates import make_certificate, rsa_key, ssh_text
from tests.factories import policy_document, trust_document
from tests.iam.sync import aws_accounts
from tests.iam.sync.aws_accounts import client_of, drain, new_mirror, unlike_aws, worker

State = Change.State
DOCUMENT = policy_document({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
OTHER = policy_document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Errors pass at once here."""
    monkeypatch.setattr(replaying, "_LONGEST_PAUSE", 0.001)


@pytest.fixture
def proxy(moto):
    with AwsProxy(moto) as started:
        yield started


@pytest.fixture
def mirror(proxy):
    return new_mirror(proxy.url)


def states(connection):
    """Return the states of all changes but those that only prepared something."""
    rows = Change.objects.filter(account=connection.account).order_by("id")
    return [row.state for row in rows if row.parameters.get("PolicyName") not in {"Reads", "Others"}]


def the_change(connection):
    return Change.objects.filter(account=connection.account).order_by("id").last()


def test_a_change_reaches_aws_in_the_name_of_the_administrator(mirror, proxy, moto):
    connection, alice = mirror

    perform(alice, "CreateUser", UserName="bob", Path="/staff/", Tags=[{"Key": "team", "Value": "blue"}])
    drain(connection)

    theirs = client_of(connection, moto).get_user(UserName="bob")["User"]
    ours = User.objects.get(account=connection.account, name="bob")
    assert (ours.unique_id, ours.path, ours.created_at) == (theirs["UserId"], "/staff/", theirs["CreateDate"])
    assert states(connection) == [State.VERIFIED]
    assert the_change(connection).backend_request_ids != []
    assert proxy.last["CreateUser"]["UserName"] == "bob"
    assert "alice" in proxy.session_names


def test_changes_go_in_their_order_and_both_sides_are_the_same_in_the_end(mirror, moto):
    connection, alice = mirror
    account_id = connection.account_id
    perform_change_set(
        alice,
        [
            Step("CreatePolicy", {"PolicyName": "Lists", "PolicyDocument": DOCUMENT, "Description": "lists"}),
            Step(
                "CreatePolicyVersion",
                {"PolicyArn": f"arn:aws:iam::{account_id}:policy/Lists", "PolicyDocument": OTHER, "SetAsDefault": True},
            ),
            Step("CreateGroup", {"GroupName": "Readers"}),
            Step("AttachGroupPolicy", {"GroupName": "Readers", "PolicyArn": f"arn:aws:iam::{account_id}:policy/Lists"}),
            Step("CreateUser", {"UserName": "bob"}),
            Step("CreateLoginProfile", {"UserName": "bob", "Password": "Correct-horse-1"}),
            Step("AddUserToGroup", {"UserName": "bob", "GroupName": "Readers"}),
            Step("PutUserPolicy", {"UserName": "bob", "PolicyName": "own", "PolicyDocument": DOCUMENT}),
            Step(
                "CreateRole",
                {"RoleName": "Runner", "AssumeRolePolicyDocument": trust_document({"Service": "ec2.amazonaws.com"})},
            ),
            Step("CreateInstanceProfile", {"InstanceProfileName": "Runner"}),
            Step("AddRoleToInstanceProfile", {"InstanceProfileName": "Runner", "RoleName": "Runner"}),
            Step("UpdateUser", {"UserName": "bob", "NewUserName": "robert"}),
            Step("CreateAccountAlias", {"AccountAlias": f"alias-{account_id}"}),
        ],
    )

    drain(connection)

    assert set(states(connection)) == {State.VERIFIED}
    assert unlike_aws(connection) == {}
    assert client_of(connection, moto).get_login_profile(UserName="robert")


def test_a_password_goes_along_sealed_and_is_kept_nowhere(mirror):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    perform(alice, "CreateLoginProfile", UserName="bob", Password="Correct-horse-1")

    waiting = the_change(connection)
    drain(connection)

    assert "Correct-horse-1" not in str(waiting.parameters)
    assert answers.unsealed(waiting.sealed_parameters)["Password"] == "Correct-horse-1"
    assert the_change(connection).sealed_parameters is None
    assert User.objects.get(account=connection.account, name="bob").login_profile.password == ""


def a_policy(mirror, name="Reads"):
    """Return the ARN of a policy that both sides have."""
    connection, alice = mirror
    arn = f"arn:aws:iam::{connection.account_id}:policy/{name}"
    if not connection.account.managed_policies.filter(arn=arn).exists():
        perform(alice, "CreatePolicy", PolicyName=name, PolicyDocument=DOCUMENT)
        drain(connection)
    return arn


SETTING_UP = {
    "CreateGroup": [("CreateGroup", {"GroupName": "one"})],
    "CreatePolicy": [("CreatePolicy", {"PolicyName": "one", "PolicyDocument": DOCUMENT})],
    "CreateRole": [
        (
            "CreateRole",
            {"RoleName": "one", "AssumeRolePolicyDocument": trust_document({"Service": "ec2.amazonaws.com"})},
        )
    ],
    "CreateUser": [("CreateUser", {"UserName": "one"})],
    "CreateInstanceProfile": [("CreateInstanceProfile", {"InstanceProfileName": "one"})],
}
POLICY = "arn:aws:iam::{account}:policy/one"
CALLS = [
    ([], "CreateUser", {"UserName": "one", "Path": "/a/"}),
    (["CreateUser"], "DeleteUser", {"UserName": "one"}),
    (["CreateUser"], "UpdateUser", {"UserName": "one", "NewUserName": "two"}),
    (["CreateUser"], "CreateLoginProfile", {"UserName": "one", "Password": "Correct-horse-1"}),
    (["CreateUser"], "TagUser", {"UserName": "one", "Tags": [{"Key": "a", "Value": "b"}]}),
    (["CreateUser", "CreatePolicy"], "AttachUserPolicy", {"UserName": "one", "PolicyArn": POLICY}),
    (["CreateUser"], "PutUserPolicy", {"UserName": "one", "PolicyName": "own", "PolicyDocument": DOCUMENT}),
    ([], "CreateGroup", {"GroupName": "one"}),
    (["CreateGroup"], "DeleteGroup", {"GroupName": "one"}),
    (["CreateGroup", "CreateUser"], "AddUserToGroup", {"GroupName": "one", "UserName": "one"}),
    ([], "CreatePolicy", {"PolicyName": "one", "PolicyDocument": DOCUMENT}),
    (["CreatePolicy"], "CreatePolicyVersion", {"PolicyArn": POLICY, "PolicyDocument": OTHER}),
    (["CreatePolicy"], "DeletePolicy", {"PolicyArn": POLICY}),
    (
        [],
        "CreateRole",
        {"RoleName": "one", "AssumeRolePolicyDocument": trust_document({"Service": "ec2.amazonaws.com"})},
    ),
    (["CreateRole"], "DeleteRole", {"RoleName": "one"}),
    ([], "CreateInstanceProfile", {"InstanceProfileName": "one"}),
    (
        ["CreateRole", "CreateInstanceProfile"],
        "AddRoleToInstanceProfile",
        {"RoleName": "one", "InstanceProfileName": "one"},
    ),
    ([], "CreateOpenIDConnectProvider", {"Url": "https://idp.example.com", "ThumbprintList": ["a" * 40]}),
    ([], "CreateAccountAlias", {"AccountAlias": "alias-{account}"}),
]


def prepare(connection, principal, names):
    for name in names:
        for operation, parameters in SETTING_UP[name]:
            perform(principal, operation, **parameters)
    drain(connection)


def filled(connection, parameters):
    return {
        name: value.replace("{account}", connection.account_id) if name in {"PolicyArn", "AccountAlias"} else value
        for name, value in parameters.items()
    }


@pytest.mark.parametrize(("before", "operation", "parameters"), CALLS, ids=[call[1] for call in CALLS])
def test_a_call_whose_answer_is_lost_takes_effect_once(mirror, proxy, before, operation, parameters):
    connection, alice = mirror
    prepare(connection, alice, before)
    proxy.next(operation, Fault.DROP_AFTER)

    perform(alice, operation, **filled(connection, parameters))
    drain(connection)

    assert set(states(connection)) == {State.VERIFIED}
    assert unlike_aws(connection) == {}


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.DROP_BEFORE, Fault.THROTTLE, Fault.UNAVAILABLE])
def test_a_call_is_repeated_after_what_passes(mirror, proxy, fault):
    connection, alice = mirror
    proxy.next("CreateUser", fault)

    perform(alice, "CreateUser", UserName="bob")
    drain(connection)

    assert states(connection) == [State.VERIFIED]
    assert unlike_aws(connection) == {}


@pytest.mark.parametrize(("before", "operation", "parameters"), CALLS, ids=[call[1] for call in CALLS])
def test_what_a_dead_worker_sent_takes_effect_once(mirror, moto, before, operation, parameters):
    connection, alice = mirror
    prepare(connection, alice, before)
    given = filled(connection, parameters)
    perform(alice, operation, **given)
    with lane_of(connection.account_id) as lane:
        assert note_sending(lane.execute, the_change(connection).pk, None)
    client = client_of(connection, moto)
    methods = {api: name for name, api in client.meta.method_to_api_mapping.items()}
    getattr(client, methods[operation])(**given)

    drain(connection)

    assert set(states(connection)) == {State.VERIFIED}
    assert unlike_aws(connection) == {}


def test_what_a_dead_worker_did_not_send_is_sent(mirror, proxy):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    with lane_of(connection.account_id) as lane:
        assert note_sending(lane.execute, the_change(connection).pk, None)

    drain(connection)

    assert proxy.calls["CreateUser"] == 1
    assert unlike_aws(connection) == {}


def test_an_access_key_is_made_in_aws_and_its_secret_told_once(mirror, moto):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")

    with worker(connection):
        made = perform(alice, "CreateAccessKey", UserName="bob")["AccessKey"]

    (listed,) = client_of(connection, moto).list_access_keys(UserName="bob")["AccessKeyMetadata"]
    key = AccessKey.objects.get(pk=listed["AccessKeyId"])
    assert made["AccessKeyId"] == listed["AccessKeyId"]
    assert len(made["SecretAccessKey"]) == 40
    assert (bytes(key.sealed_secret), key.user.name) == (b"", "bob")
    assert the_change(connection).sealed_answer is None
    assert made["SecretAccessKey"] not in str(list(Change.objects.values()))


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER])
def test_a_key_whose_secret_was_lost_goes_and_another_comes(mirror, proxy, moto, fault):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    proxy.next("CreateAccessKey", fault)

    with worker(connection):
        made = perform(alice, "CreateAccessKey", UserName="bob")["AccessKey"]

    listed = client_of(connection, moto).list_access_keys(UserName="bob")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [made["AccessKeyId"]]
    assert proxy.forwarded["CreateAccessKey"] == 2


def test_what_aws_refuses_to_answer_is_told_and_holds_nothing_back(mirror):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")

    with worker(connection):
        for _ in range(2):
            perform(alice, "CreateAccessKey", UserName="bob")
        with pytest.raises(IamError) as refused:
            perform(alice, "CreateAccessKey", UserName="bob")
    perform(alice, "TagUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}])
    drain(connection)

    assert refused.value.code == "LimitExceeded"
    assert states(connection)[-2:] == [State.DISCARDED, State.VERIFIED]


def test_an_answer_that_comes_too_late_waits_for_the_one_who_asked(mirror, settings):
    connection, alice = mirror
    settings.ANSWER_SECONDS = 0.01
    perform(alice, "CreateUser", UserName="bob")
    with pytest.raises(answers.Pending) as pending:
        perform(alice, "CreateAccessKey", UserName="bob")
    drain(connection)
    change = the_change(connection)
    other = aws_accounts.administrator(connection, "mallory")

    assert answers.take(other, pending.value.change_set_id, change.pk) is None
    taken = answers.take(alice, pending.value.change_set_id, change.pk)
    assert taken["AccessKey"]["UserName"] == "bob"
    assert answers.take(alice, pending.value.change_set_id, change.pk) is None


def test_uploaded_keys_and_certificates_get_the_ids_that_aws_gives(mirror, moto):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")

    with worker(connection):
        perform(alice, "UploadSSHPublicKey", UserName="bob", SSHPublicKeyBody=ssh_text(rsa_key()))
        perform(alice, "UploadSigningCertificate", UserName="bob", CertificateBody=make_certificate().pem)

    assert unlike_aws(connection) == {}
    assert set(states(connection)) == {State.VERIFIED}


def test_what_aws_refuses_is_put_right_and_what_depends_on_it_is_held(mirror, moto):
    connection, alice = mirror
    theirs = client_of(connection, moto).create_user(UserName="bob", Path="/theirs/")["User"]
    perform_change_set(
        alice,
        [
            Step("CreateUser", {"UserName": "bob", "Path": "/ours/"}),
            Step("AttachUserPolicy", {"UserName": "bob", "PolicyArn": a_policy(mirror)}),
        ],
    )
    perform(alice, "CreateUser", UserName="carol")

    drain(connection)

    failed = Change.objects.get(account=connection.account, state=State.FAILED)
    ours = User.objects.get(account=connection.account, name="bob")
    assert states(connection) == [State.FAILED, State.PENDING, State.VERIFIED]
    assert failed.error_code == "EntityAlreadyExists"
    assert (ours.unique_id, ours.path, ours.attachments.count()) == (theirs["UserId"], "/theirs/", 0)

    discard_change(alice, failed.change_set_id, failed.pk)
    drain(connection)

    assert states(connection) == [State.DISCARDED, State.VERIFIED, State.VERIFIED]
    assert unlike_aws(connection) == {}
    assert ours.attachments.count() == 1


def test_a_refused_change_may_be_tried_again(mirror, moto):
    connection, alice = mirror
    client = client_of(connection, moto)
    client.create_user(UserName="bob")
    perform_change_set(
        alice,
        [
            Step("CreateUser", {"UserName": "bob", "Path": "/ours/"}),
            Step("AttachUserPolicy", {"UserName": "bob", "PolicyArn": a_policy(mirror)}),
        ],
    )
    drain(connection)
    client.delete_user(UserName="bob")
    failed = Change.objects.get(account=connection.account, state=State.FAILED)

    retry_change(alice, failed.change_set_id, failed.pk)
    drain(connection)

    assert set(states(connection)) == {State.VERIFIED}
    assert unlike_aws(connection) == {}
    assert User.objects.get(account=connection.account, name="bob").path == "/ours/"


def test_a_refused_deletion_brings_back_what_was_deleted(mirror, moto):
    connection, alice = mirror
    perform(
        alice,
        "CreateRole",
        RoleName="Runner",
        AssumeRolePolicyDocument=trust_document({"Service": "ec2.amazonaws.com"}),
    )
    drain(connection)
    client_of(connection, moto).attach_role_policy(RoleName="Runner", PolicyArn=a_policy(mirror))

    perform(alice, "DeleteRole", RoleName="Runner")
    drain(connection)

    assert states(connection) == [State.VERIFIED, State.FAILED]
    assert the_change(connection).error_code == "DeleteConflict"
    assert Role.objects.get(account=connection.account, name="Runner").attachments.count() == 1


def test_an_account_that_is_down_waits_by_itself(mirror, proxy):
    connection, alice = mirror
    proxy.stop()

    perform(alice, "CreateUser", UserName="bob")
    carrying.drain(str(connection.account_id))

    connection.refresh_from_db()
    assert connection.failures == 1
    assert connection.error_code != ""
    assert str(connection.account_id) not in due_accounts()
    assert states(connection) == [State.PENDING]


def test_a_change_that_waits_may_be_given_up(mirror, proxy):
    connection, alice = mirror
    proxy.next("CreateUser", *[Fault.THROTTLE] * 10)
    perform(alice, "CreateUser", UserName="bob")
    carrying.drain(str(connection.account_id))
    change = the_change(connection)
    assert (change.state, change.error_code) == (State.PENDING, "Throttling")

    discard_change(alice, change.change_set_id, change.pk)
    drain(connection)

    assert not User.objects.filter(account=connection.account, name="bob").exists()
    assert unlike_aws(connection) == {}


def test_nothing_is_changed_through_a_connection_that_only_reads(mirror):
    connection, alice = mirror
    Connection.objects.filter(pk=connection.pk).update(is_read_only=True)

    with pytest.raises(IamError) as refused:
        perform(alice, "CreateUser", UserName="bob")

    assert refused.value.code == "AccessDenied"
    assert "read-only" in refused.value.message
    assert states(connection) == []
    assert perform(alice, "ListUsers")["Users"] == []


def test_what_somebody_else_changed_meanwhile_is_kept_as_drift(mirror, moto, monkeypatch):
    connection, alice = mirror
    ours, theirs = a_policy(mirror), a_policy(mirror, "Others")
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    monkeypatch.setattr(read_back, "_SETTLED_AFTER", timedelta())
    perform(alice, "AttachUserPolicy", UserName="bob", PolicyArn=ours)
    client_of(connection, moto).attach_user_policy(UserName="bob", PolicyArn=theirs)

    drain(connection)

    (drift,) = connection.account.drifts.all()
    assert (drift.kind, drift.name, drift.member) == ("user", "bob", "AttachedManagedPolicies")
    assert [policy["PolicyArn"] for policy in drift.ours] == [ours]
    assert {policy["PolicyArn"] for policy in drift.theirs} == {ours, theirs}
    assert set(states(connection)) == {State.VERIFIED}


def test_a_call_that_aws_itself_fails_at_holds_up_nothing_for_ever(mirror, proxy, monkeypatch):
    connection, alice = mirror
    monkeypatch.setattr(replaying, "_MOST_FAULTS", 20)
    proxy.next("CreateUser", *[Fault.ERROR_BEFORE] * 30)
    perform(alice, "CreateUser", UserName="bob")
    perform(alice, "CreateGroup", GroupName="Readers")

    drain(connection)

    assert states(connection) == [State.FAILED, State.VERIFIED]
    assert the_change(connection).operation == "CreateGroup"
    assert not User.objects.filter(account=connection.account).exists()


def test_what_is_refused_on_top_of_a_refusal_is_put_right_too(mirror, moto):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    client_of(connection, moto).put_user_policy(UserName="bob", PolicyName="theirs", PolicyDocument=DOCUMENT)
    perform(alice, "DeleteUser", UserName="bob")
    perform(alice, "CreateUser", UserName="bob", Path="/again/")

    drain(connection)
    failed = Change.objects.get(account=connection.account, state=State.FAILED)
    discard_change(alice, failed.change_set_id, failed.pk)
    drain(connection)

    assert states(connection) == [State.VERIFIED, State.DISCARDED, State.FAILED]
    assert unlike_aws(connection) == {}


def test_a_version_whose_answer_was_lost_is_made_once(mirror, proxy, moto):
    connection, alice = mirror
    arn = a_policy(mirror)
    proxy.next("CreatePolicyVersion", Fault.DROP_AFTER)

    perform(alice, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=OTHER)
    drain(connection)

    versions = client_of(connection, moto).list_policy_versions(PolicyArn=arn)["Versions"]
    assert [version["VersionId"] for version in versions] in (["v1", "v2"], ["v2", "v1"])
    assert proxy.forwarded["CreatePolicyVersion"] == 1
