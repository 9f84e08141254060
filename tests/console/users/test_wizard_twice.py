"""The last step sent twice at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from iam.models import User
from tests import factories
from tests.console.users.wizard_walk import Walk


@pytest.mark.django_db(transaction=True)
def test_two_sends_of_the_last_step_create_once():
    account = factories.make_account()
    walk = Walk(factories.sign_in(Client(), factories.root_of(account)))
    walk.details("bob", access_key="on")
    walk.permissions()

    def send(_number: int) -> int:
        client = Client()
        client.cookies = walk.client.cookies
        try:
            return client.post(walk.url("review")).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(send, range(4)))

    assert statuses == [200, 302, 302, 302]
    assert User.objects.get(account=account).access_keys.count() == 1
