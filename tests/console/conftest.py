import pytest

from tests.factories import make_account, make_user, principal_of, root_of, sign_in


@pytest.fixture
def account(db):
    """An account without users."""
    return make_account()


@pytest.fixture
def root(account, client):
    """The root user, signed in with the test's client."""
    principal = root_of(account)
    sign_in(client, principal)
    return principal


@pytest.fixture
def signed_in_as(account, client):
    """Sign in as a new user whose inline policy consists of the given statements."""

    def enter(*statements, name="carol"):
        user = make_user(account, name, statements=statements)
        sign_in(client, principal_of(user))
        return user

    return enter
