"""The one command, as people meet it: real processes, real signals, real failures."""

import contextlib
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from console.embedded import preflight
from console.embedded.processes import MARK, wait_until
from tests.product import Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A run that several tests look at."""
    product = Product(tmp_path_factory.mktemp("supervisor") / "data")
    product.start()
    product.wait()
    yield product
    assert product.stop() == 0


def status_of(product: Product, path: str = "/") -> int:
    """Return the status that the web server answers, 0 where it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def error_of(product: Product) -> str:
    """Wait for a start that is refused; return what it said."""
    assert product.wait_for_end() == 1
    lines = product.output.splitlines()
    assert lines[-1].startswith("error: ")
    return lines[-1]


def test_start_prints_address_and_set_up_link(product):
    assert f"The console:           http://localhost:{product.port}/" in product.output
    assert "Set up (works once):   http" in product.output


def test_start_answers_requests_and_static_files(product):
    assert status_of(product) == 302
    assert status_of(product, "/static/favicon.svg") == 200


def test_manage_finds_the_embedded_database_of_a_run(product):
    assert "iam" in product.manage("showmigrations", "--list")


def test_second_run_on_the_same_data_is_refused(product, tmp_path):
    second = Product(product.data_dir)
    second._output = tmp_path / "output"

    second.start()

    assert f"is in use: the console already runs on it (process {product.process.pid})" in error_of(second)
    assert status_of(product) == 302


def counted(product: Product) -> str:
    """Return which tasks the metrics tell of."""
    text = urlopen(f"{product.url}/metrics", timeout=60).read().decode()
    return " ".join(re.findall(r'iam_task_seconds_count\{outcome="ok",task="([\w.]+)"\}', text))


def test_web_server_tells_what_the_worker_counted(product):
    assert wait_until(lambda: "iam.sync.sweep" in counted(product), 180)
    ready = json.loads(urlopen(f"{product.url}/readyz", timeout=60).read())
    assert ready["ready"]
    assert ready["failed"] == []


@pytest.mark.parametrize("name", ["web", "worker", "beat", "valkey", "postgres"])
def test_child_that_dies_is_started_again(product, name):
    before = product.child(name)

    before.kill()

    def is_back() -> bool:
        try:
            return product.child(name).pid != before.pid and status_of(product) == 302
        except AssertionError:
            return False

    assert wait_until(is_back, 180), product.output
    assert f"{name} ended (SIGKILL); starting it again." in product.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_every_child(tmp_path, number):
    product = Product(tmp_path / "data")
    product.start()
    product.wait()
    descendants = psutil.Process(product.process.pid).children(recursive=True)

    code = product.stop(number)

    assert code == 0
    assert len(descendants) > 8
    assert all(has_ended(process) for process in descendants)


def test_signal_during_the_start_stops_it(tmp_path):
    product = Product(tmp_path / "data")
    product.start()
    assert wait_until((tmp_path / "data" / "log" / "postgres.log").exists, 180)

    code = product.stop(signal.SIGINT)

    assert code == 0
    assert "The console:" not in product.output


def test_run_after_a_killed_one_starts_on_the_same_port(tmp_path):
    product = Product(tmp_path / "data")
    product.start()
    product.wait()

    product.stop(signal.SIGKILL)
    left = set((tmp_path / "data" / "metrics").iterdir())
    product.start()
    product.wait()

    assert left
    assert not left & set((tmp_path / "data" / "metrics").iterdir())
    assert product.stop() == 0


def test_run_after_a_power_cut_starts(tmp_path):
    product = Product(tmp_path / "data")
    product.start()
    product.wait()
    everything = [psutil.Process(product.process.pid)]
    everything += everything[0].children(recursive=True)

    for process in everything:
        # Some end of themselves once the first is gone.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    product.process.wait()
    product.start()
    product.wait()

    assert product.stop() == 0


def test_run_ends_what_a_killed_one_left_running(tmp_path):
    data_dir = tmp_path / "data"
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, MARK: str(data_dir)}
    )
    product = Product(data_dir)

    product.start()

    assert left.wait(180) == -signal.SIGTERM
    assert product.stop() == 0


def test_taken_port_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        product = Product(tmp_path / "data", port=taken.getsockname()[1])

        product.start()

        assert error_of(product) == (
            f"error: PORT {product.port} on 127.0.0.1 is taken by another program. Set another PORT."
        )


def test_host_of_another_machine_is_refused(tmp_path):
    product = Product(tmp_path / "data", HOST="192.0.2.1")

    product.start()

    assert error_of(product) == "error: HOST 192.0.2.1 is no address of this machine."


def test_data_dir_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "data").write_text("")
    product = Product(tmp_path / "data")

    product.start()

    assert error_of(product) == f"error: DATA_DIR {tmp_path}/data is not a directory."


def test_data_dir_that_cannot_be_written_to_is_refused(tmp_path):
    # Nobody may make a directory there, root neither.
    product = Product(tmp_path / "data", DATA_DIR="/sys/iam-console")

    product.start()

    assert error_of(product).startswith("error: DATA_DIR /sys/iam-console cannot be written to: ")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_named(number):
    text = preflight.refusal(Path("/data"), OSError(number, os.strerror(number)))

    assert text == "The disk of DATA_DIR /data is full."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://iam:hidden-word@127.0.0.1:1/iam"),
        ("DATABASE_URL", "mysql://iam:hidden-word@127.0.0.1/iam"),
        ("REDIS_URL", "redis://:hidden-word@127.0.0.1:1/0"),
        ("REDIS_URL", "nonsense:hidden-word"),
        ("PORT", "http"),
    ],
)
def test_bad_setting_is_refused_by_name_without_its_secrets(tmp_path, name, value):
    product = Product(tmp_path / "data")
    product.environment[name] = value

    product.start()

    assert name in error_of(product)
    assert "hidden-word" not in product.output


def test_servers_of_others_are_used_and_none_embedded(tmp_path):
    address = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere")
    database_url = urlunsplit(address._replace(path="/elsewhere"))
    product = Product(tmp_path / "data", DATABASE_URL=database_url, REDIS_URL=os.environ["REDIS_URL"])

    product.start()
    product.wait()

    assert status_of(product) == 302
    assert not (tmp_path / "data" / "postgres").exists()
    assert not (tmp_path / "data" / "valkey").exists()
    assert product.stop() == 0


@pytest.fixture(params=["1m", "60m"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets us mount nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_is_refused(small_disk, tmp_path):
    (small_disk / "other").write_bytes(b"\0" * 1000 * 1024)
    product = Product(tmp_path / "data", DATA_DIR=str(small_disk / "data"))

    product.start()

    assert error_of(product).startswith(f"error: The disk of DATA_DIR {small_disk}/data is full")
