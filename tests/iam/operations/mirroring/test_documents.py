"""Whole accounts are written and read back, in few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iam.models import Account, PolicyVersion, Role, User
from iam.operations import quotas
from iam.operations.mirroring import remove_entities, write_documents
from iam.queries.documents import documents_of, entities_of
from iam.sync.compare import differences_of
from tests.factories import make_account
from tests.iam.operations.mirroring import documents
from tests.iam.operations.mirroring.conftest import as_mirror
from tests.iam.operations.test_accounts import fill

pytestmark = pytest.mark.django_db


def test_write_documents_makes_of_documents_what_they_were_read_from():
    account = make_account(alias="acme-corp")
    fill(account)
    entities = list(entities_of(account.pk))
    before = documents_of(account.pk, entities)
    as_mirror(account)
    remove_entities(account.pk, entities)
    Account.objects.filter(pk=account.pk).update(alias=None)
    assert not User.objects.exists()

    written = write_documents(account.pk, [(kind, document) for (kind, _), document in before.items()])

    del before["account", account.pk]
    assert written.notes == []
    assert differences_of(before, documents_of(account.pk, [key for key in entities if key[0] != "account"])) == {}
    assert Account.objects.get(pk=account.pk).alias == "acme-corp"


def test_write_documents_again_changes_nothing(mirror, read):
    given = [documents.policy(), documents.group(), documents.role(), documents.user(AccessKeys=[documents.key()])]
    write_documents(mirror.pk, given)
    before = list(User.objects.values()), list(Role.objects.values()), list(PolicyVersion.objects.values())

    with CaptureQueriesContext(
        connection,
    ) as queries:
        write_documents(mirror.pk, given)

    assert before == (list(User.objects.values()), list(Role.objects.values()), list(PolicyVersion.objects.values()))
    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "INSERT"}


def _account_of(count: int, account_id: str) -> list:
    """Return documents of as many users, each with one of all that users have."""
    policy = f"arn:aws:iam::{account_id}:policy/ReadThings"
    users = [
        documents.user(
            f"user-{number:05}",
            GroupList=["Developers"],
            AttachedManagedPolicies=documents.attached(policy),
            UserPolicyList=[{"PolicyName": "own", "PolicyDocument": documents.POLICY}],
            Tags=[{"Key": "team", "Value": "web"}],
            LoginProfile={"CreateDate": documents.DATE, "PasswordResetRequired": False},
            AccessKeys=[documents.key(), documents.key()],
            MFADevices=[documents.device(account_id)],
        )
        for number in range(count)
    ]
    return [documents.policy(), documents.group(), *users]


def _statements(account_id: str, given: list) -> int:
    with CaptureQueriesContext(connection) as queries:
        write_documents(account_id, given)
    return len(queries)


def test_write_documents_takes_as_many_statements_for_many_users_as_for_two(mirror):
    few = _statements(mirror.pk, _account_of(2, mirror.pk))
    many = _statements(mirror.pk, _account_of(200, mirror.pk)[2:])

    assert few <= 75
    assert many <= few
    assert User.objects.count() == 200


def test_write_documents_counts_places_and_makes_room_beyond_the_quotas(mirror, monkeypatch):
    monkeypatch.setitem(quotas._ALL, "Groups", 3)

    write_documents(mirror.pk, [documents.group(f"g{number}") for number in range(5)])

    assert quotas.usage(mirror.pk)["Groups"] == 5
    quotas.take(mirror.pk, "Groups")
    remove_entities(mirror.pk, [("group", "g1"), ("group", "G2"), ("group", "nobody")])
    assert quotas.usage(mirror.pk)["Groups"] == 3
