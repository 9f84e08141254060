"""The page that the deep link of a delegation request leads to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from iam.models import DelegationRequest
from iam.operations import perform
from tests.factories import allow, make_account, make_policy, make_user, principal_of, root_of, sign_in

pytestmark = pytest.mark.django_db
URL = "/delegation-requests/"


@pytest.fixture
def partner():
    account = make_account(name="Partner <b>Inc</b>")
    make_policy(account, "Deploy", allow("s3:GetObject", resource="arn:aws:s3:::data/*"))
    return account


@pytest.fixture
def link(partner):
    """The address of a request that anybody may take over, without the host."""
    answer = perform(
        root_of(partner),
        "CreateDelegationRequest",
        Description="Deploys the <script>product</script>",
        Permissions={"PolicyTemplateArn": f"arn:aws:iam::{partner.pk}:policy/Deploy"},
        RequestorWorkflowId="workflow-1",
        NotificationChannel="arn:aws:sns:us-east-1:111122223333:partner",
        SessionDuration=5400,
    )
    return answer["ConsoleDeepLink"].partition(URL)[1] + answer["ConsoleDeepLink"].partition(URL)[2]


@pytest.fixture
def owner(client, account):
    return principal_of(make_user(account, "owner", statements=[allow("*")]))


def do(client, link, what, **form):
    return client.post(link, {"do": what, **form})


def state():
    return DelegationRequest.objects.get().state


def test_a_request_goes_from_the_link_to_the_token(client, owner, link):
    sign_in(client, owner)

    told = client.get(link).content.decode()
    states = []
    for what in ("take-over", "forward", "approve", "send"):
        assert do(client, link, what, notes="Please look").headers["Location"] == link
        states.append(state())

    assert "1 hour 30 minutes" in told
    assert "Amazon S3" in told or "S3" in told
    assert "You may grant all of it" in told
    assert states == ["ASSIGNED", "PENDING_APPROVAL", "ACCEPTED", "FINALIZED"]
    assert "Please look" in client.get(link).content.decode()
    assert '<form class="form"' not in client.get(link).content.decode()


def test_a_request_is_rejected_with_a_reason(client, owner, link):
    sign_in(client, owner)
    do(client, link, "take-over")

    do(client, link, "reject", notes="Too much")

    assert state() == "REJECTED"
    assert "Too much" in client.get(link).content.decode()
    assert do(client, link, "approve").status_code == 422


def test_what_the_partner_wrote_is_text(client, owner, link):
    sign_in(client, owner)

    shown = client.get(link).content.decode()

    assert "<script>product" not in shown
    assert "<b>Inc" not in shown


def test_granting_asks_again_who_it_is(client, owner, link, monkeypatch):
    sign_in(client, owner)
    do(client, link, "take-over")
    later = timezone.now() + timedelta(minutes=20)
    monkeypatch.setattr("console.signin.freshness.timezone.now", lambda: later)

    response = do(client, link, "approve")

    assert response.headers["Location"].startswith("/signin/confirm/")
    assert state() == "ASSIGNED"


def test_nothing_else_can_be_done(client, owner, link):
    sign_in(client, owner)

    assert do(client, link, "delete").status_code == 400
    assert do(client, link, "approve").status_code == 422
    assert state() == "UNASSIGNED"


def test_without_permission_a_request_is_refused(client, link, signed_in_as):
    signed_in_as()

    page, posted = client.get(link), do(client, link, "take-over")

    assert (page.status_code, posted.status_code) == (403, 403)
    assert "product" not in page.content.decode()
    assert state() == "UNASSIGNED"


def test_readers_cannot_do_what_they_may_not(client, link, signed_in_as):
    signed_in_as(allow("iam:GetDelegationRequest"))

    response = do(client, link, "take-over")

    assert response.status_code == 422
    assert "iam:AssociateDelegationRequest" in response.content.decode()


def test_a_request_of_another_account_is_none(client, owner, link):
    sign_in(client, owner)
    do(client, link, "take-over")
    sign_in(client, root_of(make_account()))

    assert client.get(link).status_code == 404
    assert do(client, link, "approve").status_code == 404
    assert client.get(f"{URL}short/").status_code == 404


def test_requests_are_listed_once_taken_over(client, owner, link, django_assert_max_num_queries):
    sign_in(client, owner)
    before = client.get(URL).context["rows"]
    do(client, link, "take-over")

    with django_assert_max_num_queries(20):
        rows = client.get(URL).context["rows"]

    assert before == []
    assert [row["url"] for row in rows] == [link]
