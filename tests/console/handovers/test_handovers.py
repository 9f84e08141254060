"""Hand-over links: made once of what was just shown, opened once by whoever has them, with a receipt."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from iam.models import Event, Handover, LoginProfile
from iam.operations import handovers, perform
from tests.factories import allow, make_account, make_user, principal_of, root_of, sign_in

ACCESS = reverse("users:console-access", args=["alice"])
CREATE = reverse("handovers:create")
LIST = reverse("handovers:list")
LINK = re.compile(r"/handover/[\w-]{43}/")


@pytest.fixture
def alice(account, root):
    """A user without a password."""
    return make_user(account, "alice")


@pytest.fixture
def shown(alice, client):
    """The page with a new password for alice."""
    return client.post(ACCESS, {"method": "generated"})


@pytest.fixture
def stranger():
    """A browser in which nobody is signed in, and whose forms need their tokens."""
    return Client(enforce_csrf_checks=True)


def make_link(client, shown, lifetime="86400"):
    response = client.post(CREATE, {"file": shown.context["offer"], "lifetime": lifetime})
    return LINK.search(response.content.decode())[0]


def open_link(stranger, link):
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', stranger.get(link).content.decode())[1]
    return stranger.post(link, {"csrfmiddlewaretoken": token})


def test_users_list_leads_to_the_receipts(root, client):
    assert f'href="{LIST}"' in client.get(reverse("users:list")).content.decode()


def test_link_shows_the_credentials_once(alice, client, shown, stranger):
    link = make_link(client, shown)
    page = stranger.get(link)
    opened = open_link(stranger, link)

    assert shown.context["password"] not in page.content.decode()
    assert shown.context["password"] in unescape(opened.content.decode())
    assert "/console" in opened.content.decode()
    assert "no-store" in opened["Cache-Control"]
    # Stricter, a browser would not say where the form comes from, and the form would be refused.
    assert opened["Referrer-Policy"] == page["Referrer-Policy"] == "same-origin"
    assert check_password(shown.context["password"], LoginProfile.objects.get(user=alice).password)
    for again in (stranger.get(link), stranger.post(link)):
        assert again.status_code in (403, 404)
        assert shown.context["password"] not in again.content.decode()
    assert "It was opened" in stranger.get(link).content.decode()


def test_looking_at_a_link_does_not_use_it_up(client, shown, stranger):
    link = make_link(client, shown)
    for _ in range(3):
        assert stranger.get(link).status_code == 200
        assert stranger.head(link).status_code == 200

    assert open_link(stranger, link).status_code == 200


def test_opening_needs_the_page(client, shown, stranger):
    link = make_link(client, shown)

    assert stranger.post(link).status_code == 403
    assert Handover.objects.get().opened_at is None


def test_receipt_tells_when_from_where_and_with_what(client, shown):
    link = make_link(client, shown)
    elsewhere = Client(headers={"User-Agent": "Browser <b>9</b>"}, REMOTE_ADDR="198.51.100.7")
    elsewhere.post(link)
    page = client.get(LIST).content.decode()

    assert "Opened" in page
    assert "198.51.100.7" in page
    assert "Browser &lt;b&gt;9&lt;/b&gt;" in page


def test_events_tell_of_making_and_opening_but_no_secret(client, shown, stranger):
    link = make_link(client, shown)
    open_link(stranger, link)
    events = Event.objects.filter(name__endswith="HandoverLink").order_by("id")

    assert [event.name for event in events] == ["CreateHandoverLink", "OpenHandoverLink"]
    assert events[1].user_identity["type"] == "Unknown"
    assert events[0].request_parameters["userName"] == "alice"
    told = str(list(events.values()))
    assert shown.context["password"] not in told
    assert link.split("/")[2] not in told


def test_database_and_keys_do_not_open_a_link(client, shown):
    link = make_link(client, shown)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(iam_handover)::text FROM iam_handover")
        (row,) = cursor.fetchone()

    assert link.split("/")[2] not in row
    with pytest.raises(ValueError, match="does not open"):
        handovers.sealing.unseal_with("another token", Handover.objects.get().sealed_values)


def test_opened_withdrawn_and_expired_links_keep_nothing(client, alice, stranger):
    links = [make_link(client, client.post(ACCESS, {"access": "enable", "method": "generated"})) for _ in range(3)]
    rows = list(Handover.objects.order_by("created_at"))
    open_link(stranger, links[0])
    client.post(reverse("handovers:withdraw", args=[rows[1].pk]))
    Handover.objects.filter(pk=rows[2].pk).update(expires_at=timezone.now())
    handovers.forget()

    assert [bytes(row.sealed_values) for row in Handover.objects.order_by("created_at")] == [b"", b"", b""]
    assert [stranger.get(link).status_code for link in links] == [404, 404, 404]
    assert "withdrawn" in stranger.get(links[1]).content.decode()
    assert "nobody had opened it" in stranger.get(links[2]).content.decode()


def test_expired_link_does_not_open(client, shown):
    link = make_link(client, shown)
    Handover.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = Client().post(link)

    assert response.status_code == 404
    assert Handover.objects.get().opened_at is None


def test_unknown_link_tells_nothing(db, stranger):
    response = stranger.get("/handover/" + "a" * 43 + "/")

    assert response.status_code == 404
    assert "The link does not open" in response.content.decode()


def test_credentials_are_handed_over_once(client, shown):
    make_link(client, shown)
    again = client.post(CREATE, {"file": shown.context["offer"], "lifetime": "86400"})
    file = client.post(reverse("users:download"), {"file": shown.context["offer"]})

    assert again.status_code == file.status_code == 302
    assert Handover.objects.count() == 1


def test_only_the_session_that_made_credentials_hands_them_over(account, shown):
    thief = sign_in(Client(), root_of(account))
    response = thief.post(CREATE, {"file": shown.context["offer"], "lifetime": "86400"})

    assert response.status_code == 302
    assert not Handover.objects.exists()


def test_choice_of_time_comes_first_and_must_be_one(client, shown):
    asked = client.post(CREATE, {"file": shown.context["offer"]})
    wrong = client.post(CREATE, {"file": shown.context["offer"], "lifetime": "99999999"})

    assert "24 hours" in asked.content.decode()
    assert wrong.status_code == 422
    assert not Handover.objects.exists()
    make_link(client, shown, "3600")
    assert Handover.objects.get().expires_at - Handover.objects.get().created_at == timedelta(hours=1)


def test_user_who_is_gone_gets_no_link(client, root, alice, shown):
    perform(root, "DeleteLoginProfile", UserName="alice")
    perform(root, "DeleteUser", UserName="alice")
    response = client.post(CREATE, {"file": shown.context["offer"], "lifetime": "3600"})

    assert response.status_code == 422
    assert "alice cannot be found" in response.content.decode()


def test_access_key_is_handed_over_to_its_user(account, client, root, alice):
    word = handovers_word(client, root, alice)
    link = make_link(client, type("Shown", (), {"context": {"offer": word}}))
    page = Client().post(link).content.decode()

    assert Handover.objects.get().contents == "Access key ID, Secret access key"
    assert "AKIA" in page
    assert "Sign in" not in page


def handovers_word(client, root, user):
    """Walk the access-key wizard and return what its last page offers."""
    start = client.get(reverse("users:create-access-key", args=[user.name]), follow=True)
    url = start.redirect_chain[-1][0]
    next_page = client.post(url, {"use_case": "other", "next": "1"})
    finished = client.post(next_page["Location"], {"description": "", "next": "1"})
    return finished.context["offer"]


def test_others_see_and_withdraw_nothing(account, client, shown):
    link = make_link(client, shown)
    row = Handover.objects.get()
    withdraw = reverse("handovers:withdraw", args=[row.pk])
    for other in (
        principal_of(make_user(account, "mallory")),
        principal_of(make_user(make_account(), "mallory", statements=[allow("*")])),
    ):
        browser = sign_in(Client(), other)
        assert "alice" not in browser.get(LIST).content.decode()
        assert browser.get(withdraw).status_code == browser.post(withdraw).status_code == 404

    assert Client().get(link).status_code == 200


def test_who_may_set_the_password_may_withdraw(account, client, shown):
    make_link(client, shown)
    helper = make_user(account, "helper", statements=[allow("iam:UpdateLoginProfile")])
    browser = sign_in(Client(), principal_of(helper))
    browser.post(reverse("handovers:withdraw", args=[Handover.objects.get().pk]))

    assert Handover.objects.get().withdrawn_at
    assert Event.objects.filter(name="WithdrawHandoverLink").get().user_identity["userName"] == "helper"


def test_withdrawing_an_opened_link_is_refused(client, shown):
    link = make_link(client, shown)
    Client().post(link)
    response = client.post(reverse("handovers:withdraw", args=[Handover.objects.get().pk]))

    assert response.status_code == 422
    assert "opened or withdrawn already" in response.content.decode()
    assert Handover.objects.get().withdrawn_at is None


def test_list_asks_the_same_number_of_queries_whatever_its_length(client, shown, django_assert_max_num_queries):
    make_link(client, shown)
    for _ in range(5):
        make_link(client, client.post(ACCESS, {"access": "enable", "method": "generated"}))

    with django_assert_max_num_queries(8):
        client.get(LIST)


def test_page_of_the_user_shows_receipts_to_who_may_read_the_login_profile(account, client, shown, signed_in_as):
    tab = reverse("users:security-credentials", args=["alice"])
    make_link(client, shown)
    assert "Not opened yet" in client.get(tab).content.decode()

    signed_in_as(allow("iam:GetUser"))
    assert "Not opened yet" not in client.get(tab).content.decode()
