"""The complete product, for clients that know nothing of Django."""

from collections.abc import Iterator

import pytest

from tests.iam.api.world import World
from tests.product import Product


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running product with an organization of two accounts, seen by an administrator of the first."""
    product = Product(tmp_path_factory.mktemp("api") / "data")
    product.start()
    product.wait()
    management, member = product.new_account(), product.new_account()
    product.manage("organization", "create", management.account_id)
    product.manage("organization", "add", management.account_id, member.account_id)
    product.manage("organization", "configure", management.account_id, "--trusted-access", "on")
    yield World(product, management, member)
    product.stop()
