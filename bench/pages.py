"""Pages of a small and of a full account, first page and last, against bare views that return the same bytes.

The small account has 50 users, the full one as many users, groups, roles and policies as the quotas allow.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from bench.ratios import Ratio, alternate
from console.embedded.processes import wait_until
from tests.product import ROOT, Product, free_port

AT_MOST = 3
# Room for what differs between the pages' rows, and for noise.
AS_MUCH_AS_A_SMALL_ACCOUNT = 1.25
ROUNDS = 60
LISTS = (("users list", "/users/"), ("roles list", "/roles/"), ("policies list", "/policies/?sort=name"))

# Runs in the product's own environment; prints the cookie of a signed-in root user.
LOAD = """
import json
from django.db import connection
from django.test import Client
from tests.factories import make_account, make_group, make_many_policies, make_many_roles, make_many_users
from tests.factories import root_of, sign_in
account = make_account()
make_many_users(account, COUNT)
make_many_roles(account, COUNT * 1000 // 5000)
make_many_policies(account, COUNT * 1500 // 5000)
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
        try:
            return self._get(path)
        except http.client.RemoteDisconnected:
            # The server ends connections that idle while other accounts are loaded; the next request opens a new one.
            return self._get(path)

    def _get(self, path: str) -> bytes:
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
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--workers", "2", "--blocking-threads", "8", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "bench.children.bare:application"],
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


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console, seen by somebody who is signed in."""

    subject: str
    connection: Connection
    path: str

    def get(self) -> bytes:
        """Return its body."""
        return self.connection.get(self.path)


def main() -> list[Ratio]:
    """Measure the list in one run of the product: each page against the bare view, then the pages among themselves."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data", DJANGO_SETTINGS_MODULE="bench.children.settings")
        product.start()
        product.wait()
        try:
            pages = [page for count in (50, 5000) for page in pages_of(product, count)]
            against_bare = [ratio for page in pages for ratio in against_bare_views(page, folder)]
            among = [ratio for index in range(len(LISTS)) for ratio in among_themselves(pages[index :: len(LISTS)])]
        finally:
            product.stop()
    return [*against_bare, *among]


def among_themselves(pages: list["Page"]) -> list[Ratio]:
    """Measure the pages of one list against the first of them, which is the small account's."""
    first, *others = pages
    yardstick, *seconds = alternate(*(page.get for page in pages), rounds=ROUNDS)
    return [
        Ratio(page.subject, taken, first.subject, yardstick, AS_MUCH_AS_A_SMALL_ACCOUNT)
        for page, taken in zip(others, seconds, strict=True)
    ]


def pages_of(product: Product, count: int) -> Iterator[Page]:
    """Load an account with as many users, and with roles and policies in proportion; yield the ends of its lists."""
    cookie = json.loads(product.manage("shell", "-v", "0", "-c", LOAD.replace("COUNT", str(count))))
    connection = Connection(product.port, cookie)
    for name, path in LISTS:
        yield Page(f"{name}, {count:,} users, first page", connection, path)
    for name, path in LISTS:
        yield Page(f"{name}, {count:,} users, last page", connection, last_page(connection, path))


def against_bare_views(page: Page, folder: Path) -> Iterator[Ratio]:
    """Measure a page against its bytes under the same server.

    The budget counts against a bare view of the same project, behind the console's sign-in; what Django takes alone,
    without session, sign-in and database, is told beside it.
    """
    body = page.get()
    (folder / "data" / "bare").write_bytes(body)
    with bare_view(body, folder) as bare:
        calls = (page.get, lambda: page.connection.get("/bare/"), lambda: bare.get("/"))
        seconds, signed_in, alone = alternate(*calls, rounds=ROUNDS)
    yield Ratio(page.subject, seconds, "bare view, same sign-in and bytes", signed_in, AT_MOST)
    yield Ratio(page.subject, seconds, "bare view without middleware", alone)
