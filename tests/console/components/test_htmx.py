import pytest
from django.http import HttpResponse
from django_htmx.middleware import HtmxDetails

from console.components.htmx import is_fragment, redirect_to, render_page


@pytest.fixture
def ask(rf):
    def request(**headers):
        made = rf.get("/", headers=headers)
        made.htmx = HtmxDetails(made)
        return made

    return request


def test_only_a_plain_htmx_request_gets_a_fragment(ask):
    assert is_fragment(ask(hx_request="true"))
    assert not is_fragment(ask())
    assert not is_fragment(ask(hx_request="true", hx_boosted="true"))
    assert not is_fragment(ask(hx_request="true", hx_history_restore_request="true"))


def test_page_and_fragment_share_an_address(ask):
    page = render_page(ask(), "errors/404.html", "components/crumb.html", {"label": "Users"})
    fragment = render_page(ask(hx_request="true"), "errors/404.html", "components/crumb.html", {"label": "Users"})

    assert b"<html" in page.content
    assert fragment.content.strip() == b'<li aria-current="page">Users</li>'
    assert page.headers["Vary"] == fragment.headers["Vary"] == "HX-Request"


def test_fragment_speaks_in_the_live_region(ask):
    response = render_page(ask(hx_request="true"), "errors/404.html", "components/crumb.html", {}, say="<3> users")

    assert b'hx-swap-oob="innerHTML:#live">&lt;3&gt; users<' in response.content


def test_leaving_a_page_reloads_for_htmx(ask):
    plain: HttpResponse = redirect_to(ask(), "/users/")
    boosted = redirect_to(ask(hx_request="true", hx_boosted="true"), "/users/")

    assert (plain.status_code, plain.headers["Location"]) == (302, "/users/")
    assert (boosted.status_code, boosted.headers["HX-Redirect"]) == (200, "/users/")
