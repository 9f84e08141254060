"""What holds for every page of the users area."""

import pytest
from django.urls import reverse

from iam.models import AccessKey, Event
from iam.operations import perform
from tests.factories import allow, deny, make_user, policy_document

HTMX = {"HX-Request": "true"}
LIMIT = policy_document(allow("s3:*"))
OF_A_USER = [
    "details",
    "groups",
    "tags",
    "security-credentials",
    "delete",
    "rename",
    "remove-policies",
    "remove-boundary",
    "create-inline-policy",
    "add-to-groups",
    "remove-from-groups",
    "manage-tags",
    "console-access",
    "create-access-key",
]
TABS = OF_A_USER[:4]


def url_of(page, name="alice"):
    return reverse(f"users:{page}", args=[name])


@pytest.mark.parametrize("page", OF_A_USER)
def test_page_of_unknown_user_is_not_found(root, client, page):
    response = client.get(url_of(page, "nobody"))

    assert response.status_code == 404


@pytest.mark.parametrize("page", OF_A_USER)
def test_page_without_permission_says_which_action_is_missing(account, signed_in_as, client, page):
    make_user(account, "alice")
    signed_in_as()

    response = client.get(url_of(page))

    assert response.status_code == 403
    assert "not authorized to perform: iam:GetUser" in response.content.decode()
    assert 'class="side-nav"' in response.content.decode()


@pytest.mark.parametrize("page", OF_A_USER)
def test_refusal_is_the_same_for_users_who_do_not_exist(signed_in_as, client, page):
    signed_in_as()

    response = client.get(url_of(page, "nobody"))

    assert response.status_code == 403


@pytest.mark.parametrize("page", TABS)
def test_page_shows_user_in_any_case(account, root, client, page):
    make_user(account, "Alice")

    response = client.get(url_of(page, "aLICE"))

    assert response.status_code == 200
    assert "Alice" in response.content.decode()


@pytest.mark.parametrize("page", TABS)
def test_tab_refuses_post(account, root, client, page):
    make_user(account, "alice")

    assert client.post(url_of(page)).status_code == 405


@pytest.mark.parametrize("page", OF_A_USER)
def test_page_refuses_delete(account, root, client, page):
    make_user(account, "alice")

    assert client.delete(url_of(page)).status_code == 405


@pytest.mark.parametrize(
    "address",
    ["/users/details/a%00b/", "/users/details/a b/", "/users/details/" + "a" * 129 + "/", "/users/delete/?user=%00"],
)
def test_what_is_no_name_is_no_user(root, client, address):
    assert client.get(address).status_code in {302, 404}


@pytest.mark.parametrize("page", ["delete", "remove-boundary", "console-access"])
def test_dialog_comes_alone_for_htmx_and_in_a_page_otherwise(account, root, client, page):
    make_user(account, "alice")
    perform(root, "CreatePolicy", PolicyName="limit", PolicyDocument=LIMIT)
    arn = f"arn:aws:iam::{account.pk}:policy/limit"
    perform(root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=arn)

    fragment = client.get(url_of(page), headers=HTMX).content.decode()
    whole = client.get(url_of(page)).content.decode()

    assert fragment.lstrip().startswith("<dialog")
    assert whole.lstrip().startswith("<!doctype html>")
    assert "<dialog" in whole


def test_summary_hides_what_may_not_be_read(account, root, signed_in_as, client):
    make_user(account, "alice")
    key = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]
    signed_in_as(allow("iam:GetUser"))

    page = client.get(url_of("details")).content.decode()

    assert key["AccessKeyId"] not in page
    assert page.count("Access denied") > 3


def test_page_notes_its_reads_in_the_event_history(account, signed_in_as, client):
    make_user(account, "alice")
    signed_in_as(allow("iam:*"), deny("iam:ListAccessKeys"))

    client.get(url_of("details"))

    reads = {event.name: event.error_code for event in Event.objects.filter(account_id=account.pk, is_read_only=True)}
    assert reads["GetUser"] == ""
    assert reads["ListAccessKeys"] == "AccessDenied"


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("delete", {"confirm": "alice"}),
        ("rename", {"new_user_name": "mallory"}),
        ("console-access", {"method": "generated"}),
        ("manage-tags", {"tag-key": "team", "tag-value": "data"}),
        ("add-to-groups", {"group": "Developers", "next": "1"}),
    ],
)
def test_forged_post_of_a_reader_is_refused(account, root, signed_in_as, client, page, values):
    alice = make_user(account, "alice")
    perform(root, "CreateGroup", GroupName="Developers")
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(url_of(page), values)

    assert response.status_code == 422
    assert "not authorized to perform" in response.content.decode()
    alice.refresh_from_db()
    assert (alice.name, alice.inline_policies.count(), alice.tags.count()) == ("alice", 0, 0)
    assert alice.memberships.count() == 0
    assert not AccessKey.objects.filter(user=alice).exists()
    assert not hasattr(alice, "login_profile")
