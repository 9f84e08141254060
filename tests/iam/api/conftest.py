"""The complete product, for clients that know nothing of Django."""

import pytest

from tests.iam.api.world import World
from tests.product import Product


@pytest.fixture(scope="session")
def world(stack: Product) -> World:
    """An organization of two accounts in the running product, seen by an administrator of the first."""
    management, member = stack.new_account(), stack.new_account()
    stack.manage("organization", "create", management.account_id)
    stack.manage("organization", "add", management.account_id, member.account_id)
    stack.manage("organization", "configure", management.account_id, "--trusted-access", "on")
    return World(stack, management, member)
