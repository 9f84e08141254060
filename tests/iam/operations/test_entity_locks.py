"""Entities of every kind are found, locked and removed by their names."""

import pytest

from iam.operations import perform
from iam.operations.entity_locks import lock_entities
from iam.operations.mirroring import remove_entities
from iam.queries.document_parts import key_of
from iam.queries.documents import entities_of
from iam.queries.entity_documents import KINDS
from tests.factories import make_account, root_of
from tests.iam.operations.test_accounts import fill

pytestmark = pytest.mark.django_db


def test_entities_of_every_kind_are_found_and_removed():
    account, other = make_account(), make_account()
    fill(account)
    perform(root_of(account), "CreateVirtualMFADevice", Path="/x/", VirtualMFADeviceName="Phone")
    keys = {key_of(kind, name) for kind, name in entities_of(account.pk) if kind != "account"}
    assert {kind for kind, _ in keys} == set(KINDS) - {"account"}
    asked = [*keys, ("account", account.pk), ("user", "nobody"), ("mfa", "nothing")]

    assert lock_entities(other.pk, keys) == set()
    assert lock_entities(account.pk, asked) == keys
    assert remove_entities(account.pk, keys) == len(keys)
    assert [kind for kind, _ in entities_of(account.pk)] == ["account"]
