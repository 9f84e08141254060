import pytest
from django.test import RequestFactory

from console.components import flashes
from console.components.tracks import SLOWEST, Track, track_response
from tests.console.components.rendering import render


@pytest.fixture
def request_with_session():
    request = RequestFactory().get("/")
    request.session = {}
    return request


def test_flashes_are_shown_once_in_their_order(request_with_session):
    flashes.flash(request_with_session, "success", "User alice created.", link=("View user", "/users/details/alice/"))
    flashes.flash(request_with_session, "error", "It is still a boundary.", heading="Policy not deleted.")

    shown = flashes.pop(request_with_session)

    assert [(message.kind, message.text) for message in shown] == [
        ("success", "User alice created."),
        ("error", "It is still a boundary."),
    ]
    assert flashes.pop(request_with_session) == []


def test_flash_escapes_its_text(request_with_session):
    flashes.flash(request_with_session, "info", "<b>x</b>", heading="<i>y</i>")

    html = render("{% flash message %}", message=flashes.pop(request_with_session)[0])

    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "&lt;i&gt;y&lt;/i&gt;" in html


def test_flash_of_an_unknown_kind_is_refused(request_with_session):
    with pytest.raises(ValueError, match="no kind of notification"):
        flashes.flash(request_with_session, "danger", "x")


def test_session_keeps_a_bounded_number_of_flashes(request_with_session):
    for number in range(flashes.MOST_KEPT + 5):
        flashes.flash(request_with_session, "info", str(number))

    assert len(flashes.pop(request_with_session)) == flashes.MOST_KEPT


@pytest.mark.parametrize("state", ["verified", "failed", "discarded"])
@pytest.mark.urls("tests.console.components.example")
def test_polling_ends_with_the_change(state, rf):
    response = track_response(rf.get("/changes/status/7/?poll=3"), "7", state)

    assert response.status_code == 286
    assert b"hx-trigger" not in response.content


@pytest.mark.urls("tests.console.components.example")
def test_polling_goes_on_while_the_change_moves(rf):
    response = track_response(rf.get("/changes/status/7/?poll=3"), "7", "applying")

    assert response.status_code == 200
    assert b"/changes/status/7/?poll=4" in response.content
    assert b'class="is-now"' in response.content


def test_polling_slows_down():
    assert Track("7", "pending").delay < Track("7", "pending", polls=4).delay < SLOWEST
    assert Track("7", "pending", polls=400).delay == SLOWEST


def test_poll_counter_from_the_address_is_bounded(rf):
    assert track_response(rf.get("/?poll=999999999999"), "7", "applied").status_code == 200
    assert track_response(rf.get("/?poll=-1"), "7", "applied").status_code == 200
