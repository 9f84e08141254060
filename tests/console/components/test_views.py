import re

import pytest
from django.http import HttpRequest

from console.components.appearance import COOKIE, Appearance
from iam.models import Account, Change
from iam.operations import perform
from tests.factories import root_of


def choose(client, **choice):
    return client.post("/preferences/appearance/", {"next": "/things/", **choice})


def test_theme_is_remembered_without_script(signed_in):
    response = choose(signed_in, theme="dark")

    assert response.headers["Location"] == "/things/"
    assert 'data-theme="dark"' in signed_in.get("/things/").content.decode()


def test_density_leaves_the_theme_alone(signed_in):
    choose(signed_in, theme="dark")
    choose(signed_in, density="compact")

    page = signed_in.get("/things/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-density="compact"' in page


def test_system_theme_comes_back(signed_in):
    choose(signed_in, theme="dark")
    choose(signed_in, theme="")

    assert "data-theme" not in signed_in.get("/things/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_appearance_never_leads_elsewhere(signed_in, target):
    assert choose(signed_in, theme="dark", next=target).headers["Location"] == "/"


def test_appearance_takes_no_get(signed_in):
    response = signed_in.get("/preferences/appearance/")

    assert response.status_code == 405
    assert "takes no such request" in response.content.decode()


def test_strange_cookie_is_ignored():
    request = HttpRequest()
    request.COOKIES[COOKIE] = 'dark"><script>.compact'

    assert Appearance.of(request) == Appearance(theme="", is_compact=True)


def test_frame_shows_whose_account_it_is(signed_in):
    page = signed_in.get("/things/").content.decode()

    assert re.search(r"<span>\d{4}-\d{4}-\d{4}</span>", page)
    assert "Root user" in page


def test_change_status_stops_asking_when_nothing_moves(signed_in):
    Change.objects.update(state="verified")

    response = signed_in.get("/status/changes/", headers={"HX-Request": "true"})

    assert response.status_code == 286
    assert "hx-trigger" not in response.content.decode()


def test_change_status_goes_on_while_something_moves(signed_in):
    perform(root_of(Account.objects.get()), "CreateUser", UserName="alice")

    response = signed_in.get("/status/changes/", headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert re.search(r'hx-trigger="load delay:5s".*<span>\d+ applying', response.content.decode())
