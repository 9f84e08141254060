"""The table of managed policies inside a form."""

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse

from console.policies.picker import PolicyPicker
from iam.authorization import Authorizer
from iam.models import Account
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests import factories

pytestmark = pytest.mark.django_db

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def account() -> Account:
    return factories.make_account()


def make_picker(account, query="", *, principal=None, name="policy", **options):
    request = RequestFactory().get("/somewhere/")
    request.htmx = False
    request.principal = principal or factories.root_of(account)
    request.authorizer = Authorizer(request.principal)
    return PolicyPicker(request, QueryDict(query), name, **options)


def names(picker):
    return [row.label for row in picker.rows]


def test_picker_lists_policies_by_name_with_their_uses(account):
    policy = factories.make_policy(account, "Zebra")
    factories.make_policy(account, "apple")
    user = factories.make_user(account, PermissionsBoundary=policy.arn)
    group = factories.make_group(account)

    perform(factories.root_of(account), "AttachUserPolicy", UserName=user.name, PolicyArn=policy.arn)
    perform(factories.root_of(account), "AttachGroupPolicy", GroupName=group.name, PolicyArn=policy.arn)

    rows = make_picker(account).rows

    assert [row.label for row in rows] == ["apple", "Zebra"]
    assert [row.record.attachment_count for row in rows] == [0, 2]
    assert rows[1].record.boundary_count == 1


def test_picker_does_not_show_policies_of_other_accounts(account):
    factories.make_policy(factories.make_account(), "Foreign")

    assert names(make_picker(account)) == []


def test_job_function_filter_finds_administrator_access(account):
    load_catalog()

    picker = make_picker(account, "policy-type=job-function&policy-q=administrator")

    assert "AdministratorAccess" in names(picker)
    assert "SystemAdministrator" in names(picker)
    assert "AdministratorAccess-Amplify" not in names(picker)


@pytest.mark.parametrize(
    ("policy_type", "expected"),
    [
        ("", ["AWSThing", "Own"]),
        ("customer-managed", ["Own"]),
        ("aws-managed", ["AWSThing"]),
        ("forged", ["AWSThing", "Own"]),
    ],
)
def test_type_filter_narrows(account, policy_type, expected):
    factories.make_policy(account, "Own")
    aws = factories.make_policy(account, "AWSThing")
    type(aws).objects.filter(pk=aws.pk).update(account=None)

    assert names(make_picker(account, f"policy-type={policy_type}")) == expected


def test_pages_go_forth_and_back(account):
    for number in range(45):
        factories.make_policy(account, f"Policy{number:02}")

    first = make_picker(account)
    second = make_picker(account, f"show-policy={first.next}")
    third = make_picker(account, f"show-policy={second.next}")
    back = make_picker(account, f"show-policy={third.previous}")

    assert names(second)[0] == "Policy20"
    assert names(third) == [f"Policy{number:02}" for number in range(40, 45)]
    assert (third.number, third.next, first.previous, second.previous) == (3, "", "", "first")
    assert names(back) == names(second)


def test_same_name_of_aws_and_of_the_account_both_show(account):
    aws = factories.make_policy(account, "Twin")
    type(aws).objects.filter(pk=aws.pk).update(account=None, arn="arn:aws:iam::aws:policy/Twin")
    factories.make_policy(account, "Twin")

    assert names(make_picker(account)) == ["Twin", "Twin"]


def test_a_page_costs_the_same_with_one_policy_and_with_many(account, django_assert_num_queries):
    factories.make_policy(account, "One")
    with django_assert_num_queries(1):
        _ = make_picker(account).rows
    for number in range(30):
        factories.make_policy(account, f"More{number}")
    with django_assert_num_queries(1):
        _ = make_picker(account).rows


def test_chosen_policies_stay_when_the_search_hides_them(account):
    chosen = factories.make_policy(account, "Chosen")
    factories.make_policy(account, "Other")

    picker = make_picker(account, f"policy={chosen.arn}&policy-q=other&show-policy=")

    assert names(picker) == ["Other"]
    assert [(row.value, row.is_chosen) for row in picker.pinned] == [(chosen.arn, True)]


def test_radio_takes_the_one_that_was_clicked(account):
    picker = make_picker(account, "boundary=first&boundary=second", name="boundary", kind="radio")

    assert picker.values == ["second"]


def test_enter_in_the_search_box_searches(account):
    assert make_picker(account, "next=1&policy-q=abc&policy-was=").is_moved
    assert not make_picker(account, "next=1&policy-q=abc&policy-was=abc").is_moved
    assert not make_picker(account, "policy-q=abc&policy-was=").is_moved


def test_a_search_begins_at_the_first_page_and_refresh_stays(account):
    assert make_picker(account, "policy-at=2.after.WyJhIl0&show-policy=").at == ""
    assert make_picker(account, "policy-at=2.after.WyJhIl0&show-policy=here").at == "2.after.WyJhIl0"


@pytest.mark.parametrize("at", ["x", "2.after.!!", "2.after.WzFd", "2.after.W3t9XQ", "0.after.WyJhIl0", "9" * 5000])
def test_places_that_no_page_gave_are_passed_over(account, at):
    factories.make_policy(account, "One")

    assert names(make_picker(account, f"show-policy={at}")) == ["One"]


def test_kept_data_has_the_page_and_not_the_button(account):
    picker = make_picker(account, "policy=a&show-policy=2.after.WyJhIl0&policy-at=")

    kept = picker.kept(picker.data)

    assert kept.getlist("policy-at") == ["2.after.WyJhIl0"]
    assert "show-policy" not in kept
    assert kept.getlist("policy") == ["a"]


def test_taken_policies_cannot_be_chosen(account):
    policy = factories.make_policy(account, "Had")

    picker = make_picker(account, f"policy={policy.arn}", taken=[policy.arn], taken_note="Already attached")
    html = render_to_string("policies/_picker.html", {"picker": picker})

    assert picker.values == []
    assert "disabled" in html
    assert "Already attached" in html


def test_more_than_ten_are_refused(account):
    picker = make_picker(account, "&".join(f"policy=arn{number}" for number in range(11)))

    assert not picker.check_number()
    assert picker.error == "Select at most 10 policies; 11 are selected."


def test_without_permission_the_table_says_which_action_is_lacking(account):
    user = factories.make_user(account)
    factories.make_policy(account, "Secret")

    picker = make_picker(account, "policy=kept", principal=factories.principal_of(user))
    html = render_to_string("policies/_picker.html", {"picker": picker})

    assert "is not authorized to perform: iam:ListPolicies" in html
    assert "Secret" not in html
    assert '<input type="hidden" name="policy" value="kept">' in html


def test_document_row_shows_the_default_version(client, account):
    policy = factories.make_policy(account, "Mine")
    factories.sign_in(client, factories.root_of(account))

    row = client.get(reverse("policies:document", args=[policy.arn]), headers={"HX-Request": "true"})
    page = client.get(reverse("policies:document", args=[policy.arn]))

    assert row.content.startswith(b'<tr class="is-detail">')
    assert b"s3:GetObject" in row.content
    assert b"<h1" in page.content


def test_document_of_another_account_is_not_found(client, account):
    policy = factories.make_policy(factories.make_account(), "Foreign")
    factories.sign_in(client, factories.root_of(account))

    assert client.get(reverse("policies:document", args=[policy.arn])).status_code == 404


def test_document_is_refused_without_permission(client, account):
    policy = factories.make_policy(account, "Mine")
    factories.sign_in(client, factories.principal_of(factories.make_user(account)))

    page = client.get(reverse("policies:document", args=[policy.arn]))

    assert b"iam:GetPolicyVersion" in page.content
    assert b"s3:GetObject" not in page.content


def test_document_refuses_post(client, account):
    factories.sign_in(client, factories.root_of(account))

    assert client.post(reverse("policies:document", args=["arn:x"])).status_code == 405
