"""The tables of groups and users that permissions are chosen from."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from console.users.permissions_pickers import GroupPicker, SourcePicker
from iam.authorization import Authorizer
from iam.operations import perform
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return factories.make_account()


def make_picker(picker, account, query="", *, principal=None, **options):
    request = RequestFactory().get("/somewhere/")
    request.htmx = False
    request.principal = principal or factories.root_of(account)
    request.authorizer = Authorizer(request.principal)
    return picker(request, QueryDict(query), "chosen", **options)


def attach(account, operation, policy, **owner):
    perform(factories.root_of(account), operation, PolicyArn=policy.arn, **owner)


def test_group_rows_tell_members_and_policies(account):
    policy = factories.make_policy(account, "Reads")
    factories.make_group(account, "Developers", members=[factories.make_user(account)])
    attach(account, "AttachGroupPolicy", policy, GroupName="Developers")

    (row,) = make_picker(GroupPicker, account).rows

    assert (row.label, row.record.user_count, row.record.policies) == ("Developers", 1, ["Reads"])


def test_user_rows_tell_groups_and_policies(account):
    policy = factories.make_policy(account, "Reads")
    factories.make_group(account, "Developers", members=[factories.make_user(account)])
    attach(account, "AttachUserPolicy", policy, UserName="alice")

    (row,) = make_picker(SourcePicker, account).rows

    assert (row.label, row.record.group_names, row.record.policies) == ("alice", ["Developers"], ["Reads"])


@pytest.mark.parametrize("kind", [GroupPicker, SourcePicker])
def test_a_page_costs_the_same_with_one_row_and_with_three(account, django_assert_num_queries, kind):
    make = factories.make_group if kind is GroupPicker else factories.make_user
    make(account, "one")
    with django_assert_num_queries(2):
        assert len(make_picker(kind, account).rows) == 1
    make(account, "two")
    make(account, "three")
    with django_assert_num_queries(2):
        assert len(make_picker(kind, account).rows) == 3


def test_what_may_not_be_read_of_a_row_is_not_told(account):
    factories.make_group(account, "Developers", members=[factories.make_user(account)])
    caller = factories.make_user(account, "caller", statements=[factories.allow("iam:ListGroups", "iam:ListUsers")])
    principal = factories.principal_of(caller)

    (group,) = make_picker(GroupPicker, account, principal=principal).rows
    user = make_picker(SourcePicker, account, principal=principal).rows[0]

    assert (group.record.user_count, group.record.policies) == (None, None)
    assert "iam:ListGroupsForUser" in user.record.denied
    assert (user.record.group_names, user.record.policies) == ([], None)


def test_chosen_rows_are_pinned_when_the_search_hides_them(account):
    factories.make_group(account, "Chosen")
    factories.make_group(account, "Other")

    picker = make_picker(GroupPicker, account, "chosen=Chosen&chosen-q=oth")

    assert [row.label for row in picker.rows] == ["Other"]
    assert [row.label for row in picker.pinned] == ["Chosen"]
    assert picker.match_count == "1 match"


def test_the_user_itself_cannot_be_copied(account):
    factories.make_user(account)

    picker = make_picker(SourcePicker, account, "chosen=alice", kind="radio", taken=["alice"])

    assert picker.values == []
    assert picker.rows[0].is_taken
