"""Somebody with what IAMReadOnlyAccess allows reads everything and changes nothing."""

import pytest
from django.test import Client

from tests import factories
from tests.console.test_authorization import (  # noqa: F401  the account and its addresses are fixtures
    FORM,
    QUERY,
    TYPED,
    account,
    addresses,
    state,
)
from tests.factories import allow

pytestmark = pytest.mark.django_db
READ_ONLY = allow("iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*")


@pytest.fixture
def reader(account):  # noqa: F811
    """A client signed in as the reader."""
    user = factories.make_user(account, "reader", statements=[READ_ONLY])
    return factories.sign_in(Client(), factories.principal_of(user))


def test_every_page_can_be_read(reader, addresses):  # noqa: F811
    refused = []
    for address in addresses:
        response = reader.get(address)
        assert response.status_code < 500, address
        if b"is not authorized to perform: iam:" in b"".join(response):
            refused.append(address)

    assert refused == []


def test_no_form_changes_anything(account, reader, addresses):  # noqa: F811
    before = all_but_comparisons(account)

    for address in addresses:
        for typed in TYPED:
            assert reader.post(address + QUERY, {**FORM, "confirm": typed}).status_code < 500, (address, typed)

    assert all_but_comparisons(account) == before


def all_but_comparisons(account):  # noqa: F811
    """Return the rows of an account; to have it compared with its backend is to read."""
    return {name: rows for name, rows in state(account).items() if name != "Inventory"}
