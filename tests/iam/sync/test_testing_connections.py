"""Testing connections against moto's server, and against this product as if it were AWS."""

import json
import secrets

import pytest

from iam.models import Account, Connection, Event, Inventory
from iam.operations import connections
from iam.operations.connections import Keys
from iam.queries.connection_records import ConnectionState, find_connection
from iam.sync import testing_connections
from tests.aws_proxy import AwsProxy, Fault
from tests.factories import make_account, make_connection, root_of

pytestmark = pytest.mark.django_db
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "secret")


@pytest.fixture
def owner():
    return make_account()


@pytest.fixture
def account_id():
    """An account of moto's that no other test uses."""
    return str(secrets.randbelow(10**11) + 10**11)


@pytest.fixture
def create(owner, moto, account_id):
    """Create a connection to moto that assumes a role in the account."""

    def create(**fields):
        given = {
            "name": "production",
            "source": "keys",
            "keys": KEYS,
            "role_arn": f"arn:aws:iam::{account_id}:role/console/Operator",
            "endpoint_url": moto,
            **fields,
        }
        return connections.create_connection(root_of(owner), **given)

    return create


def outcome(connection):
    assert testing_connections.test_connection(connection.pk)
    return find_connection(connection.owner_id, connection.pk)


def test_first_test_links_the_account_and_asks_for_its_import(create, account_id):
    connection = create(is_read_only=True)

    record = outcome(connection)

    assert (record.state, record.account_id) == (ConnectionState.CONNECTED, account_id)
    assert record.result["caller_arn"].startswith(f"arn:aws:sts::{account_id}:assumed-role/Operator/")
    assert record.entry_role_arn == f"arn:aws:iam::{account_id}:role/console/Operator"
    assert record.passes_source_identity
    account = Account.objects.get(pk=account_id)
    assert (account.kind, account.name) == ("aws", "production")
    assert Inventory.objects.get().account_id == account_id
    event = Event.objects.get(name="LinkAccount")
    assert (event.account_id, event.user_identity["type"]) == (connection.owner_id, "AWSService")
    assert not testing_connections.waiting_tests()


def test_second_test_changes_no_account(create):
    connection = create()
    outcome(connection)
    Inventory.objects.all().delete()

    connections.request_test(root_of(connection.owner), connection.pk)

    assert outcome(connection).state == ConnectionState.CONNECTED
    assert not Inventory.objects.exists()


def test_connection_without_a_role_so_far_tells_whom_to_trust(create):
    connection = create(role_arn="")

    record = outcome(connection)

    assert record.state == ConnectionState.WITHOUT_ROLE
    assert record.result["worker_arn"].startswith("arn:aws:")
    assert record.account_id is None


def test_account_that_is_here_already_is_not_linked_again(create, account_id):
    make_connection(make_account(), account_id)

    record = outcome(create())

    assert (record.state, record.account_id) == (ConnectionState.FAILING, None)
    assert record.result["error_code"] == "EntityAlreadyExists"


def test_keys_that_lead_elsewhere_are_not_used(create, owner):
    connection = make_connection(
        owner, source="keys", access_key_id=KEYS.access_key_id, sealed_keys=KEYS.sealed(), role_arn="", external_id=""
    )
    connections.update_connection(root_of(owner), connection.pk, endpoint_url=create().endpoint_url)

    record = outcome(connection)

    assert record.result["error_code"] == "DifferentAccount"
    assert record.retry_at


def test_success_lets_changes_go_on(create):
    connection = create()
    outcome(connection)
    connections.rotate_keys(root_of(connection.owner), connection.pk, Keys("AKIAIOSFODNN7EXAMPL2", "other"))
    assert find_connection(connection.owner_id, connection.pk).state == ConnectionState.FAILING

    record = outcome(connection)

    assert (record.state, record.retry_at, record.error_code) == (ConnectionState.CONNECTED, None, "")


def test_words_of_aws_are_told(create, moto):
    with AwsProxy(moto) as proxy:
        proxy.next("AssumeRole", Fault.UNAVAILABLE)
        record = outcome(create(endpoint_url=proxy.url))

    assert record.state == ConnectionState.FAILING
    assert record.result == {
        "error_code": "ServiceUnavailable",
        "error_message": "Service is unable to handle request.",
    }


def test_endpoint_where_nobody_listens_is_told(create):
    record = outcome(create(endpoint_url="http://127.0.0.1:9"))

    assert record.result["error_code"] == "EndpointConnectionError"
    assert KEYS.secret_access_key not in json.dumps(dict(record.result)).replace("secret access key", "")


def test_role_that_does_not_ask_for_the_external_id_is_refused(create, owner, settings):
    """Whoever is not trusted with the workers' rights could name any role that trusts the workers."""
    connection = create()
    settings.CONNECTION_OWNERS = [make_account().pk]

    record = outcome(connection)

    assert (record.account_id, record.result["error_code"]) == (None, "ExternalIdNotRequired")


def test_connection_that_nobody_wants_tested_is_left_alone(owner):
    connection = make_connection(owner)

    assert not testing_connections.test_connection(connection.pk)
    assert testing_connections.waiting_tests() == []


def test_result_of_what_was_changed_meanwhile_is_not_kept(create, monkeypatch):
    connection = create()
    found = testing_connections._found

    def found_late(row):
        result = found(row)
        connections.request_test(root_of(connection.owner), connection.pk)
        return result

    monkeypatch.setattr(testing_connections, "_found", found_late)

    assert not testing_connections.test_connection(connection.pk)
    assert Connection.objects.get().account_id is None
    assert testing_connections.waiting_tests() == [connection.pk]
