"""Creating a user, by the operation and at the end of the wizard, against the same SQL statements by themselves.

A submission is everything between request and answer: session, draft, permissions, the change set with its outbox
rows and events, and the next page. With a password, the hash that must be slow takes longer than all of that, so it is
counted on the yardstick's side as well.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from bench.ratios import Ratio
from tests.product import Product

MEASURE = "from bench.children import submissions; submissions.main()"


def main() -> list[Ratio]:
    """Measure beside one run of the product."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data")
        product.start()
        product.wait()
        try:
            measured = json.loads(product.manage("shell", "-v", "0", "-c", MEASURE))
        finally:
            product.stop()
    return [
        _ratio("CreateUser", measured["operation"]),
        _ratio("create-user wizard submitted", measured["plain"]),
        _ratio("create-user wizard submitted, with a password", measured["password"], " and one hash"),
    ]


def _ratio(subject: str, measured: dict[str, Any], besides: str = "") -> Ratio:
    yardstick = f"its {measured['statements']} statements{besides}"
    return Ratio(subject, measured["seconds"], yardstick, measured["yardstick"])
