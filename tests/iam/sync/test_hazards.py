"""What may happen at the worst moment: to changes, to the workers that carry them, and to what is read back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, Connection
from iam.operations import answers, perform
from iam.operations.changes import discard_change, retry_change
from iam.operations.lanes import note_sending
from iam.sync.lock import lane_of
from tests.aws_proxy import AwsProxy
from tests.iam.sync.aws_accounts import drain, new_mirror, unlike_aws

State = Change.State

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
