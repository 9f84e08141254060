"""Changes that one worker carries to the files of a local account, against a bare loop that writes the same files."""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from bench.ratios import Ratio
from tests.product import Product

CHANGES = 1000
ROUNDS = 3
AT_MOST = 4

# Runs in the product's own environment. While it holds the lane the changes pile up; the worker has it from then on.
CARRY = """
import json, time
from iam.models import Change
from iam.operations import Step, perform_change_set
from iam.operations.waking import wake_worker
from iam.sync.lock import lane_of
from tests.factories import make_account, root_of
account = make_account()
root = root_of(account)
open_changes = Change.objects.filter(account=account).exclude(state="verified")
while open_changes.exists():
    time.sleep(0.01)
with lane_of(account.pk):
    for first in range(0, COUNT, 20):
        names = [f"user-{number}" for number in range(first, first + 20)]
        perform_change_set(root, [Step("CreateUser", {"UserName": name, "Path": "/bench/"}) for name in names])
wake_worker(account.pk)
began = time.perf_counter()
while open_changes.exists():
    time.sleep(0.002)
print(json.dumps([account.pk, time.perf_counter() - began]))
"""


def main() -> list[Ratio]:
    """Measure with the product's one worker process, files and all."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data", WORKER_PROCESSES="1")
        product.start()
        product.wait()
        try:
            for number in range(ROUNDS):
                printed = product.manage("shell", "-v", "0", "-c", CARRY.replace("COUNT", str(CHANGES)))
                account_id, seconds = json.loads(printed.splitlines()[-1])
                ours.append(seconds)
                bare.append(write_bare(product.data_dir / "accounts" / account_id, folder / f"bare-{number}"))
        finally:
            product.stop()
    carried, written = statistics.median(ours), statistics.median(bare)
    subject = f"carry a change, {CHANGES / carried:,.0f} per second"
    return [Ratio(subject, carried / CHANGES, "write and fsync its file", written / CHANGES, AT_MOST)]


def write_bare(source: Path, target: Path) -> float:
    """Write the users' files of an account elsewhere, one by one and durably; return the seconds that took."""
    contents = {path.name: path.read_bytes() for path in (source / "users").iterdir() if path.suffix == ".json"}
    target.mkdir()
    began = time.perf_counter()
    for name, content in contents.items():
        fresh = target / ".writing"
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target / name)
    return time.perf_counter() - began
