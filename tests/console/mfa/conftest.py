"""Ways through the wizard that assigns MFA devices."""

import json
import re
from html import unescape

import pytest
from django.utils import timezone

from iam.operations import mfa_codes
from tests.authenticators import SecurityKey
from tests.factories import make_user

HERE = {"HTTP_HOST": "localhost:8000"}


@pytest.fixture
def alice(account):
    return make_user(account, "alice")


@pytest.fixture
def begun(client):
    """Begin the wizard of a user, or one's own without a name, and answer its first step: the address of the second."""

    def begin(kind, *, name="phone", user="alice"):
        base = f"/users/details/{user}" if user else "/security_credentials"
        first = client.get(f"{base}/mfa/assign/", **HERE).headers["Location"]
        answered = client.post(first, {"name": name, "kind": kind}, **HERE)
        assert answered.status_code == 302, answered.content.decode()
        return answered.headers["Location"]

    return begin


def text(response):
    """Return a page without line breaks."""
    return " ".join(response.content.decode().split())


def options_on(response):
    """Return what a page asks the browser for."""
    return json.loads(unescape(re.search(r'data-options="([^"]*)"', response.content.decode())[1]))


def seed_on(response):
    """Return the secret key that a page shows."""
    return re.search(r'data-copy="([A-Z2-7]{64})"', response.content.decode())[1]


def codes_of(seed, *, ahead=0):
    """Return two codes in a row, the second of which counts now."""
    step = mfa_codes.step_at(timezone.now()) + ahead
    return {"code": mfa_codes.code_at(seed, step - 1), "following": mfa_codes.code_at(seed, step)}


@pytest.fixture
def assigned(client, begun):
    """Assign a security key in software, and return it."""

    def assign(*, user="alice", name="yubikey", **details):
        page = begun("security-key", name=name, user=user)
        key = SecurityKey(**details)
        response = client.post(page, {"answer": key.create(options_on(client.get(page, **HERE)))}, **HERE)
        assert response.status_code == 302, text(response)
        return key

    return assign
