"""Real workers that are killed while they change an AWS account behind faults: both sides agree in the end.

AWS is moto's server, or our own product from another installation, which keeps IAM's rules more strictly.
"""

import json
import os
import random
import signal

import boto3
import psycopg
import pytest
from django.db import connection as database
from django.utils import timezone

from iam import sealing
from iam.models import AccessKey, Change, ChangeSet, Connection
from iam.operations import perform
from iam.queries.lanes import keys_of
from tests.aws_proxy import AwsProxy, Faults
from tests.factories import allow, connection_session, make_account, make_user, principal_of
from tests.iam.sync.aws_accounts import client_of, connect, unlike_aws
from tests.iam.sync.test_processes import Site, wait_for
from tests.product import Product

State = Change.State
FAULTS = Faults(throttle=0.3, drop_before=0.04, drop_after=0.06, error_before=0.04, error_after=0.04, delay=0.02)
SETTLED = (State.VERIFIED, State.DISCARDED)


@pytest.fixture
def site(transactional_db, tmp_path, settings):
    made = Site(tmp_path)
    made.environment["ANSWER_SECONDS"] = "1"
    settings.DATA_DIR = made.data_dir
    yield made
    made.stop()


@pytest.fixture(scope="module")
def other_installation(tmp_path_factory):
    product = Product(tmp_path_factory.mktemp("aws") / "data", WORKER_PROCESSES="1")
    product.start()
    product.wait()
    yield product
    product.stop()


def connect_to_moto(owner, moto, proxy):
    connection = connect(owner, proxy.url)
    return connection, client_of(connection, moto)


def connect_to_product(owner, product, proxy):
    account = product.new_account()
    sealed = sealing.seal(json.dumps({"secret_access_key": account.secret_access_key}))
    keys = {"access_key_id": account.access_key_id, "sealed_keys": sealed}
    connection = connect(owner, proxy.url, account.account_id, role_arn="", **keys)
    client = boto3.client(
        "iam",
        region_name="us-east-1",
        endpoint_url=product.url,
        aws_access_key_id=account.access_key_id,
        aws_secret_access_key=account.secret_access_key,
    )
    return connection, client


def is_settled(connection):
    return not unsettled(connection).exists()


def unsettled(connection):
    return Change.objects.filter(account=connection.account).exclude(state__in=[*SETTLED, State.FAILED])


def give_up_the_refused(connection):
    """Do what an administrator does about changes that AWS refused: nothing can be held back then."""
    Change.objects.filter(account=connection.account, state=State.FAILED).update(state=State.DISCARDED)


def try_again(connection):
    """Do what an administrator does about what waits after an error."""
    Connection.objects.filter(pk=connection.pk).update(retry_at=None)
    waiting = Change.objects.filter(account=connection.account, state__in=[State.PENDING, State.APPLYING])
    waiting.exclude(error_code="").update(next_attempt_at=timezone.now())


def keys_of_all(client):
    users = client.get_paginator("list_users").paginate().build_full_result()["Users"]
    return {
        key["AccessKeyId"]
        for user in users
        for key in client.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
    }


def story(connection, keys):
    """Return what was done to entities, for whoever has to find out why they differ."""
    changes = Change.objects.filter(account=connection.account).order_by("id")
    return "\n".join(
        f"{change.pk} {change.operation} {change.parameters} {change.state} {change.error_code} put right: "
        f"{change.is_put_right}, {change.attempts} attempts, sent {change.sent_at}"
        for change in changes
        if keys_of(change) & keys.keys()
    )


def assert_agreed(connection, client):
    account = connection.account
    different = unlike_aws(connection)
    assert not different, story(connection, different)
    assert keys_of_all(client) == set(AccessKey.objects.filter(account=account).values_list("pk", flat=True))
    states = set(Change.objects.filter(account=account).values_list("state", flat=True))
    assert states <= {*SETTLED, State.FAILED}
    assert not Change.objects.filter(
        account=account, state=State.FAILED, is_put_right=False, is_answered=False
    ).exists()
    assert not Change.objects.filter(account=account, sealed_parameters__isnull=False, state__in=SETTLED).exists()


@pytest.mark.parametrize("side", ["moto", "product"])
def test_workers_killed_in_a_loop_behind_faults_leave_both_sides_the_same(site, side, moto, request):
    target = moto if side == "moto" else request.getfixturevalue("other_installation").url
    owner = make_account()
    with AwsProxy(target, FAULTS, seed=11) as proxy:
        connect_to = connect_to_moto if side == "moto" else connect_to_product
        there = moto if side == "moto" else request.getfixturevalue("other_installation")
        connection, client = connect_to(owner, there, proxy)
        for seed in (1, 2):
            make_user(owner, f"admin-{seed}", statements=[allow("sts:AssumeRole")])
        site.clock()
        count = 105 if side == "moto" else 20
        administrators = [site.administrator(connection.account, seed=seed, count=count) for seed in (1, 2)]
        chance = random.Random(20261127)

        for _ in range(8 if side == "moto" else 4):
            worker = site.worker()
            sent = proxy.calls.total() + chance.randrange(10, 80)
            wait_for(site, lambda sent=sent: proxy.calls.total() >= sent or is_settled(connection))
            # Sometimes the one alone, which leaves a process that still has the lane.
            os.kill(worker.process.pid, signal.SIGKILL) if chance.random() < 0.3 else worker.kill()
            give_up_the_refused(connection)
        site.worker()
        site.worker()
        for administrator in administrators:
            administrator.communicate(timeout=240)
            assert administrator.returncode == 0

        def is_over():
            give_up_the_refused(connection)
            try_again(connection)
            return is_settled(connection)

        wait_for(site, is_over)
        wait_for(site, lambda: not lost(connection))

        assert ChangeSet.objects.filter(account=connection.account).count() >= 2 * count
        assert proxy.injected.total() > 20
    Connection.objects.filter(pk=connection.pk).update(endpoint_url=target if side == "moto" else there.url)
    connection.refresh_from_db()
    assert_agreed(connection, client)


def lost(connection):
    rows = Change.objects.filter(account=connection.account, state__in=[State.FAILED, State.DISCARDED])
    return rows.filter(is_put_right=False, is_answered=False).exists()


def test_database_and_broker_that_go_away_lose_nothing(site, moto):
    owner = make_account()
    make_user(owner, "admin-3", statements=[allow("sts:AssumeRole")])
    with AwsProxy(moto, Faults(delay=0.5, seconds=0.05), seed=3) as proxy:
        connection, client = connect_to_moto(owner, moto, proxy)
        site.worker()
        site.clock()
        administrator = site.administrator(connection.account, seed=3, count=60)
        wait_for(site, lambda: proxy.calls.total() > 20)
        end_other_sessions()
        site.broker.kill()
        administrator.communicate(timeout=240)
        site.start(site.valkey.child())

        def is_over():
            give_up_the_refused(connection)
            return is_settled(connection) and not lost(connection)

        wait_for(site, is_over)
        assert_agreed(connection, client)


def end_other_sessions():
    """End every session of the database but ours, as its restart would."""
    parameters = {
        name: value
        for name, value in database.get_connection_params().items()
        if name in {"host", "port", "user", "dbname", "password"}
    }
    with psycopg.connect(**parameters, autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lane of %' "
            "AND datname = current_database()"
        )


def test_two_workers_on_one_lane_send_nothing_twice(site, moto):
    owner = make_account()
    person = make_user(owner, "admin-4", statements=[allow("sts:AssumeRole")])
    with AwsProxy(moto) as proxy:
        connection, _ = connect_to_moto(owner, moto, proxy)
        for _ in range(2):
            site.worker()
        site.clock()
        entered = connection_session(connection, principal_of(person))
        for number in range(40):
            perform(entered, "CreateUser", UserName=f"user-{number}")

        wait_for(site, lambda: is_settled(connection))

        assert proxy.calls["CreateUser"] == 40
        assert unlike_aws(connection) == {}
