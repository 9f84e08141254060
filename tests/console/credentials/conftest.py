import pytest
from django.urls import reverse

from tests.factories import allow, make_user, principal_of, sign_in

SELF = "arn:aws:iam::*:user/${aws:username}"


@pytest.fixture
def alice(account, client):
    """A user who may do everything with her own credentials and nothing else, signed in."""
    user = make_user(account, "alice", statements=[allow("iam:*", resource=SELF)])
    sign_in(client, principal_of(user))
    return user


@pytest.fixture
def own():
    """Return addresses below My security credentials."""
    return lambda page, *arguments: reverse(f"credentials:{page}", args=arguments)
