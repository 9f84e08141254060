"""Rows are made, inserted and deleted as the ORM would."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from iam.models import Event, Group, User, UserTag
from iam.models.rows import delete_row, insert_together, new_row
from tests.factories import make_account, make_group, make_user

pytestmark = pytest.mark.django_db


def _user(account, name: str) -> User:
    return new_row(User, account_id=account.pk, name=name, created_at=timezone.now())


def test_new_row_is_what_the_model_would_make():
    given = {"account_id": "123456789012", "name": "x", "is_read_only": True, "at": timezone.now()}

    fast, plain = new_row(Event, **given), Event(**given)

    names = [field.attname for field in Event._meta.concrete_fields if field.name != "event_id"]
    assert {name: getattr(fast, name) for name in names} == {name: getattr(plain, name) for name in names}
    assert fast._state.adding
    assert fast.event_id != plain.event_id
    with pytest.raises(TypeError, match="colour"):
        new_row(Event, colour="red")


def test_row_is_deleted_with_what_goes_with_it_and_nothing_else():
    account = make_account()
    alice, bob = (make_user(account, name, Tags=[{"Key": "team", "Value": name}]) for name in ("alice", "bob"))

    delete_row(alice)

    assert list(User.objects.filter(account=account)) == [bob]
    assert list(UserTag.objects.values_list("value", flat=True)) == ["bob"]


def test_row_that_others_hold_on_to_stays():
    account = make_account()
    group = make_group(account, "auditors", members=[make_user(account)])

    with pytest.raises(IntegrityError), transaction.atomic():
        delete_row(group)

    assert Group.objects.filter(pk=group.pk).exists()


def test_row_whose_deletion_would_change_others_is_not_deleted_in_one_statement():
    with pytest.raises(TypeError):
        delete_row(make_account())


def test_update_that_finds_nothing_inserts_nothing(account):
    update = "UPDATE iam_user SET path = '/a/' WHERE account_id = %s AND name = %s"
    make_user(account, "alice")

    found = insert_together(_user(account, "bob"), update=update, values=[account.pk, "alice"])
    missed = insert_together(_user(account, "carol"), update=update, values=[account.pk, "nobody"])

    assert (found, missed) == (True, False)
    assert set(User.objects.values_list("name", "path")) == {("alice", "/a/"), ("bob", "/")}
