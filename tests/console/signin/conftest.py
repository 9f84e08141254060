import pytest

from tests.factories import give_password, make_account, make_user


@pytest.fixture
def account(db):
    """An account with the alias `acme` and the user alice, who has a password."""
    account = make_account(alias="acme", email="owner@example.com")
    give_password(make_user(account))
    return account
