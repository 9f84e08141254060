"""The search page and the palette: what they find, and what they tell whom."""

import re

import pytest
from django.urls import reverse

from iam.models import AccessKey, Event, User
from iam.operations import Step, perform, perform_change_set
from tests.factories import allow, deny, make_account, make_group, make_many_users, make_policy, make_user

HTMX = {"HX-Request": "true"}
PAGE = reverse("search:page")
PALETTE = reverse("search:palette")
RESULTS = reverse("search:palette-results")


def search(client, text, address=PAGE):
    return client.get(address, {"q": text}, headers=HTMX if address == RESULTS else {})


def lines(response):
    """Return the labels by heading."""
    results = response.context["results"]
    return {section.heading: [option.label for option in section.options] for section in results.sections}


def option(response, label):
    results = response.context["results"]
    return next(each for section in results.sections for each in section.options if each.label == label)


@pytest.fixture
def emergency(account, root):
    """An account with a user, a group and a policy of similar names."""
    make_user(account, "EmergencyAccess")
    make_group(account, "EmergencyAccessGroup")
    make_policy(account, "EmergencyPolicy", allow("s3:GetObject", resource="arn:aws:s3:::reports/*"))
    return account


def test_page_finds_by_name_under_headings(emergency, client):
    found = lines(search(client, "emerg"))

    assert found["Identities"] == ["EmergencyAccess", "EmergencyAccessGroup"]
    assert found["Policies"] == ["EmergencyPolicy"]
    assert "Add user EmergencyAccess to groups" in found["Actions"]


def test_hits_are_marked_and_names_escaped(emergency, client):
    page = search(client, "emerg").content.decode()

    assert "<mark>Emerg</mark>encyAccess</a>" in page
    assert "<script>alert(1)" not in search(client, "<script>alert(1)</script>").content.decode()


def test_what_names_hold_cannot_become_markup(account, root, client):
    steps = [Step("CreateUser", {"UserName": "alice"})]
    perform_change_set(root, steps, title="<img src=x onerror=alert(1)>")

    page = search(client, "img src").content.decode()

    assert "&lt;" in page
    assert "<img" not in page


def test_palette_and_page_say_the_same(emergency, client):
    assert lines(search(client, "EmergencyAccess", RESULTS)) == lines(search(client, "EmergencyAccess"))


def test_palette_lines_are_options_of_a_listbox(emergency, client):
    dialog = client.get(PALETTE, headers=HTMX).content.decode()
    fragment = search(client, "emerg", RESULTS).content.decode()

    assert dialog.lstrip().startswith('<dialog class="palette"')
    assert 'role="combobox"' in dialog
    assert len(re.findall(r'role="option"', fragment)) == search(client, "emerg", RESULTS).context["results"].count
    assert "results</div>" in fragment


@pytest.mark.parametrize("address", [PALETTE, RESULTS])
def test_palette_leads_to_the_page_without_script(root, client, address):
    response = client.get(address, {"q": "alice"})

    assert response.status_code == 302
    assert response.url.startswith(PAGE)


@pytest.mark.parametrize("address", [PAGE, PALETTE, RESULTS, reverse("search:open"), reverse("search:shortcuts")])
def test_post_is_refused(root, client, address):
    assert client.post(address).status_code == 405


def test_key_finds_its_owner(account, root, client):
    make_user(account, "alice")
    key_id = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]

    assert lines(search(client, key_id.lower()))["Identities"] == ["alice"]
    assert "Identities" not in lines(search(client, key_id[:-1]))


def test_unique_id_and_arn_find_their_user(account, root, client):
    user = make_user(account, "alice")

    assert lines(search(client, user.unique_id))["Identities"] == ["alice"]
    assert lines(search(client, user.arn))["Identities"] == ["alice"]


def test_statements_find_their_policies(emergency, client):
    make_user(emergency, "alice", statements=[allow("s3:GetObject")])

    found = search(client, "s3:GetObj")

    # Without the pages of policies there is nothing to lead to.
    assert lines(found)["Policies that say it"] in (["test"], ["EmergencyPolicy", "test"])
    assert option(found, "test").note == "Inline, user alice"
    assert option(found, "test").url == "/users/details/alice/?expand=inline%7Ctest"


@pytest.mark.parametrize("text", ["s3:GetObj", "getobj", "s3:getobject"])
def test_aws_actions_are_found_by_name(root, client, text):
    assert "s3:GetObject" in lines(search(client, text))["AWS actions"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("create user", "Create user"),
        ("create group", "Create user group"),
        ("password policy", "Edit password policy"),
        ("add user alice to groups", "Add user alice to groups"),
        ("add users to group Developers", "Add users to group Developers"),
        ("remove user alice from groups", "Remove user alice from groups"),
        ("delete alice", "Delete alice…"),
        ("delete Developers", "Delete Developers…"),
        ("manage access keys alice", "Manage access keys for alice"),
        ("manage MFA for alice", "Manage MFA for alice"),
        ("manage password for alice", "Manage password for alice"),
        ("manage signing certificates alice", "Manage signing certificates for alice"),
        ("attach policy to Developers", "Attach policy to Developers"),
    ],
)
def test_task_phrases_lead_to_their_pages(account, root, client, text, label):
    make_user(account, "alice")
    make_group(account, "Developers")

    found = search(client, text)

    assert label in lines(found)["Actions"]
    assert client.get(option(found, label).url).status_code in {200, 302}


def test_pages_are_found(root, client):
    assert "Users" in lines(search(client, "users"))["Pages"]
    assert "Dashboard" in lines(client.get(PAGE))["Pages"]


def test_changes_are_found_by_title(account, root, client):
    perform_change_set(root, [Step("CreateUser", {"UserName": "zoe"})], title="Create user zoe")

    assert lines(search(client, "user zoe"))["Changes"] == ["Create user zoe"]


def test_nothing_found_is_said(root, client):
    assert "Nothing is called “zzzzzz”" in search(client, "zzzzzz").content.decode()
    assert "Nothing is called “zzzzzz”" in search(client, "zzzzzz", RESULTS).content.decode()


def test_recent_finds_come_first_and_follow_what_there_is(account, root, client):
    alice = make_user(account, "alice")
    make_group(account, "Developers")
    for text, label in (("alice", "alice"), ("devel", "Developers")):
        assert client.get(option(search(client, text), label).url).status_code == 302

    assert lines(client.get(PALETTE, headers=HTMX))["Recent"] == ["Developers", "alice"]
    perform(root, "DeleteUser", UserName=alice.name)
    assert lines(client.get(PAGE))["Recent"] == ["Developers"]


def test_recent_finds_are_not_told_to_whom_may_not_list_them(account, root, signed_in_as, client):
    make_user(account, "HiddenUser")
    carol = signed_in_as(allow("iam:ListUsers"))
    client.get(option(search(client, "Hidden"), "HiddenUser").url)
    assert lines(client.get(PAGE))["Recent"] == ["HiddenUser"]

    perform(root, "DeleteUserPolicy", UserName=carol.name, PolicyName="test")

    assert "HiddenUser" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("query", ["", "?kind=user", "?kind=nobody&key=a", "?kind=user&key=" + "a" * 800])
def test_open_without_a_find_leads_to_the_search(root, client, query):
    assert client.get(reverse("search:open") + query).url == PAGE


@pytest.mark.parametrize("key", ["//evil.example", "https://evil.example/", "../../x", "a\r\nSet-Cookie: x=1", "\x00"])
def test_open_leads_nowhere_else(root, client, key):
    response = client.get(reverse("search:open"), {"kind": "user", "key": key})

    assert response.status_code in {302, 404}
    assert response.status_code == 404 or response.url.startswith("/")
    assert response.status_code == 404 or not response.url.startswith("//")


# What may not be listed or read


HIDDEN = re.compile(r"Hidden\w+|AKIA\w{16}")


@pytest.fixture
def hidden(account, root):
    """An account whose every name, key and statement begins with Hidden; return texts that find them."""
    user = make_user(account, "HiddenUser", statements=[allow("s3:HiddenInline")])
    make_group(account, "HiddenGroup")
    policy = make_policy(account, "HiddenPolicy", allow("s3:HiddenAction"))
    key_id = perform(root, "CreateAccessKey", UserName="HiddenUser")["AccessKey"]["AccessKeyId"]
    perform_change_set(root, [Step("DeleteGroup", {"GroupName": "HiddenGroup"})], title="HiddenTitle")
    make_group(account, "HiddenGroup")
    return ["hidden", "", key_id.lower(), user.unique_id, user.arn, policy.arn, "s3:hidden", "delete hiddenuser", "%"]


@pytest.mark.parametrize("address", [PAGE, RESULTS])
def test_stranger_is_told_nothing(hidden, signed_in_as, client, address):
    signed_in_as()

    for text in hidden:
        told = HIDDEN.findall(search(client, text, address).content.decode())
        assert [word for word in told if word not in text] == [], text


def test_stranger_is_told_what_was_not_searched(signed_in_as, client):
    signed_in_as()

    page = search(client, "alice").content.decode()

    for action in ("ListUsers", "ListGroups", "ListRoles", "ListPolicies", "ListAccessKeys", "GetPolicyVersion"):
        assert f"iam:{action}" in page


def test_what_is_said_about_limits_does_not_depend_on_what_there_is(hidden, signed_in_as, client):
    signed_in_as()

    said = {tuple(search(client, text).context["results"].limits) for text in (*hidden, "nothing-like-it")}

    assert len(said) == 1


def test_reader_is_told_of_no_limit(signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    assert list(search(client, "alice").context["results"].limits) == []


def test_each_kind_has_its_own_permission(hidden, signed_in_as, client):
    signed_in_as(allow("iam:ListGroups"))

    found = lines(search(client, "hidden"))

    assert found["Identities"] == ["HiddenGroup"]
    assert "Policies" not in found


def test_statements_of_policies_that_may_not_be_read_never_match(hidden, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:GetPolicyVersion", "iam:GetUserPolicy"))

    assert "Policies that say it" not in lines(search(client, "HiddenAction"))
    assert "Policies that say it" not in lines(search(client, "HiddenInline"))


def test_statements_follow_the_tags_of_their_owner(account, root, signed_in_as, client):
    make_user(account, "HiddenUser", statements=[allow("s3:Secret")], Tags=[{"Key": "secret", "Value": "yes"}])
    condition = {"StringEquals": {"aws:ResourceTag/secret": "yes"}}
    signed_in_as(allow("iam:*"), deny("iam:GetUserPolicy", Condition=condition))

    assert "Policies that say it" not in lines(search(client, "s3:Secret"))


def test_keys_of_users_whose_keys_may_not_be_listed_find_nobody(hidden, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListAccessKeys"))
    key = AccessKey.objects.get()

    found = search(client, key.pk)

    assert "Identities" not in lines(found)
    assert any("iam:ListAccessKeys" in limit for limit in found.context["results"].limits)


def test_changes_of_others_are_told_to_those_who_may_see_them(hidden, signed_in_as, client):
    signed_in_as(allow("iam:List*"))
    assert "Changes" not in lines(search(client, "HiddenTitle"))

    signed_in_as(allow("iam:*"), name="dave")
    assert lines(search(client, "HiddenTitle"))["Changes"] == ["HiddenTitle"]


def test_other_accounts_are_not_searched(account, root, client):
    other = make_account()
    user = make_user(other, "HiddenUser")

    for text in ("hidden", user.unique_id, user.arn):
        assert "Identities" not in lines(search(client, text))


@pytest.mark.parametrize(
    "text",
    ["%", "_", "\\", "'; DROP TABLE iam_user; --", "a" * 512, "(" * 200, "\u202e", "{}", "%s", "a:b:c:*?", "*", "🔑"],
)
def test_any_text_is_answered(root, client, text):
    for address in (PAGE, RESULTS):
        assert search(client, text, address).status_code == 200
    assert User.objects.count() == 0


def test_huge_query_is_refused_in_words(root, client):
    page = search(client, "a" * 513)

    assert page.status_code == 422
    assert "Search for up to 512 characters; this has 513." in page.content.decode()
    assert "up to 512" in search(client, "a" * 100_000, RESULTS).content.decode()


def test_null_is_refused_in_words(root, client):
    assert search(client, "a\x00b").status_code == 422


def test_search_is_noted_in_the_event_history(account, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListRoles"))

    search(client, "alice")

    reads = {event.name: event.error_code for event in Event.objects.filter(account_id=account.pk, is_read_only=True)}
    assert reads["ListUsers"] == ""
    assert reads["ListRoles"] == "AccessDenied"


@pytest.mark.parametrize("count", [3, 60])
def test_search_costs_as_many_queries_whatever_there_is(
    account, signed_in_as, client, django_assert_num_queries, count
):
    make_many_users(account, count)
    signed_in_as(allow("iam:*"))
    search(client, "user", RESULTS)

    with django_assert_num_queries(10):
        found = search(client, "user", RESULTS)

    assert len(lines(found)["Identities"]) == min(count, 5)


def test_frame_offers_the_search(root, client):
    page = client.get("/users/").content.decode()

    assert 'class="top-search"' in page
    assert 'placeholder="Search IAM"' in page
    assert "data-shortcuts" in page


def test_shortcuts_come_over_the_page_and_as_one(root, client):
    address = reverse("search:shortcuts")

    assert client.get(address, headers=HTMX).content.decode().lstrip().startswith("<dialog")
    assert "Go to the search of the list" in client.get(address).content.decode()
