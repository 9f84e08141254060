"""Reading an AWS account as imports do, against a bare loop of boto3 that makes the same calls; moto's server is AWS.

`BENCH_AWS_USERS=5000 make bench ARGS=aws` reads an account of AWS's own quota.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from bench.ratios import Ratio
from console.embedded.processes import wait_until
from tests.product import Product, free_port

USERS = int(os.environ.get("BENCH_AWS_USERS", "1000"))
AT_MOST = 2
ACCOUNT_ID = "210987654321"
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret", "region_name": "us-east-1"}

# Runs in the product's own environment; the connection is in no table, since reading needs none.
READ = """
import json, time
from iam import sealing
from iam.models import Connection
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.reading import read_account
connection = Connection(
    account_id="ACCOUNT", source="keys", access_key_id="AKIAIOSFODNN7EXAMPLE", endpoint_url="URL",
    role_arn="arn:aws:iam::ACCOUNT:role/bench", sealed_keys=sealing.seal(json.dumps({"secret_access_key": "secret"})),
)
clients = Clients(connection)
clients.iam()
began = time.perf_counter()
kinds = [snapshot.kind for page in read_account(clients, {}) for snapshot in page.snapshots]
print(json.dumps([kinds.count("user"), time.perf_counter() - began]))
"""


def main() -> list[Ratio]:
    """Read one account both ways, after each other: who is faster leaves the other nothing."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name, moto_server() as url:
        folder = Path(name)
        folder.chmod(0o711)
        load(client(url))
        product = Product(folder / "data")
        product.start()
        product.wait()
        try:
            script = READ.replace("ACCOUNT", ACCOUNT_ID).replace("URL", url)
            found, ours = json.loads(product.manage("shell", "-v", "0", "-c", script).splitlines()[-1])
        finally:
            product.stop()
        began = time.perf_counter()
        bare_found = read_bare(client(url))
        bare = time.perf_counter() - began
    if found != USERS or bare_found != USERS:
        raise RuntimeError(f"There are {USERS} users; {found} were read, and {bare_found} by the bare loop.")
    return [Ratio(f"read {USERS:,} users, each", ours / USERS, "the same calls, bare", bare / USERS, AT_MOST)]


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server; yield its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with contextlib.suppress(Exception):
            return bool(boto3.client("sts", endpoint_url=url, **KEYS).get_caller_identity())
        return False

    try:
        if not wait_until(answers, 60):
            raise RuntimeError("moto's server does not answer.")
        yield url
    finally:
        server.terminate()
        server.wait()


def client(url: str) -> Any:
    """Return boto3's client of IAM for the account."""
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/bench"
    sts = boto3.client("sts", endpoint_url=url, **KEYS)
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="bare")["Credentials"]
    return boto3.client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )


def load(iam: Any) -> None:
    """Make the users, each with an access key."""
    for number in range(USERS):
        name = f"user-{number:05}"
        iam.create_user(UserName=name)
        iam.create_access_key(UserName=name)


def read_bare(iam: Any) -> int:
    """Make the calls that reading makes, and nothing of their answers; return how many users there were."""
    for call in ("get_account_summary", "list_account_aliases", "list_virtual_mfa_devices", "list_users", "list_roles"):
        getattr(iam, call)()
    users = 0
    details = iam.get_paginator("get_account_authorization_details")
    for kind in ("LocalManagedPolicy", "Group", "User", "Role"):
        for page in details.paginate(Filter=[kind], PaginationConfig={"PageSize": 100}):
            for user in page["UserDetailList"]:
                users += 1
                read_bare_user(iam, {"UserName": user["UserName"]})
    for call in (
        "list_instance_profiles",
        "list_open_id_connect_providers",
        "list_saml_providers",
        "list_server_certificates",
    ):
        getattr(iam, call)()
    return users


def read_bare_user(iam: Any, who: dict[str, str]) -> None:
    """Make the calls about one user; moto has no ListServiceSpecificCredentials, which ours asks for once."""
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.get_login_profile(**who)
    for key in iam.list_access_keys(**who)["AccessKeyMetadata"]:
        iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    iam.list_mfa_devices(**who)
    iam.list_signing_certificates(**who)
    iam.list_ssh_public_keys(**who)
