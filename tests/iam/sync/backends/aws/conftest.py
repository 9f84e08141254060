"""Connections to a simulated AWS, each to an account of its own there."""

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from iam import sealing
from iam.models import Connection


@pytest.fixture(scope="session")
def connect() -> Callable[..., Connection]:
    """Return a function that makes a connection with keys, which is in no table: `connect(url, role_arn=…)`."""

    def connect(url: str, *, secret_access_key: str = "secret", session_token: str = "", **fields: Any) -> Connection:
        keys = {"secret_access_key": secret_access_key, **({"session_token": session_token} if session_token else {})}
        given = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "sealed_keys": sealing.seal(json.dumps(keys)), **fields}
        return Connection(pk=uuid.uuid4(), source="keys", endpoint_url=url, **given)

    return connect


@pytest.fixture
def role_arn() -> str:
    """A role of an account that nobody else uses."""
    return f"arn:aws:iam::{secrets.randbelow(10**11) + 10**11}:role/console"
