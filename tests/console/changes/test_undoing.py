"""What a change set changed, shown to whom, and the page that undoes it."""

import json

import pytest
from django.urls import reverse

from iam.models import Change, ChangeSet
from iam.operations import Step, perform, perform_change_set
from tests.factories import allow, make_account, make_group, make_user, policy_document, principal_of, root_of, sign_in

pytestmark = pytest.mark.django_db

SEE_ALL = allow("iam:GetAccountAuthorizationDetails")
FORMER, LATER = policy_document(allow("s3:GetObject")), policy_document(allow("s3:PutObject"))
NAMED = {"GroupName": "Developers", "PolicyName": "own"}


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account, client):
    principal = root_of(account)
    sign_in(client, principal)
    return principal


def done(account):
    """Let everything be carried, and return the newest change set."""
    Change.objects.filter(account=account).update(state=Change.State.VERIFIED)
    return ChangeSet.objects.filter(account=account).latest("created_at")


def details_of(client, change_set):
    return client.get(reverse("changes:details", args=[change_set.pk])).content.decode()


def undo_url(change_set):
    return reverse("changes:undo", args=[change_set.pk])


def replace_policy(root, account):
    make_group(account)
    perform(root, "PutGroupPolicy", **NAMED, PolicyDocument=FORMER)
    perform(root, "PutGroupPolicy", **NAMED, PolicyDocument=LATER)
    return done(account)


def test_plan_shows_what_goes_and_what_comes_of_each_object(client, root, account):
    make_group(account)
    make_user(account, Tags=[{"Key": "team", "Value": "red"}])
    steps = [
        Step("AddUserToGroup", {"UserName": "alice", "GroupName": "Developers"}),
        Step("TagUser", {"UserName": "alice", "Tags": [{"Key": "team", "Value": "blue"}]}),
        Step("UpdateUser", {"UserName": "alice", "NewPath": "/team/"}),
    ]
    perform_change_set(root, steps)

    page = details_of(client, done(account))

    for mark, text in (
        ("Added: ", "alice in Developers"),
        ("Removed: ", "Tag team: red"),
        ("Added: ", "Tag team: blue"),
        ("Removed: ", "Path: /"),
        ("Added: ", "Path: /team/"),
    ):
        assert f"{mark}</span><code>{text}</code>" in page


def test_plan_shows_policies_line_by_line(client, root, account):
    page = details_of(client, replace_policy(root, account))

    plan = page[page.index('id="plan"') : page.index("Parameters of")]
    assert "Inline policy own" in plan
    assert plan.count("Removed: ") == plan.count("Added: ") == 1
    assert "s3:GetObject" in plan
    assert "s3:PutObject" in plan


def test_plan_of_a_deletion_shows_all_that_went(client, root, account):
    make_user(account, Path="/team/")
    perform(root, "DeleteUser", UserName="alice")

    page = details_of(client, done(account))

    assert "Removed: </span><code>Path: /team/</code>" in page


def test_secrets_and_markup_stay_out_of_the_plan(client, root, account):
    make_user(account)
    steps = [
        Step("CreateLoginProfile", {"UserName": "alice", "Password": "Battery-Staple-7"}),
        Step("TagUser", {"UserName": "alice", "Tags": [{"Key": "k", "Value": "=="}]}),
    ]
    perform_change_set(root, steps)
    change_set = done(account)
    Change.objects.filter(change_set=change_set, operation="TagUser").update(
        parameters={"UserName": "alice", "Tags": [{"Key": "<script>", "Value": "<img src=x>"}]},
        before={"user/<b>": json.dumps({"Tags": [{"Key": "<script>", "Value": "<i>"}]})},
    )

    for page in (details_of(client, change_set), client.get(undo_url(change_set)).content.decode()):
        assert "Battery-Staple-7" not in page
        assert "<img src=x>" not in page
        assert "<script>" not in page.split('id="plan"')[-1].split("</main>")[0]


def test_whoever_may_only_write_does_not_learn_what_was_there(client, account, signed_in_as):
    make_group(account)
    perform(root_of(account), "PutGroupPolicy", **NAMED, PolicyDocument=FORMER)
    writer = signed_in_as(allow("iam:PutGroupPolicy", "iam:DeleteGroupPolicy"))

    perform(principal_of(writer), "PutGroupPolicy", **NAMED, PolicyDocument=LATER)
    change_set = done(account)

    page = details_of(client, change_set)
    assert "s3:PutObject" in page
    assert "s3:GetObject" not in page
    assert undo_url(change_set) not in page
    for answer in (client.get(undo_url(change_set)), client.post(undo_url(change_set), {"digest": "x"})):
        assert answer.status_code == 403
        assert "s3:GetObject" not in answer.content.decode()
    assert ChangeSet.objects.filter(undoes=change_set).count() == 0


def test_undo_shows_the_steps_first_and_then_performs_them(client, root, account):
    change_set = replace_policy(root, account)
    assert undo_url(change_set) in details_of(client, change_set)
    asked = client.get(undo_url(change_set))
    assert "Put group policy" in asked.content.decode()
    assert not ChangeSet.objects.filter(undoes=change_set).exists()

    answer = client.post(undo_url(change_set), {"digest": asked.context["digest"]})

    undone = ChangeSet.objects.get(undoes=change_set)
    assert answer.url == reverse("changes:details", args=[undone.pk])
    document = undone.changes.get().parameters["PolicyDocument"]
    assert "s3:GetObject" in document
    assert "Undone by" in details_of(client, change_set)
    assert f'href="{reverse("changes:details", args=[change_set.pk])}"' in details_of(client, undone)


def test_what_cannot_come_back_is_said(client, root, account):
    make_user(account)
    perform(root, "CreateLoginProfile", UserName="alice", Password="Battery-Staple-7")
    perform(root, "DeleteLoginProfile", UserName="alice")

    page = client.get(undo_url(done(account))).content.decode()

    assert "A password is kept nowhere" in page
    assert "Nothing to undo" in page


def test_what_was_changed_since_needs_a_tick(client, root, account):
    make_group(account)
    perform(root, "PutGroupPolicy", **NAMED, PolicyDocument=FORMER)
    first = done(account)
    perform(root, "PutGroupPolicy", **NAMED, PolicyDocument=LATER)
    done(account)
    asked = client.get(undo_url(first))
    assert "Changed since" in asked.content.decode()

    without = client.post(undo_url(first), {"digest": asked.context["digest"]})
    with_tick = client.post(undo_url(first), {"digest": asked.context["digest"], "anyway": "on"})

    assert (without.status_code, with_tick.status_code) == (422, 302)
    assert "would be overwritten" in without.content.decode()


def test_refused_step_is_told_in_place(client, account, signed_in_as):
    root = root_of(account)
    change_set = replace_policy(root, account)
    signed_in_as(SEE_ALL)
    done(account)
    asked = client.get(undo_url(change_set))

    answer = client.post(undo_url(change_set), {"digest": asked.context["digest"]})

    assert answer.status_code == 422
    assert "is not authorized to perform: iam:PutGroupPolicy" in answer.content.decode()


def test_page_that_is_out_of_date_shows_the_present_plan(client, root, account):
    change_set = replace_policy(root, account)

    answer = client.post(undo_url(change_set), {"digest": "0" * 64})

    assert answer.status_code == 422
    assert "since this page was shown" in answer.content.decode()


def test_what_is_not_done_leads_back(client, root, account):
    change_set = replace_policy(root, account)
    Change.objects.filter(change_set=change_set).update(state=Change.State.FAILED)

    answer = client.get(undo_url(change_set))

    assert answer.url == reverse("changes:details", args=[change_set.pk])
    assert undo_url(change_set) not in details_of(client, change_set)


def test_change_set_of_another_account_is_unknown(client, root, account):
    other = make_account()
    make_user(other)

    assert client.get(undo_url(done(other))).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_plan_costs_the_same_for_any_number_of_changes(client, root, account, count, django_assert_max_num_queries):
    make_user(account)
    tags = [Step("TagUser", {"UserName": "alice", "Tags": [{"Key": f"k{n}", "Value": "v"}]}) for n in range(count)]
    perform_change_set(root, tags)
    change_set = done(account)

    with django_assert_max_num_queries(9):
        details_of(client, change_set)
