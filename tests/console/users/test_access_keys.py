"""Access keys of a user."""

import re

import pytest
from django.urls import reverse

from iam import sealing
from iam.models import AccessKey, Change, Event
from iam.operations import perform
from tests.factories import allow, deny, make_user

TAB = reverse("users:security-credentials", args=["alice"])
CREATE = reverse("users:create-access-key", args=["alice"])


@pytest.fixture
def alice(account, root):
    """A user without keys."""
    return make_user(account, "alice")


@pytest.fixture
def key(alice, root):
    """An active key of alice."""
    return AccessKey.objects.get(pk=perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"])


def url_of(action, key_id):
    return reverse(f"users:{action}-access-key", args=["alice", key_id])


def test_create_shows_the_secret_once(alice, client):
    response = client.post(CREATE, {"use_case": "other", "description": "laptop"})

    key = AccessKey.objects.get(user=alice)
    secret = sealing.unseal(key.sealed_secret)
    assert "no-store" in response["Cache-Control"]
    assert response.context["secret"] == secret
    assert alice.tags.get().value == "laptop"
    assert secret not in client.get(TAB).content.decode()
    assert not any(secret in str(row) for model in (Change, Event) for row in model.objects.values())


def test_create_offers_the_file_of_the_key(alice, client):
    shown = client.post(CREATE, {"use_case": "other"})
    offer = re.search(r'name="file" value="([^"]+)"', shown.content.decode())[1]

    response = client.post(reverse("users:download"), {"file": offer})

    context = shown.context
    assert response.content.decode() == f"Access key ID,Secret access key\n{context['key_id']},{context['secret']}\n"
    assert 'filename="alice_accessKeys.csv"' in response["Content-Disposition"]


@pytest.mark.parametrize("values", [{}, {"use_case": "cli"}, {"use_case": "unknown"}])
def test_create_needs_a_use_case_and_the_confirmation(alice, client, values):
    response = client.post(CREATE, values)

    assert response.status_code == 422
    assert not AccessKey.objects.exists()


def test_create_goes_on_without_permission_to_tag(account, alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:TagUser"))

    response = client.post(CREATE, {"use_case": "other", "description": "laptop"})

    assert response.context["secret"]
    assert AccessKey.objects.filter(user=alice).count() == 1
    assert alice.tags.count() == 0


def test_third_key_is_refused(alice, key, root, client):
    perform(root, "CreateAccessKey", UserName="alice")

    response = client.post(CREATE, {"use_case": "other"})

    assert response.status_code == 422
    assert "AccessKeysPerUser" in response.content.decode()
    assert "two access keys already" in client.get(CREATE).content.decode()


def test_deactivate_asks_and_activate_does_not(key, client):
    dialog = client.get(url_of("deactivate", key.pk)).content.decode()
    client.post(url_of("deactivate", key.pk))
    key.refresh_from_db()
    status = key.status
    client.post(url_of("activate", key.pk))
    key.refresh_from_db()

    assert "Deactivate" in dialog
    assert (status, key.status) == ("Inactive", "Active")


def test_activate_needs_post(key, client):
    assert client.get(url_of("activate", key.pk)).status_code == 405


def test_active_key_is_deactivated_before_it_can_be_deleted(key, client):
    url = url_of("delete", key.pk)

    client.post(url, {"confirm": key.pk})
    key.refresh_from_db()
    assert key.status == "Inactive"

    assert client.post(url, {"confirm": "wrong"}).status_code == 422
    client.post(url, {"confirm": key.pk})
    assert not AccessKey.objects.exists()


def test_unknown_key_is_not_found(alice, client):
    for action in ("deactivate", "delete"):
        assert client.get(url_of(action, "AKIAIOSFODNN7EXAMPLE")).status_code == 404


def test_activating_an_unknown_key_is_told_by_a_flash(alice, client):
    client.post(url_of("activate", "AKIAIOSFODNN7EXAMPLE"))

    assert "cannot be found" in client.get(TAB).content.decode()


def test_reader_changes_no_key(key, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    client.post(url_of("deactivate", key.pk))
    client.post(url_of("delete", key.pk), {"confirm": key.pk})

    key.refresh_from_db()
    assert key.status == "Active"
