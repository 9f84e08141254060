"""Drafts: answers of an unfinished wizard, for the person who gave them."""

import pytest

from iam.errors import IamError
from iam.models import Draft
from iam.operations import drafts, perform
from tests.factories import make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


def test_draft_keeps_answers_sealed():
    root = root_of(make_account())
    draft = drafts.create_draft(root, "create-user")

    drafts.save_step(root, "create-user", draft, "details", {"password": ["Battery-Staple-7"]})

    assert drafts.load_draft(root, "create-user", draft) == {"details": {"password": ["Battery-Staple-7"]}}
    assert b"Battery-Staple-7" not in bytes(Draft.objects.get(pk=draft).sealed_answers)


def test_draft_follows_a_renamed_user():
    account = make_account()
    alice = make_user(account)
    draft = drafts.create_draft(principal_of(alice), "create-user")

    perform(root_of(account), "UpdateUser", UserName="alice", NewUserName="alicia")
    alice.refresh_from_db()

    assert drafts.load_draft(principal_of(alice), "create-user", draft) == {}


def test_draft_is_not_the_next_users_of_the_same_name():
    account = make_account()
    draft = drafts.create_draft(principal_of(make_user(account)), "create-user")
    perform(root_of(account), "DeleteUser", UserName="alice")
    successor = principal_of(make_user(account))

    with pytest.raises(IamError) as caught:
        drafts.load_draft(successor, "create-user", draft)

    assert caught.value.code == "NoSuchEntity"
