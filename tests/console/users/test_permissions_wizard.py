"""Choosing permissions: for users to be created, and for one who exists."""

import pytest
from django.urls import reverse

from iam.models import Account, Group, User
from iam.operations import perform
from tests import factories
from tests.console.users.wizard_walk import Walk, titles, user_names

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return factories.make_account()


@pytest.fixture
def root(account):
    return factories.root_of(account)


@pytest.fixture
def signed_in(client, root):
    return factories.sign_in(client, root)


@pytest.fixture
def walk(signed_in) -> Walk:
    """The create-user wizard at its second step."""
    walk = Walk(signed_in)
    walk.details("bob")
    return walk


@pytest.fixture
def model_user(account, root) -> User:
    """A user with one of everything."""
    policy = factories.make_policy(account, "Attached")
    boundary = factories.make_policy(account, "Boundary")
    user = factories.make_user(
        account, "model", statements=[factories.allow("s3:ListBucket")], PermissionsBoundary=boundary.arn
    )
    factories.make_group(account, "Models", members=[user])
    perform(root, "AttachUserPolicy", UserName="model", PolicyArn=policy.arn)
    return user


def holdings(name):
    user = User.objects.get(name=name)
    return {
        "groups": sorted(user.memberships.values_list("group__name", flat=True)),
        "policies": sorted(user.attachments.values_list("policy__name", flat=True)),
        "inline": sorted(user.inline_policies.values_list("name", flat=True)),
        "boundary": user.permissions_boundary and user.permissions_boundary.name,
    }


def checked(page, value):
    return f'value="{value}" aria-label="Select {value.rpartition("/")[2]}" checked' in page.content.decode()


# ---- the step of the create-user wizard


def test_groups_are_offered_with_members_and_policies(walk, account, root):
    policy = factories.make_policy(account, "Attached")
    factories.make_group(account, "Developers", members=[factories.make_user(account)])
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=policy.arn)

    page = walk.get("permissions").content.decode()

    assert "Developers" in page
    assert "Attached" in page


def test_without_groups_it_says_how_to_get_started(walk):
    assert "Get started with groups" in walk.get("permissions").content.decode()


def test_user_joins_the_ticked_groups(walk, account):
    factories.make_group(account, "A")
    factories.make_group(account, "B")

    walk.permissions(group=["A", "B"])
    walk.review()

    assert holdings("bob")["groups"] == ["A", "B"]


def test_eleven_groups_are_refused_on_the_step(walk, account):
    factories.make_group(account, "g1")

    response = walk.permissions(group=[f"g{number}" for number in range(11)])

    assert response.status_code == 422
    assert "Select at most 10 groups; 11 are selected." in response.content.decode()
    assert walk.get("review").url == walk.url("permissions")


def test_copying_takes_everything_but_tags(walk, model_user):
    assert walk.permissions("copy", source="model").status_code == 302
    review = walk.get("review").content.decode()
    walk.review()

    assert holdings("bob") == holdings("model")
    assert "Customer inline" in review
    assert "Permissions boundary" in review
    copied = User.objects.get(name="bob").inline_policies.get().document
    assert copied == model_user.inline_policies.get().document


def test_a_boundary_of_ones_own_beats_the_copied_one(walk, account, model_user):
    other = factories.make_policy(account, "Narrower")

    walk.permissions("copy", source="model", use_boundary="on", boundary=other.arn)
    walk.review()

    assert holdings("bob")["boundary"] == "Narrower"


def test_copying_needs_a_user(walk, model_user):
    response = walk.permissions("copy")

    assert response.status_code == 422
    assert "Select the user whose permissions are copied." in response.content.decode()


def test_copying_from_nobody_is_told_in_the_review(walk):
    walk.permissions("copy", source="ghost")

    assert "The user with name ghost cannot be found." in walk.get("review").content.decode()
    assert walk.review().status_code == 422


def test_copying_needs_permission_to_read_the_source(client, account, model_user):
    caller = factories.make_user(account, "caller", statements=[factories.allow("iam:Create*", "iam:ListUsers")])
    factories.sign_in(client, factories.principal_of(caller))
    walk = Walk(client)
    walk.details("bob")
    walk.permissions("copy", source="model")

    response = walk.review()

    assert "not authorized to perform: iam:GetUser" in response.content.decode()
    assert "bob" not in user_names(account)


def test_policies_are_attached_directly(walk, account):
    policy = factories.make_policy(account, "Mine")

    walk.permissions("policies", policy=[policy.arn])
    walk.review()

    assert holdings("bob")["policies"] == ["Mine"]


def test_choices_of_other_options_do_not_count(walk, account):
    policy = factories.make_policy(account, "Mine")
    factories.make_group(account, "A")

    walk.permissions("policies", policy=[policy.arn], group=["A"], source="bob")
    walk.review()

    assert holdings("bob") == {"groups": [], "policies": ["Mine"], "inline": [], "boundary": None}


def test_boundary_box_needs_a_policy(walk):
    response = walk.permissions(use_boundary="on")

    assert response.status_code == 422
    assert "Select the policy that becomes the boundary" in response.content.decode()


def test_boundary_without_the_box_is_none(walk, account):
    policy = factories.make_policy(account, "Limits")

    walk.permissions(boundary=policy.arn)
    walk.review()

    assert holdings("bob")["boundary"] is None


def test_unknown_option_is_refused(walk):
    assert walk.permissions("everything").status_code == 422


@pytest.mark.parametrize("arn", ["arn:aws:iam::999999999999:policy/Foreign", "nonsense", "arn:aws:iam::aws:policy/No"])
def test_forged_policies_are_refused_by_the_operation(walk, account, arn):
    walk.permissions("policies", policy=[arn])

    assert walk.review().status_code == 422
    assert user_names(account) == []


def test_policy_of_another_account_is_refused(walk, account):
    foreign = factories.make_policy(factories.make_account(), "Foreign")

    walk.permissions("policies", policy=[foreign.arn])

    assert walk.review().status_code == 422
    assert user_names(account) == []


def test_showing_another_option_keeps_ticks_and_judges_nothing(walk, account):
    factories.make_group(account, "A")

    shown = walk.permissions("copy", group=["A"], use_boundary="on", **{"show-permission-choices": ""})
    page = walk.client.get(shown.url)

    assert "Select the user whose" not in page.content.decode()
    assert 'type="hidden" name="group" value="A"' in page.content.decode()
    assert walk.get("review").url == walk.url("permissions")


def test_a_search_keeps_what_is_ticked(walk, account):
    chosen = factories.make_policy(account, "Chosen")
    factories.make_policy(account, "Other")

    shown = walk.permissions("policies", policy=[chosen.arn], **{"policy-q": "other", "show-policy": ""})
    page = walk.client.get(shown.url)

    assert checked(page, chosen.arn)
    assert "1 match" in page.content.decode()
    assert walk.client.get(shown.url).content.count(b"Chosen") == page.content.count(b"Chosen")


def test_enter_in_the_search_searches(walk, account):
    factories.make_policy(account, "Mine")

    response = walk.permissions("policies", **{"policy-q": "mi", "policy-was": "", "next": "1"})

    assert response.url == walk.url("permissions")
    assert "1 match" in walk.client.get(response.url).content.decode()


def test_without_permission_the_table_names_the_action(client, account):
    factories.sign_in(client, factories.principal_of(factories.make_user(account, "nobody")))
    walk = Walk(client)
    walk.details("bob")

    for option, action in (("groups", "ListGroups"), ("copy", "ListUsers"), ("policies", "ListPolicies")):
        walk.permissions(option, **{"show-permission-choices": ""})
        assert f"iam:{action}" in walk.get("permissions").content.decode()


# ---- creating a group on the way


def test_group_is_created_at_once_and_ticked(walk, account):
    policy = factories.make_policy(account, "Mine")
    panel = walk.permissions(**{"show-create-group": "1"}).url

    response = walk.client.post(panel, {"group_name": "Ops", "policy": [policy.arn]})
    page = walk.client.get(response.url)

    assert checked(page, "Ops")
    assert "Ops user group created." in page.content.decode()
    assert Group.objects.get(name="Ops").attachments.get().policy == policy
    assert titles(account)[-1] == "Create user group Ops"


def test_group_panel_keeps_ticks_made_before(walk, account):
    factories.make_group(account, "Before")
    panel = walk.permissions(group=["Before"], **{"show-create-group": "1"}).url
    walk.client.post(panel, {"group_name": "After"})

    page = walk.get("permissions")

    assert checked(page, "Before")
    assert checked(page, "After")


def test_group_with_a_bad_policy_is_not_created(walk, account):
    panel = walk.permissions(**{"show-create-group": "1"}).url

    response = walk.client.post(panel, {"group_name": "Ops", "policy": ["arn:aws:iam::aws:policy/No"]})

    assert response.status_code == 422
    assert "NoSuchEntity" in response.content.decode()
    assert 'value="Ops"' in response.content.decode()
    assert not Group.objects.filter(account=account).exists()


@pytest.mark.parametrize(("name", "message"), [("", "This field is required"), ("a b", "“a b” contains a space")])
def test_group_names_are_checked(walk, name, message):
    panel = walk.permissions(**{"show-create-group": "1"}).url

    response = walk.client.post(panel, {"group_name": name})

    assert response.status_code == 422
    assert message in response.content.decode()


def test_taken_group_name_is_told_at_the_field(walk, account):
    factories.make_group(account, "Ops")
    panel = walk.permissions(**{"show-create-group": "1"}).url

    response = walk.client.post(panel, {"group_name": "OPS"})

    assert "Group with name OPS already exists." in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()


def test_search_in_the_group_panel_keeps_the_name(walk, account):
    factories.make_policy(account, "Mine")
    panel = walk.permissions(**{"show-create-group": "1"}).url

    page = walk.client.post(panel, {"group_name": "Ops", "policy-q": "mi", "show-policy": ""})

    assert page.status_code == 200
    assert 'value="Ops"' in page.content.decode()
    assert "1 match" in page.content.decode()


def test_more_than_ten_policies_for_a_group_are_refused(walk, account):
    panel = walk.permissions(**{"show-create-group": "1"}).url

    response = walk.client.post(panel, {"group_name": "Ops", "policy": [f"arn{number}" for number in range(11)]})

    assert response.status_code == 422
    assert "Select at most 10 policies" in response.content.decode()


def test_group_panel_of_a_finished_wizard_leads_back(walk, account):
    panel = walk.permissions(**{"show-create-group": "1"}).url
    walk.permissions()
    walk.review()

    assert walk.client.get(panel).url == reverse("users:list")


# ---- adding permissions to a user who exists


@pytest.fixture
def adding(signed_in, model_user) -> Walk:
    return Walk(signed_in, "users:add-permissions", "model")


def test_what_the_user_has_cannot_be_chosen(adding):
    page = adding.get("permissions").content.decode()

    assert "Already a member" in page
    assert "disabled" in page


def test_added_permissions_are_reviewed_and_given(adding, account):
    more = factories.make_policy(account, "More")

    adding.permissions("policies", policy=[more.arn])
    review = adding.get("review").content.decode()
    response = adding.review()

    assert "More" in review
    assert response.url == reverse("users:details", args=["model"])
    assert holdings("model")["policies"] == ["Attached", "More"]
    assert titles(account)[-1] == "Add permissions to model"


def test_nothing_to_add_is_told(adding):
    adding.permissions()

    assert "There is nothing to add" in adding.get("review").content.decode()
    assert adding.review().status_code == 422


def test_copying_overwrites_the_boundary_and_adds_the_rest(adding, account, root):
    tighter = factories.make_policy(account, "Tighter")
    factories.make_user(account, "other", PermissionsBoundary=tighter.arn)
    factories.make_group(account, "Others", members=[User.objects.get(name="other")])

    adding.permissions("copy", source="other")
    adding.review()

    assert holdings("model") == {
        "groups": ["Models", "Others"],
        "policies": ["Attached"],
        "inline": ["test"],
        "boundary": "Tighter",
    }


def test_group_is_created_on_the_way_to_a_user_who_exists(adding):
    panel = adding.permissions(**{"show-create-group": "1"}).url

    response = adding.client.post(panel, {"group_name": "Ops"})

    assert response.url == adding.url("permissions")
    assert checked(adding.get("permissions"), "Ops")


def test_refused_addition_keeps_everything_as_it_was(client, account, model_user):
    more = factories.make_policy(account, "More")
    caller = factories.make_user(account, "caller", statements=[factories.allow("iam:Get*", "iam:List*")])
    factories.sign_in(client, factories.principal_of(caller))
    adding = Walk(client, "users:add-permissions", "model")
    adding.permissions("policies", policy=[more.arn])

    response = adding.review()

    assert response.status_code == 422
    assert "not authorized to perform: iam:AttachUserPolicy" in response.content.decode()
    assert holdings("model")["policies"] == ["Attached"]


def test_adding_to_nobody_is_not_found(signed_in):
    assert signed_in.get(reverse("users:add-permissions", args=["ghost"])).status_code == 404


def test_adding_needs_to_read_the_user(client, account, model_user):
    factories.sign_in(client, factories.principal_of(factories.make_user(account, "nobody")))

    response = client.get(reverse("users:add-permissions", args=["model"]))

    assert response.status_code == 403
    assert "iam:GetUser" in response.content.decode()


# ---- the boundary


@pytest.fixture
def boundary_url(model_user):
    return reverse("users:set-boundary", args=["model"])


def test_boundary_is_changed(signed_in, account, boundary_url):
    tighter = factories.make_policy(account, "Tighter")

    page = signed_in.get(boundary_url).content.decode()
    response = signed_in.post(boundary_url, {"boundary": tighter.arn})

    assert "Change permissions boundary" in page
    assert "Current boundary" in page
    assert response.url == reverse("users:details", args=["model"])
    assert holdings("model")["boundary"] == "Tighter"


def test_boundary_page_needs_a_choice(signed_in, boundary_url):
    response = signed_in.post(boundary_url, {})

    assert response.status_code == 422
    assert "Select the policy that becomes the boundary." in response.content.decode()


def test_boundary_page_searches(signed_in, boundary_url):
    page = signed_in.post(boundary_url, {"boundary-q": "att", "show-boundary": ""})

    assert page.status_code == 200
    assert "1 match" in page.content.decode()


def test_forged_boundary_is_refused(signed_in, boundary_url):
    response = signed_in.post(boundary_url, {"boundary": "arn:aws:iam::aws:policy/No"})

    assert response.status_code == 422
    assert "NoSuchEntity" in response.content.decode()


def test_boundary_page_without_permission_changes_nothing(client, account, model_user, boundary_url):
    other = factories.make_policy(account, "Other")
    caller = factories.make_user(account, "caller", statements=[factories.allow("iam:Get*", "iam:List*")])
    factories.sign_in(client, factories.principal_of(caller))

    response = client.post(boundary_url, {"boundary": other.arn})

    assert "iam:PutUserPermissionsBoundary" in response.content.decode()
    assert holdings("model")["boundary"] == "Boundary"
