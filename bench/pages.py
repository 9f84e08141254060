"""The users list at 50 and at 5,000 users, first page and last, against a bare view that returns the same bytes."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

from bench.ratios import Ratio, alternate
from console.embedded.processes import wait_until
from tests.product import ROOT, Product, free_port

AT_MOST = 3
ROUNDS = 60

# Runs in the product's own environment; prints the cookie of a signed-in root user.
LOAD = """
import json
from django.db import connection
from django.test import Client
from tests.factories import make_account, make_group, make_many_users, root_of, sign_in
account = make_account()
make_many_users(account, COUNT)
for number in range(COUNT * 300 // 5000):
    make_group(account, f"group-{number:03}")
# Autovacuum does it within a minute of such a load.
connection.cursor().execute("ANALYZE")
print(json.dumps(sign_in(Client(), root_of(account)).cookies["iam-session"].value))
"""


class Connection:
    """One kept-alive connection, as a browser has."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"Cookie": f"iam-session={cookie}", "Host": "localhost"}

    def get(self, path: str) -> bytes:
        """Return the body of a page. Raises RuntimeError unless it is there."""
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} answered {response.status}")
        return body


@contextmanager
def bare_view(body: bytes, folder: Path) -> Iterator[Connection]:
    """Serve bytes from a bare view, under the server and with the options that the console has."""
    file, port = folder / "bare", free_port()
    file.write_bytes(body)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--workers", "2"]
    server = subprocess.Popen(
        [*command, "--blocking-threads", "8", "--host", "127.0.0.1", "--port", str(port), "bench.children.bare:application"],
        cwd=ROOT,
        env={**os.environ, "BARE_FILE": str(file)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        connection = Connection(port)
        if not wait_until(lambda: answers(connection), 30):
            raise RuntimeError("The bare view does not answer.")
        yield connection
    finally:
        server.terminate()
        server.wait()


def answers(connection: Connection) -> bool:
    """Whether the server is up."""
    try:
        connection.get("/")
    except OSError:
        connection.connection.close()
        return False
    return True


def last_page(connection: Connection, path: str) -> str:
    """Follow the pager to its end and return the last page's address."""
    while found := re.search(r'href="([^"]+)"[^>]*rel="next"', connection.get(path).decode()):
        path = unescape(found[1])
    return path


def main() -> list[Ratio]:
    """Measure the list in one run of the product."""
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data")
        product.start()
        product.wait()
        try:
            for count in (50, 5000):
                cookie = json.loads(product.manage("shell", "-v", "0", "-c", LOAD.replace("COUNT", str(count))))
                connection = Connection(product.port, cookie)
                pages = {"first page": "/users/", "last page": last_page(connection, "/users/")}
                for label, path in pages.items():
                    ratios.append(_ratio(f"users list, {count:,} users, {label}", connection, path, folder))
        finally:
            product.stop()
    return ratios


def _ratio(subject: str, connection: Connection, path: str, folder: Path) -> Ratio:
    with bare_view(connection.get(path), folder) as bare:
        ours: Callable[[], object] = lambda: connection.get(path)  # noqa: E731
        seconds, yardstick = alternate(ours, lambda: bare.get("/"), rounds=ROUNDS)
    return Ratio(subject, seconds, "bare view, same bytes", yardstick, AT_MOST)
