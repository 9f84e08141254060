"""Inventories of AWS accounts: what an import takes over, and what a comparison finds right after it."""

import json

import pytest

from iam import sealing
from iam.models import Connection, Drift, Group, Inventory, User
from iam.operations import inventories
from iam.queries.documents import documents_of, entities_of
from iam.queries.inventories import latest_inventory
from iam.sync import taking_inventory
from iam.sync.backends.aws import reading
from iam.sync.backends.aws.clients import Clients
from iam.sync.compare import differences
from iam.sync.sources import source_of
from tests.factories import make_aws_policy, make_connection
from tests.iam.sync.backends.aws.filling import fill


@pytest.fixture
def connection(account, moto):
    """A connection to an account in moto of its own, and the mirror of that account."""
    made = make_connection(
        account,
        account_id := f"{int(account.pk[0]) % 9 + 1}{account.pk[1:]}",
        source=Connection.Source.KEYS,
        access_key_id="AKIAIOSFODNN7EXAMPLE",
        sealed_keys=sealing.seal(json.dumps({"secret_access_key": "secret"})),
        role_arn=f"arn:aws:iam::{account_id}:role/console",
        endpoint_url=moto,
    )
    make_aws_policy(account, "ReadOnlyAccess")
    fill(Clients(made).iam(), account_id, has_everything=False)
    return made


def take(connection, purpose):
    inventories.request(connection.account_id, purpose)
    assert not taking_inventory.take(connection.account_id)
    done = latest_inventory(connection.account_id)
    assert (done.state, done.error_code) == ("done", "")
    return done


def test_import_makes_a_mirror_in_which_nothing_is_different(connection, monkeypatch):
    monkeypatch.setattr(reading, "ENTITIES_PER_PAGE", 2)

    done = take(connection, Inventory.Purpose.IMPORT)
    take(connection, Inventory.Purpose.COMPARE)

    ours = documents_of(connection.account_id, entities_of(connection.account_id))
    source = source_of(connection.account)
    theirs = source.entities([(kind, name) for kind, name in entities_of(connection.account_id)])
    assert {key: differences(ours[key], theirs[key]) for key in ours if differences(ours[key], theirs[key])} == {}
    assert not Drift.objects.exists()
    assert done.counts["user"] == done.totals["user"] == 2
    assert {"ListServiceSpecificCredentials", "ListMFADeviceTags"} <= {
        note["reason"].partition(":")[0] for note in done.notes
    }


def test_comparison_finds_what_somebody_did_there(connection):
    take(connection, Inventory.Purpose.IMPORT)
    iam = Clients(connection).iam()
    iam.create_user(UserName="new")
    iam.delete_group_policy(GroupName="Developers", PolicyName="inline")
    iam.delete_instance_profile(InstanceProfileName="none")

    take(connection, Inventory.Purpose.COMPARE)

    assert {(row.kind, row.name, row.member) for row in Drift.objects.all()} == {
        ("user", "new", ""),
        ("group", "developers", "GroupPolicyList"),
        ("instance-profile", "none", ""),
    }


def test_import_goes_on_with_what_another_worker_left(connection, monkeypatch):
    monkeypatch.setattr(taking_inventory, "TURN_SECONDS", -1)
    inventories.request(connection.account_id, Inventory.Purpose.IMPORT)

    turns = 1
    while taking_inventory.take(connection.account_id):
        turns += 1

    assert turns > 9
    assert latest_inventory(connection.account_id).state == "done"
    assert User.objects.filter(account=connection.account_id).count() == 2
    assert Group.objects.filter(account=connection.account_id).count() == 2
