"""An account in AWS, as its mirror here is, and what is read back from it."""

import pytest

from iam.models import Account, RootUser
from iam.queries.documents import documents_of, entities_of
from tests.factories import make_account


def as_mirror(account: Account) -> Account:
    """Make an account one in AWS: nobody signs in to it."""
    RootUser.objects.filter(account=account).delete()
    Account.objects.filter(pk=account.pk).update(kind=Account.Kind.AWS)
    return Account.objects.get(pk=account.pk)


@pytest.fixture
def mirror(db):
    return as_mirror(make_account())


@pytest.fixture
def read():
    """Return a function that reads an account's documents, but for those of the account itself."""

    def documents(account: Account):
        entities = [entity for entity in entities_of(account.pk) if entity[0] != "account"]
        return documents_of(account.pk, entities)

    return documents
