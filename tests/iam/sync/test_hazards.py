"""What may happen at the worst moment: to changes, to the workers that carry them, and to what is read back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, Connection
from iam.operations import answers, perform
from iam.operations.changes import discard_change, retry_change
from iam.operations.lanes import note_sending
from iam.sync import carrying, read_back, replaying
from iam.sync.lock import lane_of
from tests.aws_proxy import AwsProxy, Fault
from tests.factories import policy_document
from tests.iam.sync.aws_accounts import client_of, drain, new_mirror, unlike_aws

State = Change.State
DOCUMENT = policy_document({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def proxy(moto):
    with AwsProxy(moto) as started:
        yield started


@pytest.fixture
def mirror(proxy):
    return new_mirror(proxy.url)


def states(connection):
    return list(Change.objects.filter(account=connection.account).order_by("id").values_list("state", flat=True))


def the_change(connection):
    return Change.objects.filter(account=connection.account).order_by("id").last()


def note_sent(connection):
    """Leave a change as a worker does that dies over its call."""
    with lane_of(connection.account_id) as lane:
        assert note_sending(lane.execute, the_change(connection).pk, None)


def test_when_a_call_was_lost_stays_known_however_many_workers_die_over_it(mirror):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    note_sent(connection)
    long_ago = timezone.now() - timedelta(hours=1)
    Change.objects.filter(account=connection.account).update(sent_at=long_ago)

    note_sent(connection)

    assert the_change(connection).sent_at == long_ago


def test_a_call_that_is_made_again_is_looked_for_from_then_on(mirror):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    note_sent(connection)
    long_ago = timezone.now() - timedelta(hours=1)
    Change.objects.filter(account=connection.account).update(sent_at=long_ago)

    drain(connection)

    assert states(connection) == [State.VERIFIED]
    assert the_change(connection).sent_at > long_ago + timedelta(minutes=59)


def test_a_change_that_cannot_even_be_sent_holds_up_no_other(mirror):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    perform(alice, "CreateLoginProfile", UserName="bob", Password="Correct-horse-1")
    Change.objects.filter(pk=the_change(connection).pk).update(sealed_parameters=b"sealed with another key")
    perform(alice, "CreateGroup", GroupName="Readers")

    drain(connection)

    assert states(connection) == [State.VERIFIED, State.FAILED, State.VERIFIED]
    assert unlike_aws(connection) == {}


def test_what_waits_is_not_sent_through_a_connection_that_only_reads_by_now(mirror, proxy):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    Connection.objects.filter(pk=connection.pk).update(is_read_only=True)

    drain(connection)

    change = the_change(connection)
    assert (change.state, change.error_code, proxy.calls["CreateUser"]) == (State.FAILED, "AccessDenied", 0)
    assert unlike_aws(connection) == {}
    with pytest.raises(IamError, match="read-only"):
        retry_change(alice, change.change_set_id, change.pk)
    discard_change(alice, change.change_set_id, change.pk)


def test_what_was_refused_to_whoever_waited_leaves_no_secret(mirror, settings):
    connection, alice = mirror
    settings.ANSWER_SECONDS = 0.01
    given = {"CertificateBody": "-----BEGIN CERTIFICATE-----", "PrivateKey": "-----BEGIN PRIVATE KEY-----"}
    with pytest.raises(answers.Pending) as pending:
        perform(alice, "UploadServerCertificate", ServerCertificateName="web", **given)
    Connection.objects.filter(pk=connection.pk).update(is_read_only=True)
    drain(connection)

    with pytest.raises(IamError):
        answers.wait_for(pending.value.change_set_id, 0)

    change = the_change(connection)
    assert (change.state, change.sealed_parameters) == (State.DISCARDED, None)


def test_what_is_changed_while_the_tables_are_put_right_is_not_overwritten(mirror, moto, monkeypatch):
    connection, alice = mirror
    client_of(connection, moto).create_user(UserName="bob", Path="/theirs/")
    perform(alice, "CreateUser", UserName="bob", Path="/ours/")
    read = read_back.read_entities
    tags = [{"Key": "team", "Value": "blue"}]

    def read_while_somebody_tags(*arguments):
        found = read(*arguments)
        if not Change.objects.filter(account=connection.account, operation="TagUser").exists():
            perform(alice, "TagUser", UserName="bob", Tags=tags)
        return found

    monkeypatch.setattr(read_back, "read_entities", read_while_somebody_tags)
    drain(connection)
    failed = Change.objects.get(account=connection.account, state=State.FAILED)
    discard_change(alice, failed.change_set_id, failed.pk)
    drain(connection)

    assert states(connection) == [State.DISCARDED, State.VERIFIED]
    assert client_of(connection, moto).get_user(UserName="bob")["User"]["Tags"] == tags
    assert unlike_aws(connection) == {}


def test_what_is_changed_while_a_change_is_read_back_is_read_again(mirror, moto, monkeypatch):
    connection, alice = mirror
    client = client_of(connection, moto)
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    client.delete_user(UserName="bob")
    client.create_user(UserName="bob", Path="/theirs/")
    # It is read back whole, as one that was refused before.
    perform(alice, "UpdateUser", UserName="bob", NewPath="/theirs/")
    Change.objects.filter(pk=the_change(connection).pk).update(is_put_right=True)
    client.put_user_policy(UserName="bob", PolicyName="theirs", PolicyDocument=DOCUMENT)
    read = read_back.read_entities

    def read_while_somebody_tags(*arguments):
        found = read(*arguments)
        if not Change.objects.filter(account=connection.account, operation="TagUser").exists():
            perform(alice, "TagUser", UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])
        return found

    monkeypatch.setattr(read_back, "read_entities", read_while_somebody_tags)
    drain(connection)

    assert set(states(connection)) == {State.VERIFIED}
    assert unlike_aws(connection) == {}


def test_an_endpoint_that_lets_calls_wait_keeps_no_worker(mirror, proxy, monkeypatch):
    connection, alice = mirror
    monkeypatch.setattr(replaying, "_LONGEST_TRYING", 0)
    proxy.next("CreateUser", *[Fault.DROP_AFTER] * 3)
    perform(alice, "CreateUser", UserName="bob")

    carrying.drain(str(connection.account_id))

    connection.refresh_from_db()
    assert (proxy.calls["CreateUser"], connection.failures, states(connection)) == (1, 1, [State.APPLYING])
