"""Switching to a role and back."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.switchrole.links import switch_role_url
from iam.models import Event, Role
from iam.operations import perform
from iam.queries.principals import AccountName
from tests.factories import (
    USER_PASSWORD,
    age_session,
    allow,
    deny,
    give_password,
    make_account,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    sign_in,
    trust_document,
)

REFUSAL = "Invalid information in one or more fields. Check your information or contact your administrator."


def text(response) -> str:
    return " ".join(response.content.decode().split())


def principal(response):
    return response.wsgi_request.principal


def test_switch_makes_the_role_act_in_its_account(alice, operator, switch, client):
    before = client.session.session_key

    response = switch(displayName="Team lead", color="F2B0A9")

    assert (response.status_code, response.headers["Location"]) == (HTTPStatus.FOUND, "/")
    assert client.session.session_key != before
    page = client.get("/groups/")
    assert page.status_code == HTTPStatus.OK
    assert principal(page).arn == f"arn:aws:sts::{operator.account_id}:assumed-role/Operator/alice"
    assert page.wsgi_request.signed_in.name == "alice"
    assert '<button class="top-item is-role is-red"' in text(page)
    assert "<span>Team lead</span>" in text(page)
    assert "Back to alice" in text(page)
    assert "Security credentials" not in text(page)
    assert "is not authorized to perform: iam:ListUsers" in text(client.get("/users/"))


def test_role_without_display_name_is_called_by_name_and_account(alice, operator, switch, client):
    switch(operator_account := operator.path.strip("/") + "/Operator", account=operator.account_id)

    page = client.get("/groups/")
    assert operator_account == "team/Operator"
    assert "<span>Operator @ acme</span>" in text(page)
    assert '<button class="top-item is-role"' in text(page)


@pytest.mark.parametrize("account_name", ["acme", "ACME", "{}", "{:hyphens}"])
def test_account_may_be_written_in_every_way(alice, operator, switch, account_name):
    number = operator.account_id
    hyphens = f"{number[:4]}-{number[4:8]}-{number[8:]}"
    written = account_name.replace("{:hyphens}", hyphens).replace("{}", number)

    assert switch(account=written).status_code == HTTPStatus.FOUND


def test_switching_back_restores_the_person(alice, operator, switch, client):
    switch()
    inside = client.session.session_key

    response = client.post("/switchrole/back/", headers={"Referer": "http://testserver/groups/?q=a"})

    assert response.headers["Location"] == "/groups/?q=a"
    assert client.session.session_key != inside
    page = client.get("/groups/")
    assert principal(page).arn == alice.arn
    assert "You switched back to alice." in text(page)


def test_switching_back_from_another_account_leads_home(account, client):
    other = make_account(alias="other")
    carol = make_user(other, "carol", statements=[allow("sts:AssumeRole")])
    make_role(account, "Operator", trust=trust_document({"AWS": other.pk}))
    sign_in(client, principal_of(carol))

    client.post("/switchrole", {"account": "acme", "roleName": "Operator"})
    assert client.get("/groups/").wsgi_request.account.id == account.pk
    response = client.post("/switchrole/back/", headers={"Referer": "http://testserver/groups/details/x/"})

    assert response.headers["Location"] == "/"


def test_switching_back_without_a_role_changes_nothing(alice, client):
    assert client.post("/switchrole/back/").headers["Location"] == "/"
    assert client.get("/switchrole/back/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert not Event.objects.filter(name="ExitRole").exists()


def test_role_is_entered_with_the_rights_of_the_person_not_of_the_role(account, alice, operator, switch, client):
    make_role(account, "Second", trust=trust_document({"AWS": alice.arn}))
    make_role(account, "Third", trust=trust_document({"AWS": operator.arn}))
    switch()

    assert switch("Third").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert switch("Second").status_code == HTTPStatus.FOUND
    session = principal(client.get("/")).session
    assert (session.issuer_name, session.is_chained) == ("Second", False)


def refused_roles(account, alice):
    """Every way in which a role may be closed: what is posted for each."""
    root = root_of(account)
    trust = trust_document({"AWS": account.pk})
    make_role(account, "Denied", trust=trust)
    statement = deny("sts:AssumeRole", resource=f"arn:aws:iam::{account.pk}:role/Denied")
    document = policy_document(statement)
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="deny", PolicyDocument=document)
    make_role(account, "Untrusting", trust=trust_document({"AWS": make_user(account, "bob").arn}))
    external = {"StringEquals": {"sts:ExternalId": "Unique-7"}}
    make_role(account, "External", trust=trust_document({"AWS": alice.arn}, Condition=external))
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    make_role(account, "Mfa", trust=trust_document({"AWS": alice.arn}, Condition=mfa))
    make_role(account, "Service", trust=trust_document({"Service": "ec2.amazonaws.com"}))
    make_role(make_account(alias="other"), "Foreign")
    return {
        "no such account": ("Operator", "nobody"),
        "no such account id": ("Operator", "999999999999"),
        "no such role": ("Nobody", "acme"),
        "other case": ("team/operator", "acme"),
        "no path": ("Operator", "acme"),
        "denied": ("Denied", "acme"),
        "untrusting": ("Untrusting", "acme"),
        "external id": ("External", "acme"),
        "MFA": ("Mfa", "acme"),
        "service role": ("Service", "acme"),
        "other account": ("Foreign", "other"),
        "too long": (f"{'p' * 60}/Operator", "acme"),
        "no name": ("a b", "acme"),
        "no alias": ("Operator", "a_b!"),
    }


def test_every_cause_gets_the_same_answer(account, alice, operator, switch, client):
    for cause, (role, account_name) in refused_roles(account, alice).items():
        response = switch(role, account_name)

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, cause
        form = response.context["form"]
        assert dict(form.errors) == {"__all__": [REFUSAL]}, cause
        assert "top-item is-role" not in text(response), cause
        assert "iam-roles" not in response.cookies, cause


def test_refusals_cost_the_same_whether_there_is_such_a_role_or_account(account, alice, operator, switch):
    causes = refused_roles(account, alice)
    switch("Nobody")
    counts = {}
    for cause in (
        "no such account",
        "no such account id",
        "no such role",
        "untrusting",
        "external id",
        "other account",
    ):
        with CaptureQueriesContext(connection) as queries:
            switch(*causes[cause])
        counts[cause] = len(queries)

    assert len(set(counts.values())) == 1, counts


def test_empty_fields_say_what_they_need(alice, switch):
    response = switch("", "")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert set(response.context["form"].errors) == {"account", "roleName"}


def test_root_gets_an_explanation_and_no_menu_entry(account, operator, client):
    sign_in(client, root_of(account))

    assert "The root user cannot switch roles." in text(client.get("/switchrole?account=acme&roleName=Operator"))
    assert 'href="/switchrole"' not in text(client.get("/"))
    response = client.post("/switchrole", {"account": "acme", "roleName": "team/Operator"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert principal(client.get("/")).is_root


@pytest.mark.parametrize(
    ("role_hours", "signed_in_hours", "expected_hours"), [(5, 10, 2), (10, 8, 4), (1, 0, 1), (12, 0, 12)]
)
def test_session_ends_with_the_role_or_the_person(
    account, alice, client, switch, role_hours, signed_in_hours, expected_hours
):
    make_role(account, "Timed", trust=trust_document({"AWS": alice.arn}), MaxSessionDuration=role_hours * 3600)
    age_session(client, issued=timedelta(hours=signed_in_hours))

    switch("Timed")

    left = principal(client.get("/")).session.expires_at - timezone.now()
    assert abs(left - timedelta(hours=expected_hours)) < timedelta(seconds=30)


def test_session_of_a_person_who_must_leave_soon_ends_with_them(alice, operator, switch, client):
    age_session(client, issued=timedelta(hours=11, minutes=59))
    assert switch().status_code == HTTPStatus.FOUND

    age_session(client, issued=timedelta(minutes=1))

    assert client.get("/groups/").headers["Location"] == "/signin/expired/?next=/groups/"


def test_user_with_a_name_of_one_character_can_switch(account, operator, client, switch):
    sign_in(client, principal_of(make_user(account, "a", statements=[allow("sts:AssumeRole")])))

    assert switch().status_code == HTTPStatus.FOUND
    assert principal(client.get("/")).session.name == "a_"


def test_role_deleted_meanwhile_gives_way_to_the_person(account, alice, operator, switch, client):
    switch()
    perform(root_of(account), "DeleteRolePolicy", RoleName="Operator", PolicyName="test")
    perform(root_of(account), "DeleteRole", RoleName="Operator")

    page = client.get("/groups/")

    assert principal(page).arn == alice.arn
    assert "The session of Operator @ acme has ended." in text(page)
    assert "has ended" not in text(client.get("/groups/"))


def test_role_made_anew_is_not_the_role_that_was_entered(account, alice, operator, switch, client):
    switch()
    root = root_of(account)
    perform(root, "DeleteRolePolicy", RoleName="Operator", PolicyName="test")
    perform(root, "DeleteRole", RoleName="Operator")
    make_role(account, "Operator", Path="/team/", statements=[allow("*")])

    assert principal(client.get("/groups/")).arn == alice.arn


def test_form_sent_as_a_role_that_has_ended_is_not_carried_out_as_the_person(account, operator, client, switch):
    person = make_user(account, "root-like", statements=[allow("*")])
    sign_in(client, principal_of(person))
    switch()
    Role.objects.filter(name="Operator").update(unique_id="AROAXXXXXXXXXXXXXXXXX")

    response = client.post("/groups/create/", {"group_name": "new"}, headers={"Referer": "http://testserver/groups/"})

    assert response.headers["Location"] == "/groups/"
    assert "has ended" in text(client.get("/groups/"))
    assert not Event.objects.filter(name="CreateGroup").exists()


def test_form_sent_as_a_role_that_has_ended_leads_to_no_other_host(alice, operator, client, switch):
    switch()
    Role.objects.filter(name="Operator").update(unique_id="AROAXXXXXXXXXXXXXXXXX")

    response = client.post("/groups/create/", headers={"Referer": "http://testserver//evil.example/"})

    assert response.headers["Location"] == "/%2Fevil.example/"


def test_htmx_is_sent_to_the_page_when_the_role_has_ended(alice, operator, client, switch):
    switch()
    Role.objects.filter(name="Operator").update(unique_id="AROAXXXXXXXXXXXXXXXXX")

    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/groups/"}
    assert client.get("/groups/?q=a", headers=headers).headers["HX-Redirect"] == "/groups/"


@pytest.mark.parametrize("address", ["/switchrole", "/switchrole/back/"])
def test_forms_from_before_a_switch_fit_no_more(account, operator, address):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, principal_of(make_user(account, "alice", statements=[allow("sts:AssumeRole")])))
    client.get("/switchrole?account=acme")
    before = client.cookies["iam-csrf"].value
    form = {"account": "acme", "roleName": "team/Operator"}
    assert client.post("/switchrole", form).status_code == HTTPStatus.FORBIDDEN
    assert client.post("/switchrole", {**form, "csrfmiddlewaretoken": before}).status_code == HTTPStatus.FOUND

    assert client.post(address, {**form, "csrfmiddlewaretoken": before}).status_code == HTTPStatus.FORBIDDEN


def test_tampered_token_in_the_session_opens_nothing(alice, operator, switch, client):
    switch()
    session = client.session
    session["role"] = {**session["role"], "token": session["role"]["token"][:-8] + "AAAAAAA="}
    session.save()

    assert principal(client.get("/groups/")).arn == alice.arn


def test_revoked_sessions_see_the_explicit_deny(account, alice, operator, switch, client):
    switch()
    revoked_at = (timezone.now() + timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = policy_document(deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": revoked_at}}))
    root = root_of(account)
    perform(root, "PutRolePolicy", RoleName="Operator", PolicyName="AWSRevokeOlderSessions", PolicyDocument=document)

    assert "with an explicit deny in an identity-based policy" in text(client.get("/groups/"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/groups/?q=a", "/groups/?q=a"),
        ("http://testserver/groups/", "/groups/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("http://testserver//evil.example/", "/"),
        ("http://testserver@evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_redirect_stays_in_this_console(alice, operator, switch, target, expected):
    assert switch(redirect_uri=target).headers["Location"] == expected


def test_link_fills_the_form_in(alice, client):
    link = switch_role_url(None, AccountName("111122223333", None, "x"), "a/Op", display_name="My <b>", color="99BCE3")
    page = client.get(link.partition("/switchrole")[1] + link.partition("/switchrole")[2])

    form = page.context["form"]
    assert [form[name].value() for name in ("account", "roleName", "displayName", "color")] == [
        "111122223333",
        "a/Op",
        "My <b>",
        "99BCE3",
    ]
    assert "My &lt;b&gt;" in text(page)
    assert "<b>" not in text(page)


@pytest.mark.parametrize("color", ["red; x", "zzz", "#f2b0a9", "'\"><script>"])
def test_color_of_a_link_is_one_of_the_swatches_or_none(alice, client, color):
    page = client.get("/switchrole", {"account": "acme", "roleName": "x", "color": color})

    assert page.context["form"]["color"].value() in {"", "F2B0A9"}
    assert "<script>" not in text(page)


def test_color_and_display_name_cannot_be_made_up_in_a_post(alice, operator, switch):
    response = switch(color="red is-evil", displayName="x" * 65)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert set(response.context["form"].errors) == {"color", "displayName"}


def test_display_name_is_text_everywhere(alice, operator, switch, client):
    switch(displayName='<img src=x onerror="x">')

    assert "<img" not in text(client.get("/groups/"))
    client.post("/switchrole/back/")
    assert "<img" not in text(client.get("/groups/"))


def test_first_visit_explains_before_it_asks(alice, client):
    page = client.get("/switchrole")

    assert "How switching roles works" in text(page)
    assert "form" in client.get("/switchrole?account=").context


def test_page_tells_what_ones_own_policies_say(account, alice, operator, client):
    page = client.get("/switchrole", {"account": account.pk, "roleName": "team/Operator"})
    assert "Your policies allow sts:AssumeRole for this role" in text(page)
    assert "you signed in without" in text(page)

    sign_in(client, principal_of(make_user(account, "bob")))
    page = client.get("/switchrole", {"account": account.pk, "roleName": "team/Operator"})
    assert "Your policies do not allow sts:AssumeRole for this role" in text(page)
    # Resolving an alias would tell whether there is one.
    page = client.get("/switchrole", {"account": "acme", "roleName": "team/Operator"})
    assert page.context["needs"] is None


def test_shared_link_leads_through_sign_in(account, operator, client):
    user = make_user(account, "dave", statements=[allow("sts:AssumeRole")])
    give_password(user)
    link = "/switchrole?account=acme&roleName=team/Operator&displayName=Team%20lead"

    door = client.get(link).headers["Location"]
    form = {"account": "acme", "user": "dave", "password": USER_PASSWORD, "kind": "iam"}
    back = client.post(door, form).headers["Location"]

    page = client.get(back)
    assert page.context["form"]["roleName"].value() == "team/Operator"
    assert page.context["form"]["displayName"].value() == "Team lead"


def test_events_tell_of_switch_and_exit(alice, operator, switch, client):
    switch("Nobody")
    switch()
    client.post("/switchrole/back/")

    session = f"arn:aws:sts::{operator.account_id}:assumed-role/Operator/alice"
    found = Event.objects.filter(source="signin.amazonaws.com").order_by("id")
    assert [(event.name, event.user_identity["arn"], event.response_elements) for event in found] == [
        ("SwitchRole", alice.arn, {"SwitchRole": "Failure"}),
        ("SwitchRole", session, {"SwitchRole": "Success"}),
        ("ExitRole", session, {"ExitRole": "Success"}),
    ]
    assert found[1].request_parameters == {"SwitchFrom": alice.arn, "SwitchTo": session}
    assert [event.error_code for event in Event.objects.filter(name="AssumeRole").order_by("id")] == [
        "AccessDenied",
        "",
    ]


def test_signing_out_ends_person_and_role(alice, operator, switch, client):
    switch()

    client.post(reverse("signin:sign-out"))

    assert client.get("/groups/").headers["Location"].startswith("/signin/")


def test_session_holds_no_secret_in_the_clear(alice, operator, switch, client):
    switch()

    assert set(client.session["role"]) == {"token", "label", "color"}
    assert "secret" not in str(dict(client.session))


def test_use_of_a_role_is_noted_once(alice, operator, switch, client):
    switch()
    client.get("/groups/")
    noted = Role.objects.get(name="Operator").last_used_at
    client.get("/groups/")

    assert noted is not None
    assert Role.objects.get(name="Operator").last_used_at == noted


def test_page_of_a_role_session_asks_one_query_more(alice, operator, switch, client):
    client.get("/switchrole?account=")
    with CaptureQueriesContext(connection) as before:
        client.get("/groups/")
    switch()
    client.get("/groups/")
    with CaptureQueriesContext(connection) as after:
        client.get("/groups/")

    role_queries = [query["sql"] for query in after if '"iam_role"' in query["sql"] and "UNION" not in query["sql"]]
    assert len(role_queries) == 1
    # Groups may be listed now, which takes two queries; the user might not.
    assert len(after) <= len(before) + 3


@pytest.mark.django_db(transaction=True)
def test_pages_of_a_role_are_there_without_a_transaction_around_them(alice, operator, switch, client):
    switch()

    assert client.get("/").status_code == 200
    assert Role.objects.get(name="Operator").last_used_at
