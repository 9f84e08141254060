"""What an account publishes as an issuer of tokens."""

import pytest

from iam.models import IssuerKey
from iam.operations import perform

pytestmark = pytest.mark.django_db
UNKNOWN = "/federation/0b4ef5a4-3bd0-4c0a-9d0c-6d1d84b7e5d1/.well-known"


@pytest.fixture
def published(root, client):
    """Where the account publishes, read by somebody who is not signed in."""
    issuer = perform(root, "EnableOutboundWebIdentityFederation")["IssuerIdentifier"]
    client.cookies.clear()
    return issuer.removeprefix("http://localhost:8000") + "/.well-known"


def test_configuration_leads_to_the_keys(published, client):
    response = client.get(f"{published}/openid-configuration")

    told = response.json()
    assert told["jwks_uri"] == f"{told['issuer']}/.well-known/jwks.json"
    assert sorted(told["id_token_signing_alg_values_supported"]) == ["ES384", "RS256"]
    assert response["Cache-Control"] == "public, max-age=3600"


def test_published_keys_are_public_halves(published, client):
    keys = client.get(f"{published}/jwks.json").json()["keys"]

    assert len(keys) == 2
    assert not {"d", "p", "q"} & {name for key in keys for name in key}
    assert all(b"PRIVATE" not in bytes(key.sealed_key) for key in IssuerKey.objects.all())


@pytest.mark.parametrize("page", ["openid-configuration", "jwks.json"])
def test_nothing_is_published_for_an_unknown_issuer(client, page):
    assert client.get(f"{UNKNOWN}/{page}").status_code == 404
    assert client.post(f"{UNKNOWN}/{page}").status_code == 405
