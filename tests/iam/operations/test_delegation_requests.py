"""Delegation requests go their way from the partner to the token, and every step is refused where it must be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from iam.models import Account, Change, DelegationRequest, Event, Role
from iam.operations import accounts, delegation_creating, perform, session_tokens
from iam.operations.delegation_requests import notifications
from iam.principals import Session, Source, role_session_principal
from iam.queries.documents import documents_of
from tests.factories import (
    allow,
    make_account,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)
from tests.iam.operations.test_accounts import refusal

pytestmark = pytest.mark.django_db
TOPIC = "arn:aws:sns:us-east-1:111122223333:partner"


@pytest.fixture
def partner() -> Account:
    account = make_account(name="Partner Inc")
    make_policy(account, "Deploy", allow("s3:GetObject", resource="arn:aws:s3:::@{bucketName}/*"))
    return account


@pytest.fixture
def owner():
    """A user who may do everything, in another account."""
    return principal_of(make_user(make_account(), "owner", statements=[allow("*")]))


def ask(partner: Account, **parameters) -> str:
    return perform(root_of(partner), "CreateDelegationRequest", **{**request(partner), **parameters})[
        "DelegationRequestId"
    ]


def request(partner: Account, **permissions) -> dict:
    return {
        "Description": "Deploys the product",
        "Permissions": {
            "PolicyTemplateArn": f"arn:aws:iam::{partner.pk}:policy/Deploy",
            "Parameters": [{"Name": "bucketName", "Values": ["data"], "Type": "string"}],
            **permissions,
        },
        "RequestorWorkflowId": "workflow-1",
        "NotificationChannel": TOPIC,
        "SessionDuration": 3600,
    }


def get(principal, request_id: str, **parameters) -> dict:
    return perform(principal, "GetDelegationRequest", DelegationRequestId=request_id, **parameters)


def step(principal, name: str, request_id: str, **parameters) -> None:
    perform(principal, f"{name}DelegationRequest", DelegationRequestId=request_id, **parameters)


def accepted(partner: Account, owner, **parameters) -> str:
    request_id = ask(partner, **parameters)
    step(owner, "Associate", request_id)
    step(owner, "Accept", request_id)
    return request_id


def test_request_goes_from_the_partner_to_credentials(partner, owner):
    request_id = ask(partner)
    states = [get(owner, request_id)["DelegationRequest"]["State"]]
    for name, parameters in (("Associate", {}), ("Update", {"Notes": "Please look"}), ("Accept", {})):
        step(owner, name, request_id, **parameters)
        states.append(get(owner, request_id)["DelegationRequest"]["State"])
    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)
    states.append(get(owner, request_id)["DelegationRequest"]["State"])

    token = notifications(partner.pk)[-1]["Message"]["ExchangeToken"]
    answer = perform(root_of(partner), "GetDelegatedAccessToken", TradeInToken=token)

    assert states == ["UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL", "ACCEPTED", "FINALIZED"]
    assert answer["AssumedPrincipal"] == owner.arn
    shape = get(owner, request_id)["DelegationRequest"]
    assert shape["PermissionPolicy"] == policy_document(allow("s3:GetObject", resource="arn:aws:s3:::data/*"))
    assert (shape["OwnerId"], shape["ApproverId"], shape["Notes"]) == (owner.arn, owner.arn, "Please look")
    assert (shape["RequestorId"], shape["RequestorName"]) == (partner.pk, "Partner Inc")
    assert token not in str(list(Event.objects.values())) + str(list(Change.objects.values()))
    assert token.encode() not in bytes(DelegationRequest.objects.get().sealed_token)


def test_root_accepts_what_lasts_four_hours_at_most(partner):
    root = root_of(make_account())
    longer, request_id = (
        ask(partner, RequestorWorkflowId=str(seconds), SessionDuration=seconds) for seconds in (14_401, 14_400)
    )
    for each in (longer, request_id):
        step(root, "Associate", each)

    assert refusal(step, root, "Accept", longer).code == "AccessDenied"
    step(root, "Accept", request_id)
    perform(root, "SendDelegationToken", DelegationRequestId=request_id)

    token = notifications(partner.pk)[-1]["Message"]["ExchangeToken"]
    assert perform(root_of(partner), "GetDelegatedAccessToken", TradeInToken=token)["AssumedPrincipal"] == root.arn


def test_tags_of_the_approvers_session_are_kept(partner, owner):
    account = Account.objects.get(pk=owner.account_id)
    session = Session(
        "alice", make_role(account).unique_id, "", timezone.now() + timedelta(hours=1), tags={"team": "interns"}
    )
    approver = role_session_principal(account.pk, replace(session, issuer_arn=Role.objects.get().arn))
    make_policy(account, "All", allow("*"))
    perform(root_of(account), "AttachRolePolicy", RoleName="Auditor", PolicyArn=f"arn:aws:iam::{account.pk}:policy/All")
    request_id = accepted(partner, approver)

    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)

    token = notifications(partner.pk)[-1]["Message"]["ExchangeToken"]
    answer = perform(root_of(partner), "GetDelegatedAccessToken", TradeInToken=token)
    principal = session_tokens.read(answer["Credentials"]["SessionToken"], Source()).principal
    assert principal.session.tags == {"team": "interns"}


def test_approver_is_whom_the_token_stands_for_whoever_sends_it(partner, owner):
    account = Account.objects.get(pk=owner.account_id)
    role = make_role(account)
    admin = principal_of(make_user(account, "admin", statements=[allow("*")]))
    request_id = ask(partner)
    step(owner, "Associate", request_id)
    step(admin, "Accept", request_id)

    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)

    token = notifications(partner.pk)[-1]["Message"]["ExchangeToken"]
    assert perform(root_of(partner), "GetDelegatedAccessToken", TradeInToken=token)["AssumedPrincipal"] == admin.arn
    assert role.arn != admin.arn


def test_only_owner_may_send_where_the_partner_says_so(partner, owner):
    admin = principal_of(make_user(Account.objects.get(pk=owner.account_id), "admin", statements=[allow("*")]))
    request_id = accepted(partner, owner, OnlySendByOwner=True)

    assert refusal(perform, admin, "SendDelegationToken", DelegationRequestId=request_id).code == "AccessDenied"
    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)


def test_rejected_request_is_at_its_end_with_a_reason(partner, owner):
    request_id = accepted(partner, owner)

    step(owner, "Reject", request_id, Notes="Too much")

    shape = get(owner, request_id)["DelegationRequest"]
    assert (shape["State"], shape["RejectionReason"]) == ("REJECTED", "Too much")
    for name, code in (("Update", "InvalidInput"), ("Accept", "ConcurrentModification"), ("Reject", "InvalidInput")):
        assert refusal(step, owner, name, request_id).code == code


@pytest.mark.parametrize(
    ("done", "refused", "code"),
    [
        ([], "Update", "InvalidInput"),
        ([], "Accept", "ConcurrentModification"),
        ([], "Reject", "InvalidInput"),
        (["Associate"], "Associate", "InvalidInput"),
        (["Associate", "Accept"], "Accept", "ConcurrentModification"),
        (["Associate", "Accept"], "Update", "InvalidInput"),
    ],
)
def test_steps_out_of_turn_are_refused(partner, owner, done, refused, code):
    request_id = ask(partner)
    for name in done:
        step(owner, name, request_id)

    assert refusal(step, owner, refused, request_id).code == code


def test_token_is_sent_once_and_not_before_acceptance(partner, owner):
    request_id = ask(partner)
    step(owner, "Associate", request_id)
    early = refusal(perform, owner, "SendDelegationToken", DelegationRequestId=request_id)
    step(owner, "Accept", request_id)
    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)

    again = refusal(perform, owner, "SendDelegationToken", DelegationRequestId=request_id)

    assert (early.code, again.code) == ("InvalidInput", "InvalidInput")
    assert refusal(step, owner, "Reject", request_id).code == "InvalidInput"


def test_time_alone_makes_a_request_expire(partner, owner):
    request_id = ask(partner)
    DelegationRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert get(owner, request_id)["DelegationRequest"]["State"] == "EXPIRED"
    assert refusal(step, owner, "Associate", request_id).code == "InvalidInput"


@pytest.mark.parametrize(("days", "steps"), [(1, []), (7, ["Associate"]), (7, ["Associate", "Update"])])
def test_each_state_has_its_time(partner, owner, days, steps):
    request_id = ask(partner)
    for name in steps:
        step(owner, name, request_id)

    left = get(owner, request_id)["DelegationRequest"]["ExpirationTime"] - timezone.now()

    assert timedelta(days=days, minutes=-5) < left <= timedelta(days=days)


def test_request_for_an_account_is_invisible_to_others(partner, owner):
    stranger = root_of(make_account())
    request_id = ask(partner, OwnerAccountId=owner.account_id)

    assert refusal(get, stranger, request_id).code == "NoSuchEntity"
    assert refusal(step, stranger, "Associate", request_id).code == "NoSuchEntity"
    assert get(owner, request_id)["DelegationRequest"]["OwnerAccountId"] == owner.account_id


def test_request_for_anybody_is_its_owners_once_taken_over(partner, owner):
    stranger = root_of(make_account())
    request_id = ask(partner)
    assert get(stranger, request_id)["DelegationRequest"]["State"] == "UNASSIGNED"

    step(owner, "Associate", request_id)

    assert refusal(get, stranger, request_id).code == "NoSuchEntity"
    assert perform(stranger, "ListDelegationRequests") == {"DelegationRequests": [], "isTruncated": False}


def test_list_shows_what_is_owned_by_pages_and_by_owner(partner, owner):
    for number in range(3):
        request_id = ask(partner, RequestorWorkflowId=f"workflow-{number}", OwnerAccountId=owner.account_id)
        if number:
            step(owner, "Associate", request_id)

    page = perform(owner, "ListDelegationRequests", MaxItems=1)
    rest = perform(owner, "ListDelegationRequests", MaxItems=1, Marker=page["Marker"])

    assert [page["isTruncated"], rest["isTruncated"]] == [True, False]
    assert page["DelegationRequests"][0]["DelegationRequestId"] < rest["DelegationRequests"][0]["DelegationRequestId"]
    assert len(perform(owner, "ListDelegationRequests", OwnerId=owner.arn)["DelegationRequests"]) == 2
    another = f"arn:aws:iam::{owner.account_id}:user/another"
    assert perform(owner, "ListDelegationRequests", OwnerId=another)["DelegationRequests"] == []


def test_number_of_queries_of_a_list_does_not_grow(partner, owner, django_assert_num_queries):
    def count() -> None:
        with django_assert_num_queries(3):
            perform(owner, "ListDelegationRequests")

    for number in range(3):
        step(owner, "Associate", ask(partner, RequestorWorkflowId=f"workflow-{number}"))
        count()


def test_owner_reads_and_forwards_without_a_policy_and_others_need_one(partner):
    account = make_account()
    alice = principal_of(make_user(account, statements=[allow("iam:AssociateDelegationRequest")]))
    bob = principal_of(make_user(account, "bob"))
    request_id = ask(partner, OwnerAccountId=account.pk)
    step(alice, "Associate", request_id)

    step(alice, "Update", request_id)
    arn = f"arn:aws:iam::{account.pk}:delegation-request/{request_id}"

    assert perform(alice, "GetHumanReadableSummary", EntityArn=arn)["SummaryState"] == "AVAILABLE"
    assert get(alice, request_id)
    assert refusal(step, alice, "Accept", request_id).code == "AccessDenied"
    assert refusal(get, bob, request_id).code == "AccessDenied"


def test_owner_is_a_condition_key(partner, owner):
    account = Account.objects.get(pk=owner.account_id)
    condition = {"ArnEquals": {"iam:DelegationRequestOwner": owner.arn}}
    reader = principal_of(
        make_user(
            account, statements=[allow("iam:GetDelegationRequest", "iam:ListDelegationRequests", Condition=condition)]
        )
    )
    request_id = ask(partner, OwnerAccountId=account.pk)
    assert refusal(get, reader, request_id).code == "AccessDenied"

    step(owner, "Associate", request_id)

    assert get(reader, request_id)
    assert perform(reader, "ListDelegationRequests", OwnerId=owner.arn)
    assert refusal(perform, reader, "ListDelegationRequests").code == "AccessDenied"


def test_partner_is_limited_by_template_channel_and_duration(partner):
    condition = {
        "NumericLessThanEquals": {"iam:DelegationDuration": "3600"},
        "StringEquals": {"iam:NotificationChannel": TOPIC},
    }
    limited = principal_of(make_user(partner, statements=[allow("iam:CreateDelegationRequest", Condition=condition)]))

    assert perform(limited, "CreateDelegationRequest", **request(partner))
    long = {**request(partner), "SessionDuration": 3601, "RequestorWorkflowId": "another"}
    assert refusal(perform, limited, "CreateDelegationRequest", **long).code == "AccessDenied"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"NotificationChannel": "partner"}, "InvalidInput"),
        ({"OwnerAccountId": "999999999999"}, "InvalidInput"),
        ({"Permissions": {}}, "InvalidInput"),
        ({"Permissions": {"PolicyTemplateArn": "arn:aws:iam::111122223333:policy/None"}}, "InvalidInput"),
    ],
)
def test_create_refuses_what_cannot_be(partner, changed, code):
    assert refusal(perform, root_of(partner), "CreateDelegationRequest", **{**request(partner), **changed}).code == code


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [{"Name": "bucketName", "Values": [], "Type": "string"}],
        [{"Name": "bucketName", "Values": ["a", "b"], "Type": "string"}],
        [{"Name": "bucketName", "Values": ["a"]}, {"Name": "more1", "Values": ["b"]}],
    ],
)
def test_parameters_must_fit_the_template(partner, parameters):
    error = refusal(perform, root_of(partner), "CreateDelegationRequest", **request(partner, Parameters=parameters))

    assert (error.code, error.parameter) == ("InvalidInput", "Permissions")


def test_parameter_cannot_break_out_of_its_string(partner, owner):
    evil = '*","arn:aws:s3:::other'
    parameters = [{"Name": "bucketName", "Values": [evil], "Type": "string"}]

    request_id = ask(partner, Permissions=request(partner, Parameters=parameters)["Permissions"])

    asked = get(owner, request_id)["DelegationRequest"]["PermissionPolicy"]
    assert '"arn:aws:s3:::*\\",\\"arn:aws:s3:::other/*"' in asked


def test_workflow_has_one_request(partner):
    ask(partner)

    assert refusal(ask, partner).code == "EntityAlreadyExists"


def test_requestor_has_a_quota(partner, monkeypatch):
    monkeypatch.setattr(delegation_creating, "MOST_OF_A_REQUESTOR", 1)
    ask(partner)

    assert refusal(ask, partner, RequestorWorkflowId="another").code == "LimitExceeded"
    # What has been expired for long makes room.
    DelegationRequest.objects.update(expires_at=timezone.now() - timedelta(days=31))
    assert ask(partner, RequestorWorkflowId="another")


def test_permission_check_tells_whether_the_caller_could_grant_it(partner):
    account = make_account()
    some = principal_of(make_user(account, statements=[allow("iam:*")]))
    conditional = allow("s3:*", Condition={"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}})
    unsure = principal_of(make_user(account, "unsure", statements=[allow("iam:*"), conditional]))
    able = principal_of(make_user(account, "able", statements=[allow("*")]))
    request_id = ask(partner, OwnerAccountId=account.pk)

    answers = [get(who, request_id, DelegationPermissionCheck=True) for who in (some, unsure, able, root_of(account))]

    assert {answer["PermissionCheckStatus"] for answer in answers} == {"COMPLETE"}
    assert [answer["PermissionCheckResult"] for answer in answers] == ["DENIED", "UNSURE", "ALLOWED", "ALLOWED"]
    assert "PermissionCheckStatus" not in get(able, request_id)


def test_boundaries_of_roles_it_creates_are_told(partner, owner):
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    make_policy(
        partner, "Roles", allow("iam:CreateRole", Condition={"StringEquals": {"iam:PermissionsBoundary": boundary}})
    )
    permissions = {"PolicyTemplateArn": f"arn:aws:iam::{partner.pk}:policy/Roles"}

    request_id = ask(partner, Permissions=permissions)

    assert get(owner, request_id)["DelegationRequest"]["RolePermissionRestrictionArns"] == [boundary]


def test_summary_says_in_words_what_is_asked_for(partner, owner):
    request_id = ask(partner, OwnerAccountId=owner.account_id, SessionDuration=5400)
    arn = f"arn:aws:iam::{owner.account_id}:delegation-request/{request_id}"

    english = perform(owner, "GetHumanReadableSummary", EntityArn=arn)
    german = perform(owner, "GetHumanReadableSummary", EntityArn=arn, Locale="de-DE")

    assert english["Locale"] == "en"
    assert "Partner Inc" in english["SummaryContent"]
    assert "1 hour and 30 minutes" in english["SummaryContent"]
    assert "S3: Limited: Read" in english["SummaryContent"]
    assert german == {"SummaryContent": "", "Locale": "de-DE", "SummaryState": "NOT_SUPPORTED"}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"EntityArn": "arn:aws:iam::111122223333:user/alice"}, "InvalidInput"),
        ({"EntityArn": "arn:aws:iam::111122223333:delegation-request/dr-0123456789abcdef"}, "NoSuchEntity"),
    ],
)
def test_summary_is_of_requests_alone(owner, parameters, code):
    assert refusal(perform, owner, "GetHumanReadableSummary", **parameters).code == code


def test_summary_refuses_what_is_no_language(partner, owner):
    arn = f"arn:aws:iam::{owner.account_id}:delegation-request/{ask(partner, OwnerAccountId=owner.account_id)}"

    assert refusal(perform, owner, "GetHumanReadableSummary", EntityArn=arn, Locale="xx").code == "InvalidInput"


def test_partner_account_learns_of_each_step_without_names(partner, owner):
    step(owner, "Associate", ask(partner))

    event = Event.objects.get(account_id=partner.pk, name="AssociateDelegationRequest")

    assert event.user_identity["type"] == "AWSAccount"


def test_account_document_has_the_requests_but_no_token(partner, owner):
    request_id = accepted(partner, owner)
    perform(owner, "SendDelegationToken", DelegationRequestId=request_id)

    key = ("account", owner.account_id)
    document = documents_of(owner.account_id, [key])[key]

    assert [each["State"] for each in document["DelegationRequests"]] == ["FINALIZED"]
    assert notifications(partner.pk)[-1]["Message"]["ExchangeToken"] not in str(document)


@pytest.mark.parametrize("whose", ["partner", "owner"])
def test_reset_of_either_account_removes_the_requests(partner, owner, whose):
    accepted(partner, owner)

    accounts.reset_account(partner.pk if whose == "partner" else owner.account_id)

    assert not DelegationRequest.objects.exists()
