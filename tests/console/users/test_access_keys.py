"""Access keys of a user."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from iam import sealing
from iam.models import AccessKey, Change, Draft, Event
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


def begin(client):
    """Answer the first step; return the address of the second."""
    first = client.get(CREATE)
    return client.post(first.url, {"use_case": "other"}).url


def create(client, **answers):
    return client.post(begin(client), answers)


def test_create_walks_three_steps(alice, client):
    first = client.get(CREATE).url
    use_case = client.get(first).content.decode()
    second = client.post(first, {"use_case": "cli", "understood": "on"}).url
    description = client.get(second).content.decode()

    shown = client.post(second, {"description": ""}).content.decode()

    assert "Access key best practices &amp; alternatives" in use_case
    assert "Set description tag – optional" in description
    assert "Retrieve access keys" in shown
    assert alice.tags.count() == 0


def test_create_shows_the_secret_once(alice, client):
    response = create(client, description="laptop")

    key = AccessKey.objects.get(user=alice)
    secret = sealing.unseal(key.sealed_secret)
    assert "no-store" in response["Cache-Control"]
    assert response.context["secret"] == secret
    assert (alice.tags.get().key, alice.tags.get().value) == (key.pk, "laptop")
    assert secret not in client.get(TAB).content.decode()
    assert not any(secret in str(row) for model in (Change, Event, Draft) for row in model.objects.values())
    assert not any(secret in str(session.get_decoded()) for session in Session.objects.all())
    assert not Draft.objects.exists()


def test_create_twice_from_one_draft_makes_one_key(alice, client):
    step = begin(client)
    client.post(step, {})

    response = client.post(step, {})

    assert (response.status_code, response.url) == (302, TAB)
    assert AccessKey.objects.count() == 1


def test_create_skips_no_step(alice, client):
    first = client.get(CREATE).url
    second = first.replace("use-case", "description")

    response = client.post(second, {})

    assert (response.status_code, response.url) == (302, first)
    assert not AccessKey.objects.exists()


def test_create_offers_the_file_of_the_key(alice, client):
    shown = create(client)
    offer = re.search(r'name="file" value="([^"]+)"', shown.content.decode())[1]

    response = client.post(reverse("users:download"), {"file": offer})

    context = shown.context
    assert response.content.decode() == f"Access key ID,Secret access key\n{context['key_id']},{context['secret']}\n"
    assert 'filename="alice_accessKeys.csv"' in response["Content-Disposition"]


@pytest.mark.parametrize("values", [{}, {"use_case": "cli"}, {"use_case": "unknown", "understood": "on"}])
def test_create_needs_a_use_case_and_the_confirmation(alice, client, values):
    response = client.post(client.get(CREATE).url, values)

    assert response.status_code == 422


@pytest.mark.parametrize("description", ["x" * 257, "<script>", "aws:mine"])
def test_description_that_is_no_tag_value_is_refused_before_there_is_a_key(alice, client, description):
    response = create(client, description=description)

    assert response.status_code == 422
    assert response.context["form"].errors["description"]
    assert not AccessKey.objects.exists()


def test_create_goes_on_without_permission_to_tag(account, alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:TagUser"))

    response = create(client, description="laptop")

    assert response.context["secret"]
    assert AccessKey.objects.filter(user=alice).count() == 1
    assert alice.tags.count() == 0


def test_create_needs_no_permission_to_tag_without_a_description(account, alice, signed_in_as, client):
    signed_in_as(allow("iam:GetUser", "iam:CreateAccessKey"))

    response = create(client)

    assert response.context["secret"]
    assert "TagUser" not in response.content.decode()


def test_create_without_permission_is_refused(alice, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = create(client)

    assert response.status_code == 422
    assert "not authorized to perform: iam:CreateAccessKey" in response.content.decode()
    assert not AccessKey.objects.exists()


def test_draft_of_somebody_else_is_gone(alice, client, signed_in_as):
    step = begin(client)
    signed_in_as(allow("iam:*"))

    response = client.post(step, {})

    assert (response.status_code, response.url) == (302, TAB)
    assert not AccessKey.objects.exists()


def test_third_key_is_refused_before_the_wizard(alice, key, root, client):
    perform(root, "CreateAccessKey", UserName="alice")

    response = client.get(CREATE, follow=True)

    assert response.redirect_chain == [(TAB, 302)]
    assert "at most two access keys" in response.content.decode()


def test_third_key_is_refused_at_the_end(alice, key, root, client):
    step = begin(client)
    perform(root, "CreateAccessKey", UserName="alice")

    response = client.post(step, {})

    assert response.status_code == 422
    assert "Cannot exceed quota for AccessKeysPerUser: 2" in response.content.decode()


def test_inactive_keys_count(alice, key, root, client):
    second = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    perform(root, "UpdateAccessKey", UserName="alice", AccessKeyId=second, Status="Inactive")

    assert client.get(CREATE).url == TAB


def test_description_is_edited_and_removed(alice, key, client):
    url = url_of("describe", key.pk)
    client.post(url, {"description": "laptop"})
    shown = client.get(TAB).content.decode()
    dialog = client.get(url).content.decode()
    client.post(url, {"description": ""})

    assert "laptop" in shown
    assert 'value="laptop"' in dialog
    assert alice.tags.count() == 0


def test_description_is_refused_beside_its_field(alice, key, client):
    response = client.post(url_of("describe", key.pk), {"description": "a;b"})

    assert response.status_code == 422
    assert response.context["form"].errors["description"]


def test_description_of_a_reader_is_refused(alice, key, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(url_of("describe", key.pk), {"description": "mine"})

    assert response.status_code == 422
    assert "iam:TagUser" in response.content.decode()


def test_tab_tells_descriptions_only_to_those_who_may_read_tags(alice, key, signed_in_as, client):
    client.post(url_of("describe", key.pk), {"description": "HiddenPurpose"})
    signed_in_as(allow("iam:*"), deny("iam:ListUserTags"))

    page = client.get(TAB).content.decode() + client.get(url_of("describe", key.pk)).content.decode()

    assert "HiddenPurpose" not in page


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

    assert "Deactivate" in client.get(url).content.decode()
    same_dialog = client.post(url, {"confirm": key.pk}, headers={"HX-Request": "true"}).content.decode()
    key.refresh_from_db()
    assert key.status == "Inactive"
    assert same_dialog.lstrip().startswith("<dialog")
    assert "To confirm deletion, enter the access key ID" in same_dialog

    assert client.post(url, {"confirm": "wrong"}).status_code == 422
    client.post(url, {"confirm": key.pk})
    assert not AccessKey.objects.exists()


def test_unknown_key_is_not_found(alice, client):
    for action in ("describe", "deactivate", "delete"):
        assert client.get(url_of(action, "AKIAIOSFODNN7EXAMPLE")).status_code == 404


def test_activating_an_unknown_key_is_told_by_a_flash(alice, client):
    client.post(url_of("activate", "AKIAIOSFODNN7EXAMPLE"))

    assert "cannot be found" in client.get(TAB).content.decode()


def test_refused_deactivation_stays_in_the_dialog(key, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:UpdateAccessKey"))

    response = client.post(url_of("delete", key.pk))

    assert response.status_code == 422
    assert "iam:UpdateAccessKey" in response.content.decode()


def test_reader_changes_no_key(key, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    client.post(url_of("deactivate", key.pk))
    client.post(url_of("delete", key.pk), {"confirm": key.pk})

    key.refresh_from_db()
    assert key.status == "Active"
