"""Calls of the Query API against `moto_server`, the peer that people test with today, from one client in one run.

Ours checks the signature, authorizes a user by policies, writes an event and keeps what it answers; moto keeps
dictionaries. Both have the same entities.
"""

import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.ratios import Ratio
from console.embedded.processes import wait_until
from tests.product import Product, free_port

# The goal is to be nowhere slower; below that, how much of the peer's time a call may take.
AT_MOST = 1
AS_MUCH_AS_A_SMALL_ACCOUNT = 1.25
ROUNDS = 100
ROUNDS_OF_LISTS = 20
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
# The quota is 5,000 users, and calls that are measured create some.
SMALL, LARGE = 1000, 4800

Call = Callable[[int], object]

# Runs in the product's own environment: an account with users, and the key of one who is an administrator by policy.
LOAD = """
from django.db import connection
from iam.operations import perform
from tests.factories import make_account, make_many_users, make_role, make_user, root_of
account = make_account()
make_many_users(account, COUNT)
make_role(account, "bench")
user = make_user(account, "caller")
perform(root_of(account), "AttachUserPolicy", UserName="caller", PolicyArn="ADMINISTRATOR")
key = perform(root_of(account), "CreateAccessKey", UserName="caller")["AccessKey"]
# Autovacuum does it within a minute of such a load.
connection.cursor().execute("ANALYZE")
print(key["AccessKeyId"], key["SecretAccessKey"], account.pk)
"""


class Caller:
    """A client with one connection and one key; it does no more than any client must."""

    def __init__(self, port: int, key_id: str, secret: str, account_id: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.credentials = Credentials(key_id, secret)
        self.url = f"http://127.0.0.1:{port}/"
        self.account_id = account_id

    def call(self, service: str, action: str, **parameters: str | int) -> str:
        """Return the XML of an answer. Raises RuntimeError for a refusal."""
        body = urlencode({"Action": action, "Version": VERSIONS[service], **parameters})
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = AWSRequest("POST", self.url, headers=headers, data=body)
        SigV4Auth(self.credentials, service, "us-east-1").add_auth(request)
        try:
            status, answer = self._post(body, dict(request.headers.items()))
        except (http.client.RemoteDisconnected, BrokenPipeError):
            # Servers end connections that idle while others are measured; the next request opens a new one.
            self.connection.close()
            status, answer = self._post(body, dict(request.headers.items()))
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"{action} answered {status}: {answer[:500]}")
        return answer

    def _post(self, body: str, headers: dict[str, str]) -> tuple[int, str]:
        self.connection.request("POST", "/", body, headers)
        response = self.connection.getresponse()
        return response.status, response.read().decode()


@contextmanager
def moto_server() -> Iterator[Caller]:
    """Run moto's server, with the AWS managed policies that ours has."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)],
        env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    caller = Caller(port, "AKIAIOSFODNN7EXAMPLE", "secret", "123456789012")

    def answers() -> bool:
        try:
            return bool(caller.call("iam", "ListAccountAliases"))
        except OSError:
            caller.connection.close()
            return False

    try:
        if not wait_until(answers, 60):
            raise RuntimeError("moto's server does not answer.")
        yield caller
    finally:
        server.terminate()
        server.wait()


def load(peer: Caller, numbers: range) -> None:
    """Give moto the users that ours was loaded with."""
    for number in numbers:
        peer.call("iam", "CreateUser", UserName=f"user-{number:05}")


def load_others(peer: Caller) -> None:
    """Give moto the role and the user that ours was loaded with."""
    statement = '{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}'
    trust = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    peer.call("iam", "CreateRole", RoleName="bench", AssumeRolePolicyDocument=trust)
    peer.call("iam", "CreateUser", UserName="caller")
    peer.call("iam", "AttachUserPolicy", UserName="caller", PolicyArn=ADMINISTRATOR)


def details_of_users(caller: Caller) -> Call:
    """Return a call that reads every page of the details of all users."""

    def read(_round: int) -> int:
        parameters: dict[str, str | int] = {"Filter.member.1": "User", "MaxItems": 1000}
        users = 0
        while True:
            answer = caller.call("iam", "GetAccountAuthorizationDetails", **parameters)
            users += answer.count("<UserId>")
            marker = re.search("<Marker>(.*?)</Marker>", answer)
            if not marker:
                return users
            parameters["Marker"] = unquote(marker[1])

    return read


def calls_of(caller: Caller) -> dict[str, Call]:
    """Return the calls that are measured, by name; each gets the number of its round."""
    account = f"arn:aws:iam::{caller.account_id}"
    attached = {"UserName": "caller", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    role = {"RoleArn": f"{account}:role/bench", "RoleSessionName": "bench"}
    return {
        "GetUser": lambda _: caller.call("iam", "GetUser", UserName="user-00500"),
        "CreateUser": lambda number: caller.call("iam", "CreateUser", UserName=f"fresh-{time.time_ns()}-{number}"),
        "ListUsers, 100": lambda _: caller.call("iam", "ListUsers", MaxItems=100),
        "ListUsers, 1,000": lambda _: caller.call("iam", "ListUsers", MaxItems=1000),
        "AttachUserPolicy": lambda _: caller.call("iam", "AttachUserPolicy", **attached),
        "AssumeRole": lambda _: caller.call("sts", "AssumeRole", **role),
    }


def in_turns(ours: Call, theirs: Call, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds that each call took, sorted; in turns, so that a slow moment meets both.

    A fifth as many calls go before and do not count: moto was filled by calls and is warm, and for us PostgreSQL plans
    each statement anew the first five times that a connection runs it.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(-rounds // 5, rounds):
        for call, seconds in zip((ours, theirs), taken, strict=True):
            began = time.perf_counter()
            call(number)
            if number >= 0:
                seconds.append(time.perf_counter() - began)
    return sorted(taken[0]), sorted(taken[1])


def compared(subject: str, ours: Call, theirs: Call, rounds: int = ROUNDS) -> Iterator[Ratio]:
    """Measure a call against moto's: the mean, which is the inverse of requests per second, and the 95th percentile."""
    own, others = in_turns(ours, theirs, rounds)
    yield Ratio(subject, statistics.mean(own), "moto_server", statistics.mean(others), AT_MOST)
    late = int(rounds * 0.95)
    yield Ratio(f"{subject}, p95", own[late], "moto_server, p95", others[late], AT_MOST)


def main() -> list[Ratio]:
    """Measure the details of an account with 1,000 users, the other calls in a full one; does size count?"""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name, moto_server() as peer:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data")
        product.start()
        product.wait()
        try:
            return [*measure(product, peer)]
        finally:
            product.stop()


def account_of(product: Product, count: int) -> Caller:
    """Load an account and return a caller in it."""
    script = LOAD.replace("COUNT", str(count)).replace("ADMINISTRATOR", ADMINISTRATOR)
    key_id, secret, account_id = product.manage("shell", "-v", "0", "-c", script).split()
    return Caller(product.port, key_id, secret, account_id)


def measure(product: Product, peer: Caller) -> Iterator[Ratio]:
    """Yield the ratios."""
    small = account_of(product, SMALL)
    load(peer, range(SMALL))
    load_others(peer)
    yield from compared(
        "GetAccountAuthorizationDetails, 1,000 users", details_of_users(small), details_of_users(peer), 10
    )
    large = account_of(product, LARGE)
    load(peer, range(SMALL, LARGE))
    ours, theirs = calls_of(large), calls_of(peer)
    for name, call in ours.items():
        rounds = ROUNDS_OF_LISTS if name.startswith("List") else ROUNDS
        yield from compared(f"{name}, {LARGE:,} users", call, theirs[name], rounds)
    source = f"arn:aws:iam::{large.account_id}:user/caller"
    asked = {"PolicySourceArn": source, "ActionNames.member.1": "s3:GetObject"}
    simulate = lambda _: large.call("iam", "SimulatePrincipalPolicy", **asked)  # noqa: E731 - a call as the others
    own, yardstick = in_turns(simulate, ours["GetUser"], ROUNDS)
    # moto does not simulate.
    yield Ratio("SimulatePrincipalPolicy", statistics.mean(own), "our GetUser", statistics.mean(yardstick))
    for name in ("GetUser", "AssumeRole"):
        own, yardstick = in_turns(ours[name], calls_of(small)[name], ROUNDS)
        yield Ratio(
            f"{name}, {LARGE:,} users",
            statistics.median(own),
            f"{name}, 1,000 users",
            statistics.median(yardstick),
            AS_MUCH_AS_A_SMALL_ACCOUNT,
        )
