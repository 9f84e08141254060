"""The dialogs about the account's alias."""

from http import HTTPStatus

import pytest
from django.test import Client

from iam.models import Account, ChangeSet
from tests.factories import allow, make_account, make_user, principal_of, root_of, sign_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def root(client):
    """A browser of the root user of the only account."""
    return sign_in(client, root_of(make_account(alias="acme")))


def test_alias_is_created_edited_and_deleted(client):
    account = make_account()
    sign_in(client, root_of(account))

    client.post("/account/alias/", {"account_alias": "acme"})
    assert Account.objects.get().alias == "acme"
    response = client.post("/account/alias/?from=dashboard", {"account_alias": "acme-prod"})
    assert response.headers["Location"] == "/"
    assert Account.objects.get().alias == "acme-prod"
    assert "IAM users now sign in at http://localhost:8000/acme-prod/console." in text(client.get("/"))
    response = client.post("/account/delete-alias/")

    assert response.headers["Location"] == "/account/"
    assert Account.objects.get().alias is None
    titles = list(ChangeSet.objects.order_by("created_at").values_list("title", flat=True))
    assert titles[1:] == ["Set account alias acme", "Set account alias acme-prod", "Delete account alias acme-prod"]


@pytest.mark.parametrize("url", ["/account/alias/", "/account/delete-alias/"])
def test_dialogs_are_pages_and_fragments(root, url):
    page, fragment = root.get(url), root.get(url, headers=HTMX)

    assert "<html" in text(page)
    assert "<html" not in text(fragment)
    assert text(fragment).startswith("<dialog")
    assert "HX-Request" in fragment.headers["Vary"]


def test_alias_dialog_tells_what_changes(root):
    page = text(root.get("/account/alias/"))

    assert 'value="acme"' in page
    assert "Save changes" in page
    assert "stops working at once" in page


@pytest.mark.parametrize("alias", ["ab", "Acme", "acme--prod", "123456789012", "1234-5678-9012", "a b", "", "x/../y"])
def test_alias_refused_by_the_rules_stands_at_its_field(root, alias):
    response = root.post("/account/alias/", {"account_alias": alias})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'aria-invalid="true"' in text(response)
    assert "such as acme-prod" in text(response) or "one like acme-prod" in text(response)
    assert Account.objects.get().alias == "acme"


def test_alias_that_is_taken_stands_at_its_field(root):
    make_account(alias="taken")

    response = root.post("/account/alias/", {"account_alias": "taken"}, headers=HTMX)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The account alias taken already exists." in text(response)


def test_alias_submitted_by_htmx_leaves_the_page(root):
    response = root.post("/account/alias/", {"account_alias": "acme-2"}, headers=HTMX)

    assert response.headers["HX-Redirect"] == "/account/"


@pytest.mark.parametrize(
    ("alias", "shown"),
    [("acme-prod", "New sign-in URL: <strong"), ("Acme", "contains the alias"), ("../x", "contains the alias")],
)
def test_preview_shows_the_url_of_what_can_be_an_alias(root, alias, shown):
    assert shown in text(root.get("/account/alias/preview/", {"account_alias": alias}))


def test_alias_needs_permission(client):
    account = make_account(alias="acme")
    sign_in(client, principal_of(make_user(account, statements=[allow("iam:ListAccountAliases")])))

    created = client.post("/account/alias/", {"account_alias": "other"})
    deleted = client.post("/account/delete-alias/")

    assert (created.status_code, deleted.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY,) * 2
    assert "is not authorized to perform: iam:CreateAccountAlias" in text(created)
    assert "is not authorized to perform: iam:DeleteAccountAlias" in text(deleted)
    assert Account.objects.get().alias == "acme"


def test_no_alias_is_not_deleted(client):
    sign_in(client, root_of(make_account()))

    assert client.get("/account/delete-alias/").headers["Location"] == "/account/"


def test_alias_forms_of_other_sites_are_refused():
    client = Client(enforce_csrf_checks=True)
    sign_in(client, root_of(make_account(alias="acme")))

    for url in ("/account/alias/", "/account/delete-alias/"):
        assert client.post(url, {"account_alias": "evil"}).status_code == HTTPStatus.FORBIDDEN
        assert client.put(url).status_code in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.FORBIDDEN}
    assert Account.objects.get().alias == "acme"
