import pytest

from tests.factories import allow, make_account, make_role, make_user, principal_of, sign_in, trust_document


@pytest.fixture
def account(db):
    """An account with the alias `acme`."""
    return make_account(alias="acme")


@pytest.fixture
def alice(account, client):
    """A user who may assume every role that trusts the account, signed in with the test's client."""
    user = make_user(account, "alice", statements=[allow("sts:AssumeRole")])
    sign_in(client, principal_of(user))
    return user


@pytest.fixture
def operator(account):
    """A role with a path that trusts its account, and may list groups."""
    trust = trust_document({"AWS": account.pk})
    return make_role(account, "Operator", trust=trust, Path="/team/", statements=[allow("iam:ListGroups")])


@pytest.fixture
def switch(client):
    """Post the form: `switch("team/Operator", color="F2B0A9")`."""

    def post(role="team/Operator", account="acme", **fields):
        return client.post("/switchrole", {"account": account, "roleName": role, **fields})

    return post
