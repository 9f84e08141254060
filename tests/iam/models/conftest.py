"""An account, and a query whose SQL is written once."""

import pytest

from iam.models import User
from iam.models.statements import Statement
from tests.factories import make_account


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture
def users_of():
    return Statement(lambda account_id: User.objects.filter(account=account_id).values_list("name", "path"), str)
