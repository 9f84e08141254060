"""Who creates or changes something while the tables are made like a backend: nothing of that is lost or overwritten."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from iam.errors import IamError
from iam.models import Change, Drift, Inventory, User
from iam.operations import inventories, perform, resolving_drift, restoring
from iam.operations.changes import discard_change
from iam.operations.mirroring import removing
from iam.sync import carrying, importing, read_back, settling_drift, taking_inventory
from iam.sync.restoring import restore_account
from tests.aws_proxy import AwsProxy
from tests.factories import make_user, root_of
from tests.iam.sync.aws_accounts import client_of, drain, new_mirror, unlike_aws
from tests.iam.sync.meanwhile import do_before

State = Change.State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mirror(moto):
    with AwsProxy(moto) as proxy:
        yield new_mirror(proxy.url)


@pytest.fixture
def losing(account):
    """An account whose files have bob, and whose tables have lost him."""
    perform(root_of(account), "CreateUser", UserName="bob", Path="/old/")
    carrying.drain(account.pk)
    User.objects.filter(name="bob").delete()
    return account


@pytest.fixture
def come(losing):
    """Return what creates bob anew, with an access key."""

    def create():
        perform(root_of(losing), "CreateUser", UserName="bob", Path="/new/")
        perform(root_of(losing), "CreateAccessKey", UserName="bob")

    return create


def states(connection):
    return list(Change.objects.filter(account=connection.account).order_by("id").values_list("state", flat=True))


def is_there(connection):
    return User.objects.filter(account=connection.account, name="bob").exists()


def take(account, purpose):
    inventories.request(account.pk, purpose)
    taking_inventory.take(str(account.pk))


def test_who_comes_back_while_a_deletion_is_read_back_stays(mirror, monkeypatch):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    perform(alice, "DeleteUser", UserName="bob")
    do_before(monkeypatch, read_back, "write_documents", lambda: perform(alice, "CreateUser", UserName="bob"))

    drain(connection)

    assert states(connection) == [State.VERIFIED] * 3
    assert is_there(connection)
    assert unlike_aws(connection) == {}


def test_who_comes_back_while_the_tables_are_put_right_stays(mirror, moto, monkeypatch):
    connection, alice = mirror
    perform(alice, "CreateUser", UserName="bob")
    drain(connection)
    client_of(connection, moto).delete_user(UserName="bob")
    perform(alice, "DeleteUser", UserName="bob")
    do_before(monkeypatch, read_back, "write_documents", lambda: perform(alice, "CreateUser", UserName="bob"))

    drain(connection)
    was_there = is_there(connection)
    refused = Change.objects.get(account=connection.account, state=State.FAILED)
    discard_change(alice, refused.change_set_id, refused.pk)
    drain(connection)

    assert was_there
    assert states(connection) == [State.VERIFIED, State.DISCARDED, State.VERIFIED]
    assert is_there(connection)
    assert unlike_aws(connection) == {}


def test_who_comes_while_the_tables_follow_a_decision_stays(mirror, moto, monkeypatch):
    connection, alice = mirror
    client = client_of(connection, moto)
    client.create_user(UserName="bob")
    take(connection.account, Inventory.Purpose.COMPARE)
    resolving_drift.take_theirs(alice, {("user", "bob"): ()})
    client.delete_user(UserName="bob")
    do_before(monkeypatch, settling_drift, "write_documents", lambda: perform(alice, "CreateUser", UserName="bob"))

    settling_drift.settle(str(connection.account_id))
    drain(connection)

    assert is_there(connection)
    assert unlike_aws(connection) == {}


def test_who_comes_while_an_import_removes_who_is_gone_stays(mirror, monkeypatch):
    connection, alice = mirror
    an_import = importing.Import(connection.account, Inventory(account=connection.account), None)
    do_before(monkeypatch, importing, "remove_entities", lambda: perform(alice, "CreateUser", UserName="bob"))

    with transaction.atomic():
        an_import.take_gone([("user", "bob")])

    assert is_there(connection)


def test_who_comes_while_an_import_writes_is_not_overwritten(losing, come, monkeypatch):
    do_before(monkeypatch, importing, "write_documents", come)

    take(losing, Inventory.Purpose.IMPORT)
    carrying.drain(losing.pk)

    bob = User.objects.get()
    assert (bob.path, bob.access_keys.count()) == ("/new/", 1)


def test_who_comes_while_a_decision_is_written_is_not_overwritten(losing, come, monkeypatch, assert_in_step):
    take(losing, Inventory.Purpose.COMPARE)
    resolving_drift.take_theirs(root_of(losing), {("user", "bob"): ()})
    do_before(monkeypatch, settling_drift, "write_documents", come)

    assert settling_drift.settle(losing.pk)

    # What had to wait for the lane is carried by whoever had it.
    assert not Change.objects.exclude(state=State.VERIFIED).exists()
    settling_drift.settle(losing.pk)
    bob = User.objects.get()
    assert (bob.path, bob.access_keys.count()) == ("/new/", 1)
    assert_in_step(losing)


@pytest.mark.parametrize("discards_pending", [False, True])
def test_what_is_changed_while_an_account_is_restored_is_not_undone_unsaid(
    account, monkeypatch, assert_in_step, discards_pending
):
    root = root_of(account)
    make_user(account, "bob", Path="/old/")
    carrying.drain(account.pk)
    do_before(
        monkeypatch,
        restoring,
        "write_documents",
        lambda: perform(root, "UpdateUser", UserName="bob", NewPath="/new/"),
    )

    if discards_pending:
        restore_account(account.pk, discards_pending=True)
    else:
        with pytest.raises(IamError, match="does not have 1 changes yet"):
            restore_account(account.pk)

    carrying.drain(account.pk)
    assert User.objects.get().path == ("/old/" if discards_pending else "/new/")
    assert_in_step(account)


def test_change_that_comes_while_another_is_read_back_is_no_drift(mirror, monkeypatch):
    connection, alice = mirror
    told = []
    keep = read_back._keep_drift
    perform(alice, "CreateUser", UserName="bob")
    monkeypatch.setattr(read_back, "_SETTLED_AFTER", timedelta())
    monkeypatch.setattr(read_back, "_keep_drift", lambda *found: (told.append(found), keep(*found)))
    rename = {"UserName": "bob", "NewPath": "/new/"}
    do_before(monkeypatch, read_back, "documents_of", lambda: perform(alice, "UpdateUser", **rename))

    drain(connection)

    assert (told, Drift.objects.count()) == ([], 0)
    assert unlike_aws(connection) == {}


def test_nobody_changes_what_is_looked_at_to_be_removed(account, monkeypatch):
    make_user(account, "bob")
    carrying.drain(account.pk)
    refusals = []

    def delete():
        try:
            with transaction.atomic():
                User.objects.select_for_update(nowait=True).get(name="bob").delete()
        except OperationalError as error:
            refusals.append(error)

    do_before(monkeypatch, removing, "keys_under_way", delete)

    with transaction.atomic():
        assert removing.remove_all_but(account.pk, "user", set()) == ["bob"]

    assert len(refusals) == 1
