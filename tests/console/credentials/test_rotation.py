"""The guide to rotating an access key."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from iam.models import AccessKey
from iam.operations import perform
from tests.factories import allow, deny, make_user, principal_of, root_of


def make_key(account, name="alice", *, age=0, used=None, status="Active"):
    """Make a key that is `age` days old and was used `used` days ago."""
    key_id = perform(root_of(account), "CreateAccessKey", UserName=name)["AccessKey"]["AccessKeyId"]
    now = timezone.now()
    AccessKey.objects.filter(pk=key_id).update(
        created_at=now - timedelta(days=age),
        last_used_at=None if used is None else now - timedelta(days=used),
        status=status,
    )
    return key_id


def step_of(client, own):
    return client.get(own("rotate-access-key")).context["rotation"].step


def test_one_key_asks_for_a_second(account, alice, client, own):
    make_key(account, age=100)

    assert step_of(client, own) == "create"


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ({"used": 0}, {"used": 1}, "watch"),
        ({"used": 9}, {}, "watch"),
        ({"used": 9}, {"used": 1, "status": "Inactive"}, "watch"),
        ({"used": 9}, {"used": 1}, "deactivate"),
        ({}, {"used": 1}, "deactivate"),
        ({"used": 9, "status": "Inactive"}, {"used": 1}, "delete"),
    ],
)
def test_two_keys_stand_where_their_use_says(account, alice, client, own, old, new, step):
    make_key(account, age=100, **old)
    make_key(account, age=5, **new)

    assert step_of(client, own) == step


def test_guide_leads_through_all_of_it(account, alice, client, own):
    old, new = make_key(account, age=100, used=9), make_key(account, age=5, used=1)
    guide = own("rotate-access-key")

    assert client.post(own("deactivate-access-key", old) + "?from=rotation").url == guide
    assert step_of(client, own) == "delete"
    assert client.post(own("activate-access-key", old) + "?from=rotation").url == guide
    assert step_of(client, own) == "deactivate"
    client.post(own("deactivate-access-key", old) + "?from=rotation")
    client.post(own("delete-access-key", old) + "?from=rotation", {"confirm": old})

    assert list(AccessKey.objects.values_list("pk", flat=True)) == [new]


def test_use_that_may_not_be_told_is_not_taken_for_none(account, signed_in_as, client, own):
    signed_in_as(allow("iam:*"), deny("iam:GetAccessKeyLastUsed"), name="alice")
    make_key(account, age=100)
    make_key(account, age=5, used=1)

    assert step_of(client, own) == "watch"
    assert "iam:GetAccessKeyLastUsed" in client.get(own("rotate-access-key")).content.decode()


def test_calls_of_the_old_key_are_told_to_who_may_read_the_history(account, signed_in_as, client, own):
    signed_in_as(allow("iam:*", "cloudtrail:LookupEvents"), name="alice")
    key_id = make_key(account, age=100)
    robot = principal_of(make_user(account, "robot", statements=[allow("iam:ListUsers")]))
    caller = replace(robot, access_key_id=key_id, source=replace(robot.source, user_agent="<b>cron</b>"))
    perform(caller, "ListUsers")
    perform(robot, "ListUsers")

    response = client.get(own("rotate-access-key"))

    (use,) = response.context["uses"].content
    assert (use.action, use.count, use.refused, use.source_ip) == ("iam:ListUsers", 1, 0, "192.0.2.7")
    assert "&lt;b&gt;cron&lt;/b&gt;" in response.content.decode()


def test_calls_are_not_told_to_others(account, alice, client, own):
    make_key(account, age=100)

    response = client.get(own("rotate-access-key"))

    assert response.context["uses"].content is None
    assert "cloudtrail:LookupEvents" in response.content.decode()


def test_without_keys_there_is_nothing_to_rotate(alice, client, own):
    assert client.get(own("rotate-access-key")).url == own("security-credentials")


def test_keys_that_may_not_be_listed_are_not_shown(account, signed_in_as, client, own):
    signed_in_as(name="alice")
    key_id = make_key(account)

    response = client.get(own("rotate-access-key"))

    assert response.status_code == 403
    assert key_id not in response.content.decode()


def test_old_key_is_pointed_at_in_the_panel(account, alice, client, own):
    make_key(account, age=91)

    assert "91 days" in client.get(own("security-credentials")).content.decode()
