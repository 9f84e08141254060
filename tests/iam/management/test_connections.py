"""Connecting and disconnecting AWS accounts from a shell."""

import io
import json
import secrets

import pytest
from django.core.management import CommandError, call_command

from iam.models import Account, Connection, Inventory
from iam.operations import inventories
from iam.sync import testing_connections
from tests.factories import make_account, make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def account_id():
    return str(secrets.randbelow(10**11) + 10**11)


@pytest.fixture
def connect(moto, account_id, monkeypatch):
    """Run connect_account with keys, and return what it printed."""

    def connect(*arguments, owner=None, given="secret\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        out = io.StringIO()
        owner = owner or make_account().pk
        fixed = ["--owner", owner, "--access-key-id", "AKIAIOSFODNN7EXAMPLE", "--secret-stdin", "--endpoint-url", moto]
        role = ["--role-arn", f"arn:aws:iam::{account_id}:role/Operator"]
        call_command("connect_account", *fixed, *role, *arguments, stdout=out)
        return json.loads(out.getvalue())

    return connect


def test_connecting_tests_links_and_asks_for_the_import(connect, account_id):
    told = connect("--name", "production", "--external-id", "id-1", "--read-only")

    connection = Connection.objects.get()
    assert told == {
        "connection_id": str(connection.pk),
        "account_id": account_id,
        "entry_role_arn": f"arn:aws:iam::{account_id}:role/Operator",
        "external_id": "id-1",
        "caller_arn": f"arn:aws:sts::{account_id}:assumed-role/Operator/iam-console",
        "state": "connected",
        "denied": [],
        "import": {"state": "waiting", "counts": {}},
    }
    assert (connection.name, connection.is_read_only) == ("production", True)


def test_waiting_ends_with_the_import(connect, monkeypatch):
    test = testing_connections.test_connection

    def test_and_import(pk):
        tested = test(pk)
        Inventory.objects.update(state="done", counts={"user": 3})
        return tested

    monkeypatch.setattr("iam.management.commands.connect_account.test_connection", test_and_import)

    assert connect("--wait", "60")["import"] == {"state": "done", "counts": {"user": 3}}


def test_failed_test_is_told_and_fails(connect, account_id):
    owner = make_account()
    make_connection(owner, account_id)

    with pytest.raises(CommandError, match="EntityAlreadyExists"):
        connect(owner=owner.pk)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--owner", "000000000000"], "NoSuchEntity"),
        (["--access-key-id", "AKIAIOSFODNN7EXAMPLE"], "--secret-stdin"),
        (["--endpoint-url", "https://user@example.com"], "ValidationError"),
    ],
)
def test_connecting_refuses(arguments, message):
    owner = [] if "--owner" in arguments else ["--owner", make_account().pk]

    with pytest.raises(CommandError, match=message):
        call_command("connect_account", *owner, *arguments)

    assert not Connection.objects.exists()


def test_disconnecting_forgets_the_account():
    connection = make_connection(make_account())
    inventories.request(connection.account_id, "import")

    call_command("disconnect_account", connection.account_id)

    assert not Account.objects.filter(kind="aws").exists()


def test_disconnecting_refuses_an_account_that_nobody_connected():
    with pytest.raises(CommandError, match="NoSuchEntity"):
        call_command("disconnect_account", make_account().pk)
