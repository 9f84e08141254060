import random
import time
from collections import Counter

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws_proxy import AwsProxy, Fault, Faults


def iam_at(url: str):
    config = Config(retries={"total_max_attempts": 1})
    return botocore.session.Session().create_client(
        "iam", "us-east-1", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b", config=config
    )


def test_without_faults_everything_goes_through(moto):
    with AwsProxy(moto) as proxy:
        iam = iam_at(proxy.url)
        for _ in range(3):
            iam.list_users()
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.get_user(UserName="nobody-here")

    assert proxy.calls == proxy.forwarded == Counter(ListUsers=3, GetUser=1)


def test_asked_for_faults_come_in_turn(moto):
    seen = []
    with AwsProxy(moto) as proxy:
        proxy.next("ListUsers", Fault.THROTTLE, None, Fault.DROP_AFTER)
        iam = iam_at(proxy.url)
        for _ in range(4):
            try:
                iam.list_users()
            except (ClientError, ConnectionClosedError) as error:
                seen.append(type(error))
            else:
                seen.append(None)

    assert seen == [ClientError, None, ConnectionClosedError, None]
    assert proxy.forwarded["ListUsers"] == 3


def test_random_faults_are_the_same_for_a_seed_and_as_often_as_said():
    faults = Faults(throttle=0.3, drop_after=0.1)
    first, second = random.Random(7), random.Random(7)

    drawn = [faults.choose(first) for _ in range(1000)]

    assert drawn == [faults.choose(second) for _ in range(1000)]
    assert 250 < drawn.count(Fault.THROTTLE) < 350
    assert 60 < drawn.count(Fault.DROP_AFTER) < 140
    assert set(drawn) == {Fault.THROTTLE, Fault.DROP_AFTER, None}


def test_a_delay_delays(moto):
    with AwsProxy(moto, Faults(seconds=0.15)) as proxy:
        proxy.next("ListUsers", Fault.DELAY)
        iam = iam_at(proxy.url)
        began = time.monotonic()
        iam.list_users()

    assert time.monotonic() - began >= 0.15


def test_an_endpoint_that_is_not_there_drops_the_connection():
    with AwsProxy("http://127.0.0.1:1") as proxy, pytest.raises(ConnectionClosedError):
        iam_at(proxy.url).list_users()
