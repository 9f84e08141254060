"""Changes of AWS accounts that workers carry, against a bare loop of boto3 that makes the same calls to moto's server.

A change is through once AWS has accepted it (`applied`); it is read back afterwards.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from bench.ratios import Ratio
from console.embedded.processes import wait_until
from tests.product import Product, free_port

CHANGES = 300
SINGLE = 40
ROUNDS = 3
# The goals: 0.8 of the bare loop's speed, and a quarter of a second beside the call.
AT_MOST = 1 / 0.8
LONGEST_WAIT = 0.25

# Each runs in the product's own environment. Changes pile up while the lanes are held; workers have them from then on.
PREPARE = """
import json, time
from contextlib import ExitStack
from django.db.models import Count
from iam.models import Change
from iam.operations import Step, perform_change_set
from iam.operations.waking import wake_worker
from iam.sync.lock import lane_of
from tests.iam.sync.aws_accounts import new_mirror
mirrors = [new_mirror("URL") for _ in range(ACCOUNTS)]
accounts = [connection.account_id for connection, _ in mirrors]
def waiting():
    return Change.objects.filter(account__in=accounts, state__in=["pending", "applying"]).exists()
"""
CARRY = (
    PREPARE
    + """
for connection, alice in mirrors:
    # The first call makes the client and assumes the role.
    perform_change_set(alice, [Step("CreateUser", {"UserName": "first"})])
while Change.objects.filter(account__in=accounts).exclude(state="verified").exists():
    time.sleep(0.01)
with ExitStack() as lanes:
    for connection, alice in mirrors:
        lanes.enter_context(lane_of(connection.account_id))
        for first in range(0, COUNT, 20):
            names = [f"user-{number}" for number in range(first, first + 20)]
            perform_change_set(alice, [Step("CreateUser", {"UserName": name, "Path": "/bench/"}) for name in names])
for account in accounts:
    wake_worker(account)
began = time.perf_counter()
while waiting():
    time.sleep(0.002)
print(json.dumps([time.perf_counter() - began]))
"""
)
ONE_BY_ONE = (
    PREPARE
    + """
connection, alice = mirrors[0]
for number in range(COUNT):
    perform_change_set(alice, [Step("CreateUser", {"UserName": f"user-{number}"})])
    while Change.objects.filter(account__in=accounts).exclude(state="verified").exists():
        time.sleep(0.02)
    time.sleep(0.1)
rows = Change.objects.filter(account__in=accounts).order_by("id")[1:]
print(json.dumps([(row.applied_at - row.created_at).total_seconds() for row in rows]))
"""
)


def main() -> list[Ratio]:
    """Measure with two workers: one account, two at once, and one change after the other on an idle system."""
    one: list[float] = []
    two: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name, moto(Path(name)) as url:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data", WORKER_PROCESSES="2")
        product.start()
        product.wait()
        try:
            for _ in range(ROUNDS):
                one += run(product, CARRY, url, accounts=1, count=CHANGES)
                bare.append(sum(create_bare(url, CHANGES)))
                two += run(product, CARRY, url, accounts=2, count=CHANGES // 2)
            waits = run(product, ONE_BY_ONE, url, accounts=1, count=SINGLE)
            calls = create_bare(url, SINGLE)
        finally:
            product.stop()
    loop = statistics.median(bare) / CHANGES
    return [
        Ratio("carry a change to AWS", statistics.median(one) / CHANGES, "bare loop of boto3", loop, AT_MOST),
        Ratio(
            "the same in two accounts at once", statistics.median(two) / CHANGES, "bare loop of boto3", loop, AT_MOST
        ),
        Ratio("commit to applied, p95", p95(waits), "0.25 s and the call", LONGEST_WAIT + p95(calls), 1),
    ]


def p95(seconds: list[float]) -> float:
    """Return what 95 of 100 stay below."""
    return sorted(seconds)[int(len(seconds) * 0.95)]


def run(product: Product, script: str, url: str, *, accounts: int, count: int) -> list[float]:
    """Run a script beside the product, and return what it measured."""
    text = script.replace("URL", url).replace("ACCOUNTS", str(accounts)).replace("COUNT", str(count))
    measured: list[float] = json.loads(product.manage("shell", "-v", "0", "-c", text).splitlines()[-1])
    return measured


def create_bare(url: str, count: int) -> list[float]:
    """Create as many users in an account of its own, one call after the other; return the seconds of each."""
    account_id = str(10**11 + time.time_ns() % 10**11)
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
    there = {"region_name": "us-east-1", "endpoint_url": url}
    sts = boto3.client("sts", **keys, **there)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{account_id}:role/bench", RoleSessionName="bench")["Credentials"]
    client = boto3.client(
        "iam",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        **there,
    )
    client.create_user(UserName="first")
    seconds = []
    for number in range(count):
        began = time.perf_counter()
        client.create_user(UserName=f"user-{number}", Path="/bench/")
        seconds.append(time.perf_counter() - began)
    return seconds


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """Run moto's server, and yield its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: answers(url), 60), "moto's server does not answer"
        yield url
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    """Whether a server answers calls."""
    try:
        create_bare(url, 1)
    except (BotoCoreError, ClientError):
        return False
    return True
