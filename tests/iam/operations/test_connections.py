"""Connections: who may make them, of what kind, and what is left when they go."""

import json
import uuid

import pytest
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import Account, Change, Connection, Event, Inventory, KnownDocument, QuotaShard, User
from iam.operations import accounts, connections, inventories, perform
from iam.operations.connections import Keys
from iam.queries.connection_records import ConnectionState, connections_of, find_connection
from tests.factories import (
    allow,
    connection_session,
    make_account,
    make_connection,
    make_user,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token-of-a-session")
ROLE = "arn:aws:iam::210987654321:role/console/Operator"


@pytest.fixture
def owner():
    """The first account of the installation, whose administrators are trusted."""
    return make_account()


@pytest.fixture
def tenant(owner):
    """The root user of a later account, which nobody trusts with the workers' rights."""
    return root_of(make_account())


def create(principal, **fields):
    return connections.create_connection(principal, **{"name": "production", "source": "environment", **fields})


def refusal(function, *arguments, **parameters):
    with pytest.raises(IamError) as caught:
        function(*arguments, **parameters)
    return caught.value


def test_new_connection_waits_for_its_test_with_an_external_id_of_its_own(owner):
    first, second = create(root_of(owner)), create(root_of(owner))

    assert first.test_requested_at
    assert first.account is None
    assert len(first.external_id) >= 32
    assert first.external_id != second.external_id
    assert [record.state for record in connections_of(owner.pk)] == [ConnectionState.TESTING] * 2


def test_keys_are_sealed_and_told_nowhere(tenant):
    connection = create(tenant, source="keys", keys=KEYS, assumes_role=False)

    row = Connection.objects.values().get(pk=connection.pk)
    event = Event.objects.get(name="CreateConnection")
    assert json.loads(sealing.unseal(connection.sealed_keys)) == {
        "secret_access_key": KEYS.secret_access_key,
        "session_token": KEYS.session_token,
    }
    for secret in (KEYS.secret_access_key, KEYS.session_token):
        assert secret not in str(row) + str(event.request_parameters) + str(event.response_elements)
        assert secret not in repr(find_connection(tenant.account_id, connection.pk))


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"assumes_role": False}, "Source"),
        ({"source": "profile", "profile": "prod"}, "Profile"),
        ({"source": "profile", "profile": "prod", "assumes_role": False}, "Profile"),
        ({"endpoint_url": "http://169.254.169.254"}, "EndpointUrl"),
        ({"source": "keys", "keys": KEYS, "endpoint_url": "http://127.0.0.1:6379"}, "EndpointUrl"),
    ],
)
def test_rights_of_the_workers_and_endpoints_are_for_trusted_accounts(owner, tenant, fields, parameter):
    error = refusal(create, tenant, **fields)

    assert (error.code, error.parameter) == ("AccessDenied", parameter)
    assert create(root_of(owner), **fields)


def test_settings_name_the_trusted_accounts(owner, tenant, settings):
    settings.CONNECTION_OWNERS = [tenant.account_id]

    assert create(tenant, assumes_role=False)
    assert refusal(create, root_of(owner), assumes_role=False).code == "AccessDenied"


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"name": ""}, "Name"),
        ({"name": "x" * 51}, "Name"),
        ({"name": "a\x00b"}, "Name"),
        ({"source": "magic"}, "Source"),
        ({"source": "profile"}, "Profile"),
        ({"source": "profile", "profile": "a\nb"}, "Profile"),
        ({"profile": "prod"}, "Profile"),
        ({"source": "keys"}, "AccessKeyId"),
        ({"keys": KEYS}, "AccessKeyId"),
        ({"source": "keys", "keys": Keys("short", "x")}, "AccessKeyId"),
        ({"source": "keys", "keys": Keys("AKIAIOSFODNN7EXAMPLE", "")}, "SecretAccessKey"),
        ({"source": "keys", "keys": Keys("AKIAIOSFODNN7EXAMPLE", "a\nb")}, "SecretAccessKey"),
        ({"role_arn": "arn:aws:iam::12345:role/x"}, "RoleArn"),
        ({"role_arn": "arn:aws:iam::123456789012:user/x"}, "RoleArn"),
        ({"role_arn": ROLE, "assumes_role": False}, "RoleArn"),
        ({"role_arn": ROLE, "external_id": "a b"}, "ExternalId"),
        ({"region": "nowhere"}, "Region"),
        ({"region": "us-east-1.evil.example.com"}, "Region"),
        ({"endpoint_url": "ftp://example.com"}, "EndpointUrl"),
        ({"endpoint_url": "https://user:secret@example.com"}, "EndpointUrl"),
        ({"endpoint_url": "https://example.com/?a=b"}, "EndpointUrl"),
        ({"endpoint_url": "https://example.com/?"}, "EndpointUrl"),
        ({"endpoint_url": "https://example.com:99999"}, "EndpointUrl"),
        ({"endpoint_url": "https://exa mple.com"}, "EndpointUrl"),
        ({"endpoint_url": "http://[::1"}, "EndpointUrl"),
        ({"endpoint_url": "file:///etc/passwd"}, "EndpointUrl"),
    ],
)
def test_what_no_connection_can_be_is_refused(owner, fields, parameter):
    error = refusal(create, root_of(owner), **fields)

    assert (error.code, error.parameter) == ("ValidationError", parameter)
    assert not Connection.objects.exists()


def test_policies_decide_who_manages_connections(owner):
    nobody = principal_of(make_user(owner, "bob", statements=[allow("iam:*", "sts:*")]))
    manager = principal_of(make_user(owner, "carol", statements=[allow("console:*")]))
    connection = create(manager)

    for function, arguments in (
        (create, ()),
        (connections.update_connection, (connection.pk,)),
        (connections.request_test, (connection.pk,)),
        (connections.rotate_keys, (connection.pk, KEYS)),
        (connections.disconnect, (connection.pk,)),
    ):
        assert refusal(function, nobody, *arguments).code == "AccessDenied"
    assert Event.objects.filter(error_code="AccessDenied").count() == 5


def test_connections_of_others_are_not_there(owner, tenant):
    connection = make_connection(owner)

    for function, arguments in (
        (connections.update_connection, (connection.pk,)),
        (connections.request_test, (connection.pk,)),
        (connections.rotate_keys, (connection.pk, KEYS)),
        (connections.disconnect, (connection.pk,)),
    ):
        assert refusal(function, tenant, *arguments).code == "NoSuchEntity"
    assert find_connection(tenant.account_id, connection.pk) is None


def test_nobody_manages_connections_from_inside_an_aws_account(owner):
    connection = make_connection(owner)
    alice = principal_of(make_user(owner, "alice", statements=[allow("*")]))
    inside = connection_session(connection, alice)

    assert refusal(create, inside).code == "AccessDenied"
    assert refusal(connections.disconnect, inside, connection.pk).code == "NoSuchEntity"


def test_role_may_follow_and_stays_once_there_is_an_account(owner):
    root = root_of(owner)
    connection = create(root)
    connections.update_connection(root, connection.pk, role_arn=ROLE)
    linked = make_connection(owner, "210987654321", role_arn=ROLE, external_id="x-1")

    error = refusal(connections.update_connection, root, linked.pk, role_arn="arn:aws:iam::210987654321:role/Other")

    assert Connection.objects.get(pk=connection.pk).role_arn == ROLE
    assert (error.code, error.parameter) == ("ValidationError", "RoleArn")


def test_nothing_is_sent_to_another_endpoint_or_with_other_keys_before_a_test(owner):
    root = root_of(owner)
    elsewhere = make_connection(owner)
    keys = make_connection(owner, source="keys", access_key_id="AKIAIOSFODNN7EXAMPLE", sealed_keys=KEYS.sealed())

    connections.update_connection(root, elsewhere.pk, endpoint_url="http://127.0.0.1:5000")
    connections.rotate_keys(root, keys.pk, Keys("AKIAIOSFODNN7EXAMPL2", "other"))

    for connection in Connection.objects.all():
        assert connection.retry_at > timezone.now()
        assert connection.test_requested_at
    assert "other" not in str(list(Event.objects.values()))


def test_names_and_read_only_change_without_a_test(owner):
    connection = make_connection(owner)

    connections.update_connection(root_of(owner), connection.pk, name="staging", is_read_only=True)

    connection.refresh_from_db()
    assert (connection.name, connection.is_read_only) == ("staging", True)
    assert connection.retry_at is connection.test_requested_at is None


def fill_mirror(connection):
    """Give the mirror what an import leaves, and a change that waits."""
    account = connection.account
    make_user(make_account(), "carol")
    User.objects.filter(name="carol").update(account=account)
    KnownDocument.objects.create(account=account, kind="user", name="carol", document={})
    inventories.request(account.pk, "import")
    return account


def test_disconnecting_forgets_the_mirror_and_nothing_else(owner):
    other = make_connection(owner)
    connection = make_connection(owner)
    fill_mirror(connection)
    before = Account.objects.count()

    connections.disconnect(root_of(owner), connection.pk)

    assert Account.objects.count() == before - 1
    assert list(Connection.objects.all()) == [other]
    for rows in (User, KnownDocument, Inventory, QuotaShard):
        assert not rows.objects.filter(account=connection.account_id).exists()
    assert Event.objects.filter(name="DeleteConnection", account_id=owner.pk).exists()


@pytest.mark.parametrize("state", ["pending", "applying", "failed"])
def test_disconnecting_does_not_lose_changes_unasked(owner, state):
    connection = make_connection(owner)
    set_of = {"actor_arn": "a", "actor_id": "a", "actor_name": "a", "request_id": uuid.uuid4()}
    changes = connection.account.change_sets.create(title="x", created_at=timezone.now(), **set_of)
    now = timezone.now()
    Change.objects.create(
        change_set=changes,
        account=connection.account,
        operation="CreateUser",
        parameters={},
        entities=[],
        state=state,
        created_at=now,
        next_attempt_at=now,
    )

    assert refusal(connections.disconnect, root_of(owner), connection.pk).code == "DeleteConflict"
    connections.disconnect(root_of(owner), connection.pk, discards=True)

    assert not Connection.objects.exists()
    assert not Change.objects.filter(account=connection.account_id).exists()


def test_emptying_an_account_disconnects_what_it_manages(owner):
    connection = make_connection(owner)
    fill_mirror(connection)
    create(root_of(owner))

    accounts.reset_account(owner.pk)

    assert not Connection.objects.exists()
    assert not Account.objects.filter(kind="aws").exists()


def test_account_that_is_here_already_is_not_linked(owner):
    connection = create(root_of(owner))

    assert refusal(connections.link, connection, owner.pk).code == "EntityAlreadyExists"
    assert connection.account_id is None


def test_mirror_has_no_root_user_and_its_own_quotas(owner):
    account = make_connection(owner, "210987654321").account

    assert not hasattr(account, "root_user")
    assert QuotaShard.objects.filter(account=account, resource="Users").exists()


def test_list_takes_two_queries(owner, django_assert_num_queries):
    for _ in range(3):
        inventories.request(make_connection(owner).account_id, "import")

    with django_assert_num_queries(2):
        records = connections_of(owner.pk)

    assert {record.newest_import.state for record in records} == {"waiting"}


def test_session_in_an_aws_account_cannot_reset_the_way_in(owner):
    """Everything is allowed inside, but the connection belongs to the account outside."""
    connection = make_connection(owner)
    alice = principal_of(make_user(owner, "alice", statements=[allow("sts:*")]))
    inside = connection_session(connection, alice)

    assert refusal(connections.update_connection, inside, connection.pk, is_read_only=False).code == "NoSuchEntity"
    assert perform(inside, "ListUsers")["Users"] == []
