"""Searching and filtering change sets: bounded, with a way to go on, and all of it in the address."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from iam.models import Change, ChangeSet
from iam.queries import changes
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_search_without_a_match_stops_and_goes_on_where_one_wants(client, account, root, monkeypatch):
    monkeypatch.setattr(changes, "MOST_SEARCHED", 2)
    for name in ("alice", "bob", "carol", "dave"):
        make_user(account, name)

    first = client.get(reverse("changes:list") + "?q=bob")
    further = client.get(first.context["further_url"])

    assert (len(first.context["page"].rows), "Search further" in first.content.decode()) == (0, True)
    assert [record.title for record in further.context["page"].rows] == ["CreateUser bob"]


def test_search_that_came_to_the_end_offers_nothing_more(client, account, root):
    make_user(account)

    assert client.get(reverse("changes:list") + "?q=nobody").context["further_url"] == ""


def test_period_leaves_what_is_older(client, account, root):
    make_user(account)
    make_user(account, "bob")
    old = ChangeSet.objects.filter(account=account, title="CreateUser alice")
    old.update(created_at=timezone.now() - timedelta(days=8))

    titles = [
        [record.title for record in client.get(f"{reverse('changes:list')}?period={period}").context["page"].rows]
        for period in ("7d", "30d")
    ]

    assert ["CreateUser alice" in each for each in titles] == [False, True]


def test_request_ids_of_the_backend_are_shown(client, account, root):
    make_user(account)
    change_set = ChangeSet.objects.filter(account=account).latest("created_at")
    Change.objects.filter(change_set=change_set).update(backend_request_ids=["1f0c-aws-request"])

    assert "1f0c-aws-request" in client.get(reverse("changes:details", args=[change_set.pk])).content.decode()
