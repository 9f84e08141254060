"""Accounts whose changes tests carry themselves, and the files they become."""

import pytest

from iam.models import Account
from iam.queries.document_parts import key_of
from iam.queries.documents import canonical, documents_of, entities_of
from iam.sync.backends.local import LocalBackend, folder_of
from tests.factories import make_account


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """A data directory of the test's own."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def account(transactional_db):
    """An account in committed tables, since snapshots and locks are about commits."""
    return make_account()


@pytest.fixture
def assert_in_step():
    """Return a check that an account's files are its tables, no more and no less."""

    def check(account: Account) -> None:
        documents = documents_of(account.pk, entities_of(account.pk))
        backend = LocalBackend(account)
        expected = {str(backend.path_of(key)): canonical(document or {}) for key, document in documents.items()}
        files = {str(path): path.read_bytes() for path in folder_of(account.pk).rglob("*.json")}
        assert files == expected

    return check


@pytest.fixture
def names_of():
    """Return kind and name of all that a backend holds."""

    def names(account: Account) -> set[tuple[str, str]]:
        found = set()
        for snapshot in LocalBackend(account).fetch():
            title = {"account": "AccountId"}.get(snapshot.kind, f"{snapshot.kind.title().replace('-', '')}Name")
            found.add(key_of(snapshot.kind, snapshot.document[title]))
        return found

    return names
