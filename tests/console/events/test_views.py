"""The event history's pages: what they show to whom, by which filter, and the History tabs."""

import html
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Event
from iam.operations import perform
from iam.operations.event_chain import lay_chain
from tests.factories import (
    SOURCE,
    allow,
    deny,
    make_account,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    sign_in,
)

pytestmark = pytest.mark.django_db
LIST = "/events/"
SEE_ALL = allow("cloudtrail:LookupEvents")
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "javascript:alert(1)",
    "</style><svg/onload=alert(1)>",
)


@pytest.fixture(autouse=True)
def data_dir(tmp_path, settings):
    settings.DATA_DIR = tmp_path


@pytest.fixture(params=["chained", "waiting"])
def settle(request):
    """What the tests see must not depend on whether a worker came by already."""
    return lay_chain if request.param == "chained" else lambda: None


def record(principal, name, *, user_agent=SOURCE.user_agent, error=None, **details):
    source = replace(principal.source, user_agent=user_agent)
    event = events.event_of_call(replace(principal, source=source), name, is_read_only=False, error=error, **details)
    events.record(event)
    return event


def names(client, **query):
    response = client.get(LIST, query)
    assert response.status_code == 200
    return [row.record.name for row in response.context["rows"]]


def test_the_list_shows_write_events_newest_first(client, root, account, settle):
    make_user(account, "alice")
    perform(root, "ListUsers")
    make_group(account, "Developers")
    settle()

    assert names(client) == ["CreateGroup", "CreateUser"]
    assert "ListUsers" in names(client, events="all")
    assert "CreateUser" not in names(client, events="read")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user": "bob"}, ["DeleteUser", "TagUser"]),
        ({"user": "BOB", "event": "tagUser"}, ["TagUser"]),
        ({"user": "root", "event": "CreateGroup"}, ["CreateGroup"]),
        ({"user": "carol"}, []),
        ({"event": "TagUser"}, ["TagUser"]),
        ({"source": "sts.amazonaws.com"}, ["AssumeRole"]),
        ({"error": "AccessDenied"}, ["DeleteUser"]),
        ({"key": "AKIABOB"}, ["TagUser"]),
        ({"resource": "alice"}, ["DeleteUser", "TagUser", "PutUserPolicy", "CreateUser"]),
        ({"resource": "Alice", "user": "bob"}, ["DeleteUser", "TagUser"]),
        ({"resource": "alice", "type": "group"}, []),
        ({"type": "group"}, ["CreateGroup"]),
        ({"since": "2020-01-01T00:00", "event": "TagUser"}, ["TagUser"]),
        ({"until": "2020-01-01T00:00"}, []),
        ({"period": "1h", "event": "TagUser"}, ["TagUser"]),
        ({"event": "TagUser", "source": "nonsense"}, ["TagUser"]),
    ],
)
def test_filters(client, root, account, settle, query, found):
    make_user(account, "alice", statements=[allow("iam:TagUser")])
    bob = principal_of(make_user(account, "bob"))
    make_group(account, "Things")
    arn = f"arn:aws:iam::{account.pk}:user/alice"
    record(root, "AssumeRole", service="sts")
    record(replace(bob, access_key_id="AKIABOB"), "TagUser", resources=[arn])
    record(bob, "DeleteUser", resources=[arn], error=IamError("AccessDenied", "No."))
    settle()

    assert names(client, **query) == found


def test_pages_follow_each_other_over_what_is_chained_and_what_waits(client, root, account):
    for number in range(35):
        record(root, f"Call{number}")
        if number == 20:
            lay_chain()

    first = client.get(LIST).context
    second = client.get(first["page"].next_url).context
    back = client.get(second["page"].previous_url).context

    shown = [row.record.name for context in (first, second) for row in context["rows"]]
    assert shown == [f"Call{number}" for number in reversed(range(35))]
    assert [row.record.id for row in back["rows"]] == [row.record.id for row in first["rows"]]
    assert not second["page"].has_next


def test_pages_keep_the_filter(client, root):
    for number in range(25):
        record(root, "TagUser" if number % 2 else "UntagUser")
    lay_chain()

    page = client.get(LIST, {"event": "TagUser", "events": "all", "period": "1d"}).context["page"]

    assert "event=TagUser" in page.query.url()
    assert "period=1d" in page.query.url()


@pytest.mark.parametrize("word", ["after", "before"])
@pytest.mark.parametrize(
    "cursor", ["nonsense", "WzFd", "WyJ4IiwgMV0", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgMWUzMDBd"]
)
def test_a_cursor_that_no_page_gave_is_ignored(client, root, word, cursor):
    record(root, "TagUser")

    assert client.get(LIST, {word: cursor}).status_code == 200


def test_without_permission_one_sees_what_one_did_oneself(client, account, settle):
    carol = make_user(account, "carol")
    record(root_of(account), "TagUser")
    record(principal_of(carol), "TagRole")
    settle()
    sign_in(client, principal_of(carol))

    response = client.get(LIST)

    assert [row.record.name for row in response.context["rows"]] == ["TagRole"]
    assert "cloudtrail:LookupEvents" in response.content.decode()


def test_somebody_who_had_the_same_name_is_somebody_else(client, account, settle):
    record(principal_of(make_user(account, "carol")), "TagRole")
    perform(root_of(account), "DeleteUser", UserName="carol")
    settle()
    sign_in(client, principal_of(make_user(account, "carol")))

    assert client.get(LIST).context["rows"] == []


def test_the_permission_shows_everybody_and_a_deny_takes_it(client, account, signed_in_as):
    record(root_of(account), "TagUser")
    signed_in_as(SEE_ALL)
    assert "TagUser" in names(client)

    signed_in_as(SEE_ALL, deny("cloudtrail:*"), name="dave")
    assert "TagUser" not in names(client)


def test_nobody_sees_events_of_another_account(client, root, settle):
    other = record(root_of(make_account()), "TagUser")
    settle()

    assert "TagUser" not in names(client, events="all")
    assert client.get(reverse("events:details", args=[other.event_id])).status_code == 404


def test_other_peoples_events_and_none_answer_alike(client, account, signed_in_as):
    theirs = record(root_of(account), "TagUser")
    signed_in_as()

    answers = [client.get(reverse("events:details", args=[each])) for each in (theirs.event_id, uuid4())]

    assert [answer.status_code for answer in answers] == [403, 403]
    bodies = [answer.content.decode().replace(str(theirs.event_id), "") for answer in answers]
    assert "TagUser" not in bodies[0]


def test_an_unknown_event_is_not_found(client, root):
    assert client.get(reverse("events:details", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize("address", [LIST, f"/events/{UUID(int=7)}/", "/events/export/json/"])
def test_pages_refuse_other_methods(client, root, address):
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_strangers_write_into_events_is_shown_as_text(client, root, account, attack):
    event = record(
        replace(root, name=attack),
        attack[:100],
        user_agent=attack,
        parameters={"UserName": attack, "PolicyDocument": attack, attack: attack},
        resources=[f"arn:aws:iam::{account.pk}:user/{attack}"],
        error=IamError(attack, attack),
    )

    for address in (LIST, reverse("events:details", args=[event.event_id]), f"{LIST}?user={attack}&error={attack}"):
        body = client.get(address).content.decode()
        assert html.escape(attack) in body
        assert attack not in body.replace(html.escape(attack), "") or attack == html.escape(attack)


def test_the_list_takes_the_same_queries_for_more_events(client, root, django_assert_max_num_queries):
    for number in range(60):
        record(root, f"Call{number}")
        if number == 30:
            lay_chain()

    with django_assert_max_num_queries(14) as queries:
        client.get(LIST)

    assert sum("iam_event" in query["sql"] for query in queries.captured_queries) <= 8


def test_a_history_that_nobody_chains_is_told(client, root):
    late = events.event_of_call(root, "TagRole", is_read_only=False)
    late.at = timezone.now() - timedelta(minutes=6)
    events.record(late)
    assert "not chained yet" in client.get(LIST).content.decode()

    lay_chain()

    assert "not chained yet" not in client.get(LIST).content.decode()


def test_preferences_choose_columns(client, root):
    record(root, "TagUser")

    client.post("/events/preferences/", {"page_size": "50", "columns": ["time", "ip"]})

    body = client.get(LIST).content.decode()
    assert "Source IP address</th>" in body
    assert "Error code</th>" not in body


def test_an_event_tells_its_record_and_number(client, root, account):
    make_user(account, "alice")
    event = Event.objects.get(name="CreateUser")
    url = reverse("events:details", args=[event.event_id])
    assert "Not chained yet" in client.get(url).content.decode()
    lay_chain()

    response = client.get(url)

    assert response.context["event"].record.sequence == 1
    assert str(event.request_id) in response.content.decode()


def test_secrets_stay_out_of_the_record(client, root, account):
    make_user(account, "alice")
    perform(root, "CreateLoginProfile", UserName="alice", Password="Battery-Staple-7")
    secret = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["SecretAccessKey"]

    for event in Event.objects.filter(account_id=account.pk):
        body = client.get(reverse("events:details", args=[event.event_id])).content.decode()
        assert "Battery-Staple-7" not in body
        assert secret not in body


def changed(client, name):
    event = Event.objects.filter(name=name).latest("id")
    response = client.get(reverse("events:details", args=[event.event_id]))
    return [(each.difference.label, each.before, each.after) for each in response.context["differences"]]


def test_an_event_tells_what_was_there_before(client, root, account, settle):
    make_user(account, "alice")
    first, second = policy_document(allow("s3:GetObject")), policy_document(allow("s3:*"))
    for document in (first, second):
        perform(root, "PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument=document)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "team", "Value": "blue"}])
    perform(root, "DeleteUserPolicy", UserName="alice", PolicyName="p")
    perform(root, "UpdateUser", UserName="alice", NewUserName="alicia")
    settle()

    ((label, before, after),) = changed(client, "PutUserPolicy")
    assert (label, "s3:GetObject" in before, "s3:*" in after) == ("Inline policy p", True, True)
    assert changed(client, "TagUser") == [("Tag team", "red", "blue")]
    ((_, before, after),) = changed(client, "DeleteUserPolicy")
    assert ("s3:*" in before, after) == (True, "")
    assert changed(client, "UpdateUser") == [("UserName", "alice", "alicia")]


def test_the_first_value_has_none_before(client, root, account):
    make_role(account, "Auditor")

    labels = {label: before for label, before, _ in changed(client, "CreateRole")}

    assert labels["Trust policy"] == ""


def test_a_refused_call_changed_nothing(client, root, account):
    with pytest.raises(IamError):
        perform(root, "TagUser", UserName="nobody", Tags=[{"Key": "a", "Value": "b"}])

    assert changed(client, "TagUser") == []


def test_history_tabs_tell_what_was_done_to_a_thing(client, root, account, settle):
    alice = make_user(account, "Alice")
    make_group(account, "Alice", members=[alice])
    make_role(account, "Auditor")
    policy = make_policy(account, "Things")
    perform(root, "AttachRolePolicy", RoleName="Auditor", PolicyArn=policy.arn)
    settle()

    def tab(address):
        return [row.record.name for row in client.get(address).context["rows"]]

    assert tab("/users/details/Alice/history/") == ["AddUserToGroup", "CreateUser"]
    assert tab("/groups/details/Alice/history/") == ["AddUserToGroup", "CreateGroup"]
    assert tab("/roles/details/Auditor/history/") == ["AttachRolePolicy", "CreateRole"]
    assert tab(reverse("policies:history", args=[policy.arn])) == ["AttachRolePolicy", "CreatePolicy"]
    assert "GetUser" in tab("/users/details/Alice/history/?events=all")


def test_a_history_tab_tells_only_of_oneself_without_permission(client, account, signed_in_as):
    make_user(account, "alice")
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.get("/users/details/alice/history/")

    assert response.status_code == 200
    assert list(response.context["rows"]) == []


def test_the_history_of_what_one_may_not_read_is_refused(client, account, signed_in_as):
    make_user(account, "alice")
    signed_in_as(SEE_ALL)

    assert client.get("/users/details/alice/history/").status_code == 403
