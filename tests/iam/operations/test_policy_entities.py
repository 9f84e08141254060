"""Who has a policy, page by page over groups, users and roles."""

import base64

import pytest

from iam.errors import IamError
from iam.operations import perform
from tests.factories import make_account, make_group, make_policy, make_role, make_user, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    account = make_account()
    root = root_of(account)
    arn = make_policy(account, "P").arn
    make_group(account, "g")
    make_user(account, "u")
    make_role(account, "r")
    make_role(account, "bounded", PermissionsBoundary=arn)
    perform(root, "AttachGroupPolicy", GroupName="g", PolicyArn=arn)
    perform(root, "AttachUserPolicy", UserName="u", PolicyArn=arn)
    perform(root, "AttachRolePolicy", RoleName="r", PolicyArn=arn)
    return account


def names(account, **parameters):
    arn = f"arn:aws:iam::{account.pk}:policy/P"
    answer = perform(root_of(account), "ListEntitiesForPolicy", PolicyArn=arn, **parameters)
    found = [row["GroupName"] for row in answer["PolicyGroups"]]
    found += [row["UserName"] for row in answer["PolicyUsers"]]
    return found + sorted(row["RoleName"] for row in answer["PolicyRoles"]), answer.get("Marker")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["g", "u", "bounded", "r"]),
        ({"EntityFilter": "Role"}, ["bounded", "r"]),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, ["bounded"]),
        ({"PolicyUsageFilter": "PermissionsPolicy"}, ["g", "u", "r"]),
        ({"EntityFilter": "LocalManagedPolicy"}, []),
        ({"PathPrefix": "/x/"}, []),
    ],
)
def test_filters_keep_what_they_say(account, parameters, expected):
    assert names(account, **parameters) == (expected, None)


def test_pages_run_over_all_three_lists(account):
    found, marker = names(account, MaxItems=1)
    while marker:
        more, marker = names(account, MaxItems=1, Marker=marker)
        found += more

    assert sorted(found) == ["bounded", "g", "r", "u"]


@pytest.mark.parametrize("place", ["", "x", "9 AROA", "0 \x00"])
def test_marker_that_no_page_gave_is_refused(account, place):
    marker = base64.urlsafe_b64encode(place.encode()).decode() or "!"
    with pytest.raises(IamError) as refused:
        names(account, Marker=marker)

    assert (refused.value.code, refused.value.message) == ("ValidationError", "Invalid Marker.")
