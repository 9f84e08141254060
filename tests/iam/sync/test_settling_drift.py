"""Drift of local accounts and what people do about it: the tables follow the files, or the files are put back."""

import json

import pytest

from iam.errors import IamError
from iam.models import Change, Drift, Event, Inventory, User
from iam.operations import inventories, perform, resolving_drift
from iam.sync import carrying, settling_drift, taking_inventory
from iam.sync.backends.local import LocalBackend
from tests.factories import allow, make_account, make_user, principal_of, root_of

ALICE = ("user", "alice")


@pytest.fixture
def drifting(account):
    """An account in whose files alice has another tag, and no policy."""
    make_user(account, "Alice", statements=[allow("s3:GetObject")], Tags=[{"Key": "team", "Value": "red"}])
    carrying.drain(account.pk)
    path = LocalBackend(account).path_of(ALICE)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"Tags": [{"Key": "team", "Value": "blue"}], "UserPolicyList": []}))
    compare(account)
    return account


def compare(account):
    inventories.request(account.pk, Inventory.Purpose.COMPARE)
    taking_inventory.take(account.pk)


def members():
    return set(Drift.objects.values_list("member", flat=True))


def test_tables_follow_the_backend(drifting):
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ()})

    settling_drift.settle(drifting.pk)

    alice = User.objects.get()
    assert list(alice.tags.values_list("value", flat=True)) == ["blue"]
    assert not alice.inline_policies.exists()
    assert not Drift.objects.exists()
    assert Event.objects.filter(name="AcceptDrift").get().request_parameters["Entities"][0]["Name"] == "alice"


def test_tables_follow_the_backend_in_one_member(drifting):
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ["Tags"]})

    settling_drift.settle(drifting.pk)

    assert User.objects.get().inline_policies.exists()
    assert members() == {"UserPolicyList"}


def test_entity_that_is_gone_goes(drifting):
    LocalBackend(drifting).path_of(ALICE).unlink()
    compare(drifting)
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ()})

    settling_drift.settle(drifting.pk)

    assert not User.objects.exists()
    assert not Drift.objects.exists()


def test_entity_comes_back_from_its_file(drifting):
    content = LocalBackend(drifting).path_of(ALICE).read_text()
    perform(root_of(drifting), "DeleteUserPolicy", UserName="Alice", PolicyName="test")
    perform(root_of(drifting), "DeleteUser", UserName="Alice")
    carrying.drain(drifting.pk)
    LocalBackend(drifting).path_of(ALICE).write_text(content)
    compare(drifting)
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ()})

    settling_drift.settle(drifting.pk)

    assert User.objects.get().name == "Alice"
    assert not Drift.objects.exists()


def test_broken_file_removes_nobody(drifting):
    LocalBackend(drifting).path_of(ALICE).write_text("{")
    compare(drifting)
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ()})

    settling_drift.settle(drifting.pk)

    assert User.objects.exists()
    assert "MalformedDocument" in Drift.objects.filter(member="").get().error_message


def test_newer_change_is_not_overwritten(drifting):
    resolving_drift.take_theirs(root_of(drifting), {ALICE: ()})
    perform(root_of(drifting), "TagUser", UserName="Alice", Tags=[{"Key": "team", "Value": "green"}])
    Change.objects.update(next_attempt_at="2999-01-01T00:00Z")

    settling_drift.settle(drifting.pk)

    assert list(User.objects.get().tags.values_list("value", flat=True)) == ["green"]


def test_files_are_put_back(drifting):
    resolving_drift.put_back(root_of(drifting), {ALICE: ()})

    carrying.drain(drifting.pk)
    compare(drifting)

    assert not Drift.objects.exists()
    assert list(User.objects.get().tags.values_list("value", flat=True)) == ["red"]


def test_broken_file_is_put_back(drifting):
    LocalBackend(drifting).path_of(ALICE).write_text("{")
    compare(drifting)

    resolving_drift.put_back(root_of(drifting), {ALICE: ()})
    carrying.drain(drifting.pk)
    compare(drifting)

    assert not Drift.objects.exists()


def test_nothing_is_put_back_over_open_changes(drifting):
    perform(root_of(drifting), "TagUser", UserName="Alice", Tags=[{"Key": "a", "Value": "b"}])

    with pytest.raises(IamError, match="on their way") as refused:
        resolving_drift.put_back(root_of(drifting), {ALICE: ()})

    assert refused.value.code == "ConcurrentModification"


def test_drift_is_ignored_and_noticed(drifting):
    resolving_drift.ignore(root_of(drifting), {ALICE: ["Tags"]})
    compare(drifting)
    assert Drift.objects.get(is_ignored=True).member == "Tags"

    resolving_drift.ignore(root_of(drifting), {ALICE: ()}, is_ignored=False)

    assert not Drift.objects.filter(is_ignored=True).exists()


READING = allow("iam:GetAccountAuthorizationDetails")


@pytest.mark.parametrize("decide", [resolving_drift.take_theirs, resolving_drift.put_back, resolving_drift.ignore])
@pytest.mark.parametrize(
    ("statements", "action"),
    [([], "GetAccountAuthorizationDetails"), ([READING, allow("iam:TagUser", "iam:UntagUser")], "UserPolicy")],
)
def test_decision_needs_what_lies_between_both_sides(drifting, decide, statements, action):
    bob = principal_of(make_user(drifting, "bob", statements=statements))

    with pytest.raises(IamError, match=action) as refused:
        decide(bob, {ALICE: ()})

    assert refused.value.code == "AccessDenied"
    assert not Drift.objects.filter(taking_at__isnull=False).exists()
    assert not Drift.objects.filter(is_ignored=True).exists()


def test_whoever_may_do_the_steps_decides(drifting):
    bob = principal_of(make_user(drifting, "bob", statements=[READING, allow("iam:TagUser")]))

    resolving_drift.take_theirs(bob, {ALICE: ["Tags"]})

    assert Drift.objects.get(taking_at__isnull=False).member == "Tags"


def test_other_accounts_drift_is_not_there(drifting):
    with pytest.raises(IamError) as refused:
        resolving_drift.take_theirs(root_of(make_account()), {ALICE: ()})

    assert refused.value.code == "NoSuchEntity"
