"""The Changes pages: what they show to whom, how they stay up to date, and retrying and discarding."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iam.models import Change, ChangeSet, Event
from iam.operations import Step, perform, perform_change_set
from tests.factories import allow, deny, make_account, make_user, policy_document, principal_of, root_of, sign_in

pytestmark = pytest.mark.django_db

State = Change.State
HTMX = {"HX-Request": "true"}
SEE_ALL = allow("iam:GetAccountAuthorizationDetails")


@pytest.fixture
def account():
    """An account in which everything so far has been verified."""
    account = make_account()
    set_all(account, State.VERIFIED)
    return account


@pytest.fixture
def root(account, client):
    """The root user, signed in."""
    principal = root_of(account)
    sign_in(client, principal)
    return principal


def set_all(account, state, **values):
    Change.objects.filter(account=account).update(state=state, **values)


def newest(account):
    return ChangeSet.objects.filter(account=account).latest("created_at")


def fail_newest(account, operation=None):
    changes = Change.objects.filter(change_set=newest(account))
    change = changes.get(operation=operation) if operation else changes.get()
    change.state, change.error_code, change.error_message = State.FAILED, "LimitExceeded", "Cannot exceed quota."
    change.attempts = 1
    change.save()
    return change


def create_users(root, *names, title=""):
    steps = [Step("CreateUser", {"UserName": name}) for name in names]
    return perform_change_set(root, steps, title=title).change_set_id


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def url_of(change_set_id, page="details"):
    return reverse(f"changes:{page}", args=[change_set_id])


def test_list_shows_what_was_changed_newest_first(client, account, root):
    create_users(root, "alice", title="Create user alice")
    create_users(root, "bob", title="Create user bob")

    text = text_of(client.get("/changes/"))

    assert text.index("Create user bob") < text.index("Create user alice")
    assert "CreateUser user/bob Pending" in text
    assert "Saved Sending Applied Verified" in text


@pytest.mark.parametrize(
    ("states", "track"),
    [
        ([State.VERIFIED, State.VERIFIED], "verified"),
        ([State.VERIFIED, State.PENDING], "applying"),
        ([State.PENDING, State.PENDING], "pending"),
        ([State.APPLIED, State.VERIFIED], "applied"),
        ([State.FAILED, State.PENDING], "failed"),
        ([State.DISCARDED, State.VERIFIED], "discarded"),
    ],
)
def test_track_tells_the_least_that_is_true_of_all_changes(client, account, root, states, track):
    change_set_id = create_users(root, "alice", "bob")
    for change, state in zip(Change.objects.filter(change_set=change_set_id).order_by("id"), states, strict=True):
        Change.objects.filter(pk=change.pk).update(state=state)

    response = client.get(url_of(change_set_id))

    assert f'data-state="{track}"' in response.content.decode()


@pytest.mark.parametrize(
    ("state", "shown"),
    [("moving", {"moving"}), ("failed", {"failed"}), ("done", {"done"}), ("", {"moving", "failed", "done"})],
)
def test_list_filters_by_progress(client, account, root, state, shown):
    create_users(root, "alice", title="a done one")
    set_all(account, State.VERIFIED)
    create_users(root, "bob", title="a failed one")
    fail_newest(account)
    create_users(root, "carol", title="a moving one")

    text = text_of(client.get("/changes/", {"state": state}))

    assert {word for word in ("moving", "failed", "done") if f"a {word} one" in text} == shown


@pytest.mark.parametrize("search", ["bob", "ROOT-", "createuser", "Make Bob"])
def test_list_finds_resource_administrator_operation_and_title(client, account, root, search):
    create_users(root, "bob", title="Make Bob")

    assert "Make Bob" in text_of(client.get("/changes/", {"q": search}))
    assert "Make Bob" not in text_of(client.get("/changes/", {"q": "nothing like it"}))


def test_list_shows_only_mine_when_asked(client, account, root):
    perform(principal_of(make_user(account, "alice", statements=[allow("iam:*")])), "CreateUser", UserName="theirs")
    create_users(root, "ours")

    text = text_of(client.get("/changes/", {"actor": "me"}))

    assert "user/ours" in text
    assert "user/theirs" not in text


def test_pages_go_forth_and_back_without_gap_or_repetition(client, account, root):
    for number in range(45):
        create_users(root, f"user-{number:02}", title=f"Set {number:02}.")
    set_all(account, State.VERIFIED)
    # Moments may be equal; the order is total all the same.
    ChangeSet.objects.filter(account=account).update(created_at=timezone.now())
    titles, url = [], "/changes/"
    pages = []
    while url:
        response = client.get(url)
        pages.append(url)
        titles.append(re.findall(r"<h2>(Set \d\d\.)</h2>", response.content.decode()))
        page = response.context["page"]
        url = page.next_url if page.has_next else None
    back = client.get(client.get(pages[2]).context["page"].previous_url)

    assert len(pages) == 3
    assert sorted(title for page in titles for title in page) == [f"Set {number:02}." for number in range(45)]
    assert re.findall(r"<h2>(Set \d\d\.)</h2>", back.content.decode()) == titles[1]


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJ4IiwieSJd", "W10", "e30"])
def test_cursor_that_no_page_gave_is_ignored(client, account, root, cursor):
    create_users(root, "alice", title="Create user alice")

    assert "Create user alice" in text_of(client.get("/changes/", {"after": cursor}))


def test_number_of_queries_does_not_grow_with_the_list(client, account, root):
    counts = []
    for number in (1, 3):
        for _ in range(number):
            create_users(root, f"user-{uuid4()}"[:20])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/changes/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 16


def test_list_names_few_changes_of_a_large_change_set(client, account, root):
    change_set_id = create_users(root, *(f"user-{number:03}" for number in range(120)))

    in_list = client.get("/changes/").content.decode()
    first, last = (client.get(url_of(change_set_id), {"after": after}).content.decode() for after in (0, 100))

    assert in_list.count("<code>CreateUser</code>") == 8
    assert "And 112 more." in in_list
    assert first.count("<code>CreateUser</code>") == 50
    assert (last.count("<code>CreateUser</code>"), "101 to 120 of 120" in last) == (20, True)


def test_details_tell_operation_resource_and_parameters(client, account, root):
    create_users(root, "alice")
    document = policy_document(allow("s3:*", Condition={"StringEquals": {"aws:UserAgent": "<b>"}}))
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="Reader", PolicyDocument=document)

    response = client.get(url_of(newest(account).pk))
    text = text_of(response)

    assert "PutUserPolicy user/alice → policy/Reader" in text
    assert "&lt;b&gt;" in response.content.decode()
    assert root.arn in text


def test_details_never_show_a_password(client, account, root):
    create_users(root, "alice")
    perform(root, "CreateLoginProfile", UserName="alice", Password="Sesame-Open-Yourself-1")

    assert "Sesame" not in client.get(url_of(newest(account).pk)).content.decode()


def test_failed_change_shows_the_backends_words_and_what_can_be_done(client, account, root):
    change_set_id = create_users(root, "alice")
    change = fail_newest(account)

    for url in ("/changes/", url_of(change_set_id)):
        response = client.get(url)
        text = text_of(response)
        assert "Cannot exceed quota." in text
        assert "LimitExceeded" in text
        assert f'action="/changes/{change_set_id}/{change.pk}/retry/"' in response.content.decode()


def test_change_that_waits_for_a_failed_one_says_so(client, account, root):
    create_users(root, "alice")
    fail_newest(account)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "team", "Value": "red"}])

    assert "TagUser user/alice Waits for CreateUser" in text_of(client.get(url_of(newest(account).pk)))


def test_change_that_is_tried_again_tells_why_and_when(client, account, root):
    change_set_id = create_users(root, "alice")
    Change.objects.filter(change_set=change_set_id).update(
        attempts=3,
        error_code="NotADirectoryError",
        error_message="/data is in the way.",
        next_attempt_at=timezone.now() + timedelta(seconds=40),
    )

    text = text_of(client.get(url_of(change_set_id)))

    assert "Trying again" in text
    assert re.search(r"/data is in the way. It was tried 3 times and is tried again in (39|40) s", text)


def test_moving_change_set_asks_again_and_stops_when_verified(client, account, root):
    change_set_id = create_users(root, "alice")

    moving = client.get(url_of(change_set_id), {"poll": 3}, headers=HTMX)
    set_all(account, State.VERIFIED)
    done = client.get(url_of(change_set_id), {"poll": 4}, headers=HTMX)

    assert moving.status_code == 200
    assert "poll=4" in moving.content.decode()
    assert "load delay:4s" in moving.content.decode()
    assert done.status_code == 286
    assert "poll=" not in done.content.decode()
    assert "<html" not in done.content.decode()


@pytest.mark.parametrize("page", ["summary", "status"])
def test_parts_stop_asking_once_all_is_verified(client, account, root, page):
    change_set_id = create_users(root, "alice")

    moving = client.get(url_of(change_set_id, page), headers=HTMX)
    set_all(account, State.VERIFIED)
    done = client.get(url_of(change_set_id, page), headers=HTMX)

    assert (moving.status_code, done.status_code) == (200, 286)
    assert "hx-trigger" in moving.content.decode()
    assert 'data-state="verified"' in done.content.decode()
    assert 'id="change-status"' in done.content.decode()


@pytest.mark.parametrize("page", ["summary", "status"])
def test_parts_lead_to_the_change_set_without_script(client, account, root, page):
    change_set_id = create_users(root, "alice")

    assert client.get(url_of(change_set_id, page)).headers["Location"] == url_of(change_set_id)


def test_list_is_a_fragment_for_htmx_and_a_page_otherwise(client, account, root):
    fragment, page = client.get("/changes/", headers=HTMX), client.get("/changes/")

    assert "<html" not in fragment.content.decode()
    assert "<html" in page.content.decode()
    assert 'id="changes-table"' in fragment.content.decode()


def test_user_sees_only_their_own_change_sets(client, account, root):
    alice = principal_of(make_user(account, "alice", statements=[allow("iam:CreateUser")]))
    theirs = create_users(root, "secret-project")
    ours = create_users(alice, "mine")
    sign_in(client, alice)

    text = text_of(client.get("/changes/"))

    assert "user/mine" in text
    assert "secret-project" not in text
    assert "is not authorized to perform: iam:GetAccountAuthorizationDetails" in text
    assert client.get(url_of(ours)).status_code == 200
    assert client.get(url_of(theirs)).status_code == client.get(url_of(uuid4())).status_code == 403
    for page in ("summary", "status"):
        assert client.get(url_of(theirs, page), headers=HTMX).status_code == 404


def test_user_who_may_read_the_account_sees_all_change_sets(client, account, root):
    theirs = create_users(root, "bob")
    sign_in(client, principal_of(make_user(account, "auditor", statements=[SEE_ALL])))

    assert "user/bob" in text_of(client.get("/changes/"))
    assert client.get(url_of(theirs)).status_code == 200
    assert client.get(url_of(uuid4())).status_code == 404


def test_new_user_of_an_old_name_does_not_see_what_the_old_one_did(client, account, root):
    old = make_user(account, "alice", statements=[allow("iam:CreateUser")])
    create_users(principal_of(old), "of-the-old-one")
    perform(root, "DeleteUserPolicy", UserName="alice", PolicyName="test")
    perform(root, "DeleteUser", UserName="alice")
    sign_in(client, principal_of(make_user(account, "alice")))

    assert "of-the-old-one" not in text_of(client.get("/changes/"))


def test_change_sets_of_another_account_do_not_exist(client, account, root):
    other = root_of(make_account())
    theirs = create_users(other, "of-the-others")
    change = Change.objects.get(change_set=theirs)
    Change.objects.filter(pk=change.pk).update(state=State.FAILED, error_code="X")

    text = text_of(client.get("/changes/"))

    assert "of-the-others" not in text
    assert client.get(url_of(theirs)).status_code == 404
    for page in ("summary", "status"):
        assert client.get(url_of(theirs, page), headers=HTMX).status_code == 404
    for verb in ("retry", "discard"):
        client.post(reverse(f"changes:{verb}", args=[theirs, change.pk]))
        client.post(reverse(f"changes:{verb}", args=[newest(account).pk, change.pk]))
    change.refresh_from_db()
    assert change.state == State.FAILED


def test_seeing_the_list_is_one_event_and_asking_again_none(client, account, root):
    change_set_id = create_users(root, "alice")
    events = Event.objects.filter(name="GetAccountAuthorizationDetails")

    client.get("/changes/")
    client.get(url_of(change_set_id, "summary"), headers=HTMX)
    client.get(url_of(change_set_id), headers=HTMX)

    assert events.count() == 1


def test_retry_lets_the_change_be_tried_again(client, account, root):
    change_set_id = create_users(root, "alice")
    change = fail_newest(account)

    response = client.post(reverse("changes:retry", args=[change_set_id, change.pk]), follow=True)

    change.refresh_from_db()
    assert (change.state, change.error_code, change.attempts) == (State.PENDING, "", 1)
    assert "The change is tried again." in text_of(response)


def test_discard_asks_first(client, account, root):
    change_set_id = create_users(root, "alice", title="Create user alice")
    change = fail_newest(account)
    url = reverse("changes:discard", args=[change_set_id, change.pk])

    question = client.get(url)
    change.refresh_from_db()
    assert change.state == State.FAILED
    assert "<dialog" in question.content.decode()
    assert "Create user alice" in text_of(question)

    client.post(url)
    change.refresh_from_db()
    assert (change.state, change.error_code) == (State.DISCARDED, "LimitExceeded")


def test_retry_needs_post(client, account, root):
    change_set_id = create_users(root, "alice")
    change = fail_newest(account)

    assert client.get(reverse("changes:retry", args=[change_set_id, change.pk])).status_code == 405


def test_refusal_of_a_retry_is_told(client, account, root):
    change_set_id = create_users(root, "alice")
    change = fail_newest(account)
    sign_in(client, principal_of(make_user(account, "auditor", statements=[SEE_ALL, deny("iam:CreateUser")])))

    response = client.post(reverse("changes:retry", args=[change_set_id, change.pk]), follow=True)

    change.refresh_from_db()
    assert change.state == State.FAILED
    assert "Access denied" in text_of(response)
    assert "Why?" in text_of(response)
    assert "iam:CreateUser" in text_of(response)


def test_stranger_is_asked_to_sign_in(client):
    assert client.get("/changes/").status_code == 302
