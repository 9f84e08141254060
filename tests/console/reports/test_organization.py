"""Organization activity: for who manages an organization, and for nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from iam.models import Organization
from iam.operations import perform
from iam.operations.last_accesses import follow_events
from tests.factories import allow, make_account, make_user, principal_of, root_of, sign_in

PAGE = reverse("organization:activity")
MOST_QUERIES = 12


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def member(account):
    """Another account of the organization that the account manages, in which somebody listed users."""
    member = make_account()
    organization = Organization.objects.create(management_account=account)
    for each in (account, member):
        organization.members.create(account=each)
    perform(root_of(member), "ListUsers")
    follow_events()
    return member


def test_account_without_an_organization_is_told_so(root, client):
    assert "does not manage an organization" in text(client.get(PAGE))


def test_root_and_accounts_show_when_services_were_used(account, root, member, client):
    whole = client.get(PAGE, {"used": "accessed"})
    one = client.get(reverse("organization:account", args=[member.pk]), {"used": "accessed", "q": "iam"})
    own = client.get(reverse("organization:account", args=[account.pk]), {"used": "accessed", "q": "iam"})

    (row,) = [row for _, row in one.context["page"].rows]
    assert (row.use.prefix, row.use.account_id) == ("iam", member.pk)
    assert "iam" in [row.use.prefix for _, row in whole.context["page"].rows]
    assert own.status_code == 200


def test_account_outside_the_organization_is_not_found(root, member, client):
    assert client.get(reverse("organization:account", args=[make_account().pk])).status_code == 404


def test_member_sees_no_organization(member, client):
    sign_in(client, root_of(member))

    assert "does not manage an organization" in text(client.get(PAGE))


def test_stranger_sees_which_action_is_missing(account, member, client):
    sign_in(client, principal_of(make_user(account)))

    for headers in ({}, {"HX-Request": "true"}):
        page = text(client.get(PAGE, headers=headers))
        assert "iam:GenerateOrganizationsAccessReport" in page
        assert member.pk not in page


def test_report_on_one_account_may_be_allowed_alone(account, member, client):
    arn = f"arn:aws:iam::{account.pk}:access-report/*/{member.pk}"
    statements = [
        allow("iam:GenerateOrganizationsAccessReport", resource=arn),
        allow("iam:GetOrganizationsAccessReport"),
    ]
    sign_in(client, principal_of(make_user(account, statements=statements)))

    one = client.get(reverse("organization:account", args=[member.pk]))

    assert "page" in one.context
    assert "page" not in client.get(PAGE).context


def test_page_takes_a_bounded_number_of_queries(root, member, client):
    with CaptureQueriesContext(connection) as queries:
        client.get(PAGE)

    assert len(queries) <= MOST_QUERIES
