"""Clients that others wrote, unmodified, calling the running product."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.product import NewAccount, Product

BIN = Path(sys.executable).parent
JAVASCRIPT = Path(__file__).parent / "javascript"


@pytest.fixture
def account(new_account: Callable[..., NewAccount]) -> NewAccount:
    """An account of this test's own."""
    return new_account()


class Cli:
    """The aws command line with one pair of keys: `cli("iam", "list-users")` returns what it printed, read as JSON."""

    def __init__(self, environment: Mapping[str, str], key_id: str, secret: str, token: str = "") -> None:
        self.environment = {**environment, "AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
        if token:
            self.environment["AWS_SESSION_TOKEN"] = token

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it."""
        command = [sys.executable, str(BIN / "aws"), *arguments, "--output", "json"]
        return subprocess.run(command, env=self.environment, text=True, capture_output=True, check=False)

    def __call__(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def refusal(self, *arguments: str) -> str:
        """Run a command that must be refused; return what it says."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        return done.stderr.strip()

    def acting_with(self, key_id: str, secret: str, token: str = "") -> "Cli":
        """Return the same command line with other keys."""
        return Cli(self.environment, key_id, secret, token)


@pytest.fixture
def environment(stack: Product, tmp_path: Path) -> dict[str, str]:
    """What a shell that follows docs/api.md has set: the endpoint, a region, nobody's own configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {
        **kept,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{stack.port}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@pytest.fixture
def cli(environment: dict[str, str], account: NewAccount) -> Cli:
    """The aws command line of the account's root user."""
    return Cli(environment, account.access_key_id, account.secret_access_key)


@pytest.fixture
def node(environment: dict[str, str], account: NewAccount) -> Callable[[str], Any]:
    """Run a script of tests/clients/javascript as root with Node.js; return what it printed, read as JSON."""
    if not (JAVASCRIPT / "node_modules").exists():
        pytest.fail("The SDK for JavaScript is not installed. `make test` installs it.", pytrace=False)
    keys = {"AWS_ACCESS_KEY_ID": account.access_key_id, "AWS_SECRET_ACCESS_KEY": account.secret_access_key}

    def run(script: str) -> Any:
        command = [str(BIN / "node"), str(JAVASCRIPT / script)]
        done = subprocess.run(command, env={**environment, **keys}, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
