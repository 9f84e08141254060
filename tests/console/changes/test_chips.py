"""The chip beside an object that has something on its way or failed, on lists and on its own page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iam.models import Change
from iam.operations import perform
from tests.factories import allow, make_account, make_group, make_policy, make_role, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


def settle(account, **values):
    Change.objects.filter(account=account).update(state=Change.State.VERIFIED, **values)


def page(client, url):
    return client.get(url).content.decode()


def chip(change, text):
    colour = {"Applying": "blue", "Change failed": "red"}[text]
    url = reverse("changes:details", args=[change.change_set_id])
    return f'<a class="badge badge-{colour}" href="{url}">{text}</a>'


@pytest.mark.parametrize(
    ("area", "make", "name"),
    [
        ("users", make_user, "alice"),
        ("groups", make_group, "Developers"),
        ("roles", make_role, "Auditor"),
        ("policies", make_policy, "ReadThings"),
    ],
)
@pytest.mark.parametrize(("state", "text"), [("pending", "Applying"), ("failed", "Change failed")])
def test_lists_and_pages_of_objects_show_what_is_open(client, account, root, area, make, name, state, text):
    made = make(account)
    settle(account)
    change = Change.objects.filter(account=account).latest("id")
    shown = getattr(made, "arn", "") if area == "policies" else name
    # With a search, or the list of policies would welcome whoever opens it first.
    addresses = (reverse(f"{area}:list") + "?q=" + name, reverse(f"{area}:details", args=[shown]))
    assert not [url for url in addresses if "Applying</a>" in page(client, url)]

    Change.objects.filter(pk=change.pk).update(state=state)

    for url in addresses:
        assert page(client, url).count(chip(change, text)) == 1


def test_failure_is_told_before_what_moves(client, account, root):
    make_user(account)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    settle(account)
    failed, moving = Change.objects.filter(account=account, entities=[["user", "alice"]]).order_by("id")
    Change.objects.filter(pk=failed.pk).update(state="failed")
    Change.objects.filter(pk=moving.pk).update(state="pending")

    assert chip(failed, "Change failed") in page(client, reverse("users:list"))


def test_chips_take_one_query_and_none_where_nothing_is_open(client, account, root):
    for name in ("alice", "bob", "carol"):
        make_user(account, name)
    url = reverse("users:list")
    settle(account)
    page(client, url)
    counts = []
    for open_users in (0, 1, 3):
        ids = Change.objects.filter(account=account, operation="CreateUser").values_list("pk", flat=True)[:open_users]
        Change.objects.filter(pk__in=list(ids)).update(state="pending")
        with CaptureQueriesContext(connection) as queries:
            shown = page(client, url)
        assert shown.count("Applying</a>") == open_users
        counts.append(len(queries))

    assert counts == [counts[0], counts[0] + 1, counts[0] + 1]


def test_what_others_do_is_told_only_to_whom_change_sets_are(client, account, signed_in_as):
    make_user(account)
    settle(account)
    carol = signed_in_as(allow("iam:ListUsers", "iam:TagUser"))
    settle(account)
    Change.objects.filter(account=account, operation="CreateUser").update(state="pending")
    assert "Applying</a>" not in page(client, reverse("users:list"))

    perform(principal_of(carol), "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])

    assert page(client, reverse("users:list")).count("Applying</a>") == 1


def test_change_of_another_account_shows_nothing(client, account, root):
    make_user(account)
    settle(account)
    other = make_account()
    make_user(other)
    perform(root_of(account), "CreateGroup", GroupName="Developers")

    assert "Applying</a>" not in page(client, reverse("users:list"))
