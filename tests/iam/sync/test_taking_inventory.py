"""Inventories of local accounts, whose files are the backend: what an import takes over, what a comparison finds."""

import json

import pytest

from iam.errors import IamError
from iam.models import Change, Drift, Inventory, InventoryEntry, KnownDocument, User
from iam.operations import inventories, perform
from iam.queries.inventories import latest_inventory
from iam.sync import carrying, sources, taking_inventory
from iam.sync.backends.local import LocalBackend
from tests.factories import allow, make_group, make_policy, make_role, make_user, policy_document, principal_of, root_of

COMPARE, IMPORT = Inventory.Purpose.COMPARE, Inventory.Purpose.IMPORT


@pytest.fixture
def filled(account):
    """An account with some of each kind, carried to its files."""
    make_user(account, "alice", statements=[allow("s3:GetObject")], Tags=[{"Key": "team", "Value": "red"}])
    make_user(account, "bob")
    make_group(account, "staff")
    make_policy(account, "read")
    make_role(account, "deploy")
    carrying.drain(account.pk)
    return account


@pytest.fixture
def edit():
    """Return a function that changes an entity's file behind the back of the tables, or deletes it."""

    def change(account, kind, name, **members):
        path = LocalBackend(account).path_of((kind, name))
        if not members:
            path.unlink()
            return
        path.write_text(json.dumps(json.loads(path.read_text()) | members))

    return change


def compare(account):
    inventories.request(account.pk, COMPARE)
    assert not taking_inventory.take(account.pk)
    assert latest_inventory(account.pk).state == "done"
    return {(row.kind, row.name, row.member) for row in Drift.objects.filter(account=account)}


def test_comparison_finds_nothing_where_nothing_is_different(filled):
    assert compare(filled) == set()

    assert latest_inventory(filled.pk).counts["user"] == 2
    assert not InventoryEntry.objects.exists()


def test_comparison_finds_what_was_changed_outside(filled, edit):
    edit(filled, "user", "alice", Tags=[{"Key": "team", "Value": "blue"}])
    edit(filled, "role", "deploy")

    assert compare(filled) == {("user", "alice", "Tags"), ("role", "deploy", "")}

    drift = Drift.objects.get(member="Tags")
    assert drift.ours == [{"Key": "team", "Value": "red"}]
    assert drift.theirs == [{"Key": "team", "Value": "blue"}]
    assert Drift.objects.get(member="").theirs is None


def test_comparison_forgets_what_is_equal_again(filled, edit):
    edit(filled, "user", "alice", Tags=[])
    edit(filled, "user", "bob")
    compare(filled)
    perform(root_of(filled), "UntagUser", UserName="alice", TagKeys=["team"])
    perform(root_of(filled), "DeleteUser", UserName="bob")
    carrying.drain(filled.pk)

    assert compare(filled) == set()


def test_comparison_leaves_what_open_changes_are_about(filled):
    perform(root_of(filled), "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    perform(root_of(filled), "CreateUser", UserName="carol")
    perform(root_of(filled), "DeleteUser", UserName="bob")
    Change.objects.update(next_attempt_at="2999-01-01T00:00Z")

    assert compare(filled) == set()


def test_comparison_sees_what_stands_beside_an_open_change(filled, edit):
    perform(root_of(filled), "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    Change.objects.update(next_attempt_at="2999-01-01T00:00Z")
    edit(filled, "user", "alice", UserPolicyList=[])

    assert compare(filled) == {("user", "alice", "UserPolicyList")}


def test_ignored_difference_comes_back_when_the_backend_changes_again(filled, edit):
    edit(filled, "user", "alice", Tags=[])
    compare(filled)
    Drift.objects.update(is_ignored=True)
    compare(filled)
    assert Drift.objects.get().is_ignored

    edit(filled, "user", "alice", Tags=[{"Key": "x", "Value": "y"}])
    compare(filled)

    assert not Drift.objects.get().is_ignored


def test_unreadable_file_is_told_and_counts_as_none(filled):
    path = LocalBackend(filled).path_of(("user", "bob"))
    path.write_text("{")

    inventories.request(filled.pk, COMPARE)
    taking_inventory.take(filled.pk)

    inventory = latest_inventory(filled.pk)
    assert inventory.state == "done"
    assert "bob.json" in inventory.notes[0]["reason"]
    assert Drift.objects.get().name == "bob"


def test_import_makes_the_tables_like_the_backend(filled, edit):
    edit(filled, "user", "alice", Tags=[{"Key": "team", "Value": "blue"}])
    edit(filled, "user", "bob")

    inventories.request(filled.pk, IMPORT)
    taking_inventory.take(filled.pk)

    assert list(User.objects.get(name="alice").tags.values_list("value", flat=True)) == ["blue"]
    assert not User.objects.filter(name="bob").exists()
    assert KnownDocument.objects.get(kind="user").name == "alice"
    assert compare(filled) == set()


def test_import_never_writes_over_open_changes(filled, edit):
    edit(filled, "user", "alice", Tags=[], UserPolicyList=[])
    perform(root_of(filled), "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    perform(root_of(filled), "CreateUser", UserName="carol")
    perform(root_of(filled), "DeleteUser", UserName="bob")
    Change.objects.update(next_attempt_at="2999-01-01T00:00Z")

    inventories.request(filled.pk, IMPORT)
    taking_inventory.take(filled.pk)

    alice = User.objects.get(name="alice")
    assert {tag.key for tag in alice.tags.all()} == {"team", "a"}
    assert not alice.inline_policies.exists()
    assert set(User.objects.values_list("name", flat=True)) == {"alice", "carol"}


class DyingError(Exception):
    """A worker that is gone in the middle of a page."""


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_import_goes_on_after_a_worker_died_in_a_page(filled, edit, monkeypatch, page):
    monkeypatch.setattr(sources, "_FILES_PER_PAGE", 2)
    edit(filled, "user", "bob")
    written, real = [], inventories.note_page

    def dying(inventory, keys, notes, marker):
        real(inventory, keys, notes, marker)
        written.append(marker)
        if len(written) == page:
            raise DyingError

    monkeypatch.setattr(inventories, "note_page", dying)
    inventories.request(filled.pk, IMPORT)
    with pytest.raises(DyingError):
        taking_inventory.take(filled.pk)
    taking_inventory.take(filled.pk)

    inventory = latest_inventory(filled.pk)
    assert inventory.state == "done"
    assert {kind: count for kind, count in inventory.counts.items() if kind != "mfa"} == {
        "account": 1,
        "group": 1,
        "policy": 1,
        "role": 1,
        "user": 1,
    }
    assert compare(filled) == set()


def test_changes_go_on_between_pages(filled, monkeypatch):
    monkeypatch.setattr(sources, "_FILES_PER_PAGE", 1)
    perform(root_of(filled), "TagUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}])

    assert compare(filled) == set()

    assert not Change.objects.exclude(state=Change.State.VERIFIED).exists()


def test_second_request_is_the_first_one(account):
    first = inventories.request(account.pk, COMPARE)

    assert inventories.request(account.pk, COMPARE).pk == first.pk
    assert inventories.request(account.pk, IMPORT).purpose == IMPORT
    assert inventories.request(account.pk, COMPARE).purpose == IMPORT


def test_accounts_are_compared_when_it_is_time(account, settings):
    inventories.request_due()
    assert latest_inventory(account.pk).purpose == COMPARE
    taking_inventory.take(account.pk)

    inventories.request_due()

    assert Inventory.objects.count() == 1


def test_restricted_user_may_not_ask_for_a_comparison(account):
    alice = principal_of(make_user(account, "alice"))

    with pytest.raises(IamError, match="iam:GetAccountAuthorizationDetails"):
        inventories.request_as(alice, COMPARE)


def test_policy_document_written_otherwise_is_no_difference(filled, edit):
    document = json.loads(policy_document(allow("s3:GetObject")))
    document["Statement"][0]["Action"] = "s3:getobject"
    edit(filled, "user", "alice", UserPolicyList=[{"PolicyName": "test", "PolicyDocument": document}])

    assert compare(filled) == set()
