"""One real Postgres and one real Valkey for the whole test run, up before Django reads its settings.

The first pytest process starts them; the workers of pytest-xdist find them in the environment, and each gets a
database of its own from pytest-django. Everything is gone afterwards, even when pytest is killed.
"""

import contextlib
import gc
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from console.embedded.postgres import Postgres
from console.embedded.processes import Child, wait_until
from console.embedded.valkey import Valkey
from tests.product import NewAccount, Product, free_port

TESTS = Path(__file__).resolve().parent
# A crash of the machine may cost a test run its data.
FASTER = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")

NOT_TRUNCATED = {
    "iam_event": "events_are_not_truncated",
    "iam_eventlink": "event_links_are_not_truncated",
    "iam_eventresource": "event_resources_are_not_truncated",
}


class Servers:
    """The servers of this test run, where this is the process that started them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="iam-tests-"))
        # An unprivileged Postgres walks through it.
        self.folder.chmod(0o711)
        self.postgres = Postgres(self.folder / "postgres", log=self.folder / "postgres.log", options=FASTER)
        self.valkey = Valkey(self.folder / "valkey", log=self.folder / "valkey.log")
        self.children: list[Child] = []

    def start(self) -> None:
        """Start both and put their addresses into the environment."""
        for server in (self.postgres, self.valkey):
            server.prepare()
            child = server.child()
            self.children.append(child)
            child.start()
            if not wait_until(server.is_ready, 120):
                raise RuntimeError(f"{child.name} does not answer:\n{child.last_lines()}")
        os.environ["DATABASE_URL"] = self.postgres.url
        os.environ["REDIS_URL"] = self.valkey.url
        os.environ["DATA_DIR"] = str(self.folder / "data")
        os.environ["SEALING_KEYS"] = Fernet.generate_key().decode()
        os.environ["IAM_TEST_SERVERS"] = str(self.folder)

    def stop(self) -> None:
        """Stop both and remove what they wrote."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop(10)
        self.postgres.discard_sockets()
        shutil.rmtree(self.folder, ignore_errors=True)


# Here and not in a hook: conftest modules further down import models, and pytest loads them before any hook runs.
_servers = None if "IAM_TEST_SERVERS" in os.environ else Servers()
if _servers is not None:
    try:
        _servers.start()
    except BaseException:
        _servers.stop()
        raise
os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
# The same algorithm with parameters that cost a millisecond; the browser tests sign in with the real ones.
settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2PasswordHasher"]
# Pages name static files as they are in the tree, so that no test depends on collectstatic.
settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
django.setup()

# It needs Django's applications.
from tests.application import ApplicationClient  # noqa: E402

# How long an example takes is the benchmarks' business. The examples are the same each time, so that no change is
# refused for what another one did; `--hypothesis-profile=exploring` looks for new ones.
hypothesis_settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("steady", hypothesis_settings.get_profile("exploring"), derandomize=True)
hypothesis_settings.load_profile("steady")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tables, with those triggers off that keep anybody from emptying them: tests with real commits have to."""
    with django_db_blocker.unblock(), connection.cursor() as sql:
        for table, trigger in NOT_TRUNCATED.items():
            sql.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    yield
    # A database that has sessions cannot be dropped. Whoever has one has loaded the module.
    if lock := sys.modules.get("iam.sync.lock"):
        lock.end_resting()
    if sessions := sys.modules.get("iam.queries.sessions"):
        sessions.end_kept()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The complete product: embedded servers, web, worker and beat; one run of it for each test process."""
    # Lines in JSON say more than those for people.
    product = Product(tmp_path_factory.mktemp("product") / "data", LOG_FORMAT="json")
    product.start()
    product.wait()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server, as AWS; it tells accounts apart by the role that credentials come from."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulated_aws", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    log = tmp_path_factory.mktemp("moto") / "log"
    server = Child("moto", command, log, environment, folder=TESTS.parent)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return False

    server.start()
    try:
        if not wait_until(answers, 60):
            raise RuntimeError(f"moto's server does not answer:\n{server.last_lines()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()


@pytest.fixture
def client() -> ApplicationClient:
    """A client of the pages and of the Query API."""
    return ApplicationClient()


@pytest.fixture
def new_account(stack: Product) -> Callable[..., NewAccount]:
    """Make an account: `new_account("--alias", "acme")`."""
    return stack.new_account


# What starts processes takes longest, and must not be what the others wait for in the end.
LONGEST_FIRST = ("console/embedded/", "iam/sync/", "iam/api/", "browser/", "clients/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that take long; the tests of each stay in order."""

    def rank(item: pytest.Item) -> int:
        place = item.path.relative_to(TESTS).as_posix()
        return next((rank for rank, folder in enumerate(LONGEST_FIRST) if place.startswith(folder)), len(LONGEST_FIRST))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what stays to the end: Django, every test module and every test.

    It would walk through all of that again and again, which was a tenth of what tests cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Let no thread that wakes workers outlive its test: it would ask a database that is another test's."""
    for thread in threading.enumerate():
        if thread.name == "waking workers":
            thread.join()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers with the process that started them."""
    if _servers is not None:
        _servers.stop()
