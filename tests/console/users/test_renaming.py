"""Renaming a user."""

import pytest
from django.urls import reverse

from tests.factories import allow, make_user

RENAME = reverse("users:rename", args=["alice"])


def test_rename_keeps_the_user(account, root, client):
    alice = make_user(account, "alice")

    response = client.post(RENAME, {"new_user_name": "alicia"})

    renamed = account.users.get()
    assert response["Location"] == reverse("users:details", args=["alicia"])
    assert (renamed.name, renamed.unique_id) == ("alicia", alice.unique_id)


@pytest.mark.parametrize("name", ["BOB", "a b", "", "x" * 65, " alicia", "é"])
def test_bad_name_is_refused_beside_the_field(account, root, client, name):
    make_user(account, "alice")
    make_user(account, "bob")

    response = client.post(RENAME, {"new_user_name": name})

    assert response.status_code == 422
    assert "new_user_name" in response.context["form"].errors
    assert response.context["form"]["new_user_name"].value() == name


def test_rename_needs_the_permission_for_both_names(account, signed_in_as, client):
    make_user(account, "alice")
    arns = [f"arn:aws:iam::{account.pk}:user/{name}" for name in ("alice", "alicia")]
    signed_in_as(allow("iam:GetUser"), allow("iam:UpdateUser", resource=arns))

    refused = client.post(RENAME, {"new_user_name": "mallory"})
    done = client.post(RENAME, {"new_user_name": "alicia"})

    assert (refused.status_code, done.status_code) == (422, 302)
