"""Every role that a person may enter, and the roles that this browser knows."""

from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from iam.models import Role
from tests.factories import (
    allow,
    deny,
    make_account,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    sign_in,
    trust_document,
)

LIST = "/switchrole/roles/"
HTMX = {"HX-Request": "true"}


def names(response):
    return [line.role.name for line in (*response.context["pinned"], *response.context["lines"])]


def pin(client, role, *, pinned=True):
    return client.post("/switchrole/roles/pin/", {"role": role.unique_id, **({"pinned": "1"} if pinned else {})})


def fill(account, count):
    trust = policy_document({"Effect": "Allow", "Principal": {"AWS": account.pk}, "Action": "sts:AssumeRole"})
    now = account.created_at
    Role.objects.bulk_create(
        Role(account=account, name=f"role-{number:04}", assume_role_policy_document=trust, created_at=now)
        for number in range(count)
    )


@pytest.fixture
def roles(account, alice):
    """Roles that alice may enter, and roles that she may not."""
    other = make_account(alias="other")
    make_role(account, "Own")
    make_role(account, "Named", trust=trust_document({"AWS": alice.arn}))
    make_role(other, "Foreign", trust=trust_document({"AWS": account.pk}), Path="/team/")
    make_role(other, "HiddenForeign")
    make_role(account, "HiddenOfBob", trust=trust_document({"AWS": make_user(account, "bob").arn}))
    external = {"StringEquals": {"sts:ExternalId": "Unique-7"}}
    make_role(account, "HiddenExternal", trust=trust_document({"AWS": account.pk}, Condition=external))
    make_role(account, "HiddenService", trust=trust_document({"Service": "ec2.amazonaws.com"}))
    make_role(account, "HiddenLong", Path=f"/{'p' * 60}/")


def test_list_has_the_roles_that_let_one_in_from_all_accounts(roles, client):
    response = client.get(LIST)

    assert names(response) == ["team/Foreign", "Named", "Own"]
    assert b"Hidden" not in response.content
    assert b"other" in response.content


def test_list_belongs_to_the_person_in_whatever_role(roles, client, switch):
    switch("Own")

    assert names(client.get(LIST)) == ["team/Foreign", "Named", "Own"]


def test_policies_of_the_person_decide(account, roles, client):
    bound = make_user(account, "carol", statements=[allow("sts:*"), deny("sts:*", resource="arn:aws:iam::*:role/Own")])
    sign_in(client, principal_of(bound))

    assert names(client.get(LIST)) == ["team/Foreign"]


def test_root_may_enter_none(account, roles, client):
    sign_in(client, root_of(account))

    assert names(client.get(LIST)) == []


@pytest.mark.parametrize(("search", "expected"), [("fore", ["team/Foreign"]), ("other", ["team/Foreign"]), ("x", [])])
def test_search_finds_names_and_accounts(roles, client, search, expected):
    assert names(client.get(LIST, {"q": search})) == expected


def test_list_comes_as_fragment_and_refuses_post(roles, client):
    assert client.get(LIST, headers=HTMX).content.decode().lstrip().startswith("<section")
    assert client.post(LIST).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_pages_go_on_and_back(account, alice, client):
    fill(account, 45)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)
    third = client.get(second.context["page"].next_url)
    back = client.get(third.context["page"].previous_url)

    assert names(first)[0] == "role-0000"
    assert names(second)[0] == "role-0020"
    assert names(third) == [f"role-{number:04}" for number in range(40, 45)]
    assert names(back) == names(second)


@pytest.mark.parametrize(
    "word", ["after=x", "after=WzEsMl0", "after=WyJhIl0", "before=WyJhIiwiYiJd", "q=%00", "page=x"]
)
def test_cursor_that_no_page_gave_breaks_nothing(roles, client, word):
    assert client.get(f"{LIST}?{word}").status_code == HTTPStatus.OK


def test_judging_stops_and_can_be_gone_on_with(account, client):
    fill(account, 1100)
    one = f"arn:aws:iam::{account.pk}:role/role-1050"
    sign_in(client, principal_of(make_user(account, "dave", statements=[allow("sts:AssumeRole", resource=one)])))

    with CaptureQueriesContext(connection) as queries:
        first = client.get(LIST)

    assert names(first) == []
    assert len(queries) < 25
    assert names(client.get(first.context["further_url"])) == ["role-1050"]


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number_of_roles(account, alice, client, count):
    fill(account, count)

    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)

    # Session, principal, frame, grants, roles, tags.
    assert len(queries) == 6


def test_pinned_roles_come_first_for_their_person_alone(account, roles, client):
    own = Role.objects.get(name="Own")
    assert pin(client, own).headers["Location"] == LIST
    assert names(client.get(LIST)) == ["Own", "team/Foreign", "Named"]

    other = sign_in(Client(), principal_of(make_user(account, "eve", statements=[allow("sts:AssumeRole")])))
    assert names(other.get(LIST))[0] == "team/Foreign"
    pin(client, own, pinned=False)
    assert names(client.get(LIST)) == ["team/Foreign", "Named", "Own"]


def test_role_that_lets_one_in_no_more_is_not_shown_though_pinned(account, roles, client):
    own = Role.objects.get(name="Own")
    pin(client, own)
    Role.objects.filter(pk=own.pk).update(assume_role_policy_document=policy_document())

    assert "Own" not in names(client.get(LIST))


@pytest.mark.parametrize("name", ["HiddenForeign", "HiddenExternal"])
def test_role_that_one_may_not_enter_cannot_be_pinned(roles, client, name):
    pin(client, Role.objects.get(name=name))

    assert "You can pin only roles that you may switch to." in client.get(LIST).content.decode()
    assert names(client.get(LIST)) == ["team/Foreign", "Named", "Own"]


@pytest.mark.parametrize("role", ["", "x", "AROA'; --", "A" * 5000])
def test_what_is_no_role_cannot_be_pinned(roles, client, role):
    response = client.post("/switchrole/roles/pin/", {"role": role, "pinned": "1"})

    assert response.status_code == HTTPStatus.FOUND


def test_pins_have_a_limit(account, alice, client):
    fill(account, 21)
    for role in Role.objects.order_by("name"):
        pin(client, role)

    assert len(client.get(LIST).context["pinned"]) == 20


def test_history_keeps_the_last_five_in_this_browser(account, alice, client, switch):
    for number in range(6):
        make_role(account, f"Role{number}")
        switch(f"Role{number}", displayName=f"Number {number}", color="B7CA9D")
    switch("Role3", displayName="Again")
    client.post("/signin/sign-out/")
    again = sign_in(Client(), principal_of(make_user(account, "bob")))
    again.cookies["iam-roles"] = client.cookies["iam-roles"].value

    recent = again.get("/").context["frame"].recent_roles
    assert [(role.role, role.label, role.swatch) for role in recent] == [
        ("Role3", "Again", ""),
        ("Role5", "Number 5", "green"),
        ("Role4", "Number 4", "green"),
        ("Role2", "Number 2", "green"),
        ("Role1", "Number 1", "green"),
    ]


def test_history_of_the_longest_names_fits_into_a_cookie(account, alice, client, switch):
    for number in range(5):
        name = f"Role{number}".ljust(64, "x")
        make_role(account, name)
        switch(name, displayName="😀" * 64, color="B7CA9D")

    assert len(client.cookies["iam-roles"].value) < 4000
    assert len(client.get("/").context["frame"].recent_roles) == 5


def test_history_that_somebody_changed_is_ignored(alice, operator, client, switch):
    switch()
    client.cookies["iam-roles"] = client.cookies["iam-roles"].value.replace("W", "X", 1)

    assert client.get("/").context["frame"].recent_roles == []


def test_entry_of_the_history_switches_at_once_and_with_its_token(account, operator):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, principal_of(make_user(account, "alice", statements=[allow("sts:AssumeRole")])))
    form = {"account": "acme", "roleName": "team/Operator"}
    client.get("/switchrole?account=")
    client.post("/switchrole", {**form, "csrfmiddlewaretoken": client.cookies["iam-csrf"].value})

    page = client.get("/").content.decode()

    entry = page[page.index("Role history") :]
    assert entry.index("csrfmiddlewaretoken") < entry.index('value="team/Operator"')


def test_refused_entry_of_the_history_opens_the_form_filled_in(alice, operator, client, switch):
    switch(displayName="Team lead", color="F2B0A9")
    Role.objects.filter(name="Operator").update(assume_role_policy_document=policy_document())

    form = switch(displayName="Team lead", color="F2B0A9").context["form"]

    assert [form[name].value() for name in ("roleName", "displayName", "color")] == [
        "team/Operator",
        "Team lead",
        "F2B0A9",
    ]
