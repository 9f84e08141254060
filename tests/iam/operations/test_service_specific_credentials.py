"""Service-specific credentials: a secret shown once, for one service, two at a time."""

import base64
import hashlib
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, Event, ServiceSpecificCredential
from iam.operations import perform
from iam.operations.shapes import HIDDEN
from iam.queries.documents import documents_of
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db
CODECOMMIT, BEDROCK = "codecommit.amazonaws.com", "bedrock.amazonaws.com"


@pytest.fixture
def account():
    account = make_account()
    make_user(account)
    return account


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def create(principal, service=CODECOMMIT, user="alice", **parameters):
    asked = {"UserName": user, "ServiceName": service, **parameters}
    return perform(principal, "CreateServiceSpecificCredential", **asked)["ServiceSpecificCredential"]


def listed(principal, **parameters):
    return perform(principal, "ListServiceSpecificCredentials", **parameters)["ServiceSpecificCredentials"]


@pytest.mark.parametrize("service", [CODECOMMIT, "cassandra.amazonaws.com"])
def test_credential_is_created_reset_and_deleted(account, root, service):
    created = create(root, service)

    password = created.pop("ServicePassword")
    named = {"UserName": "alice", "ServiceSpecificCredentialId": created["ServiceSpecificCredentialId"]}
    assert created == {
        **named,
        "CreateDate": created["CreateDate"],
        "ServiceName": service,
        "ServiceUserName": f"alice-at-{account.pk}",
        "Status": "Active",
    }
    assert (len(password), named["ServiceSpecificCredentialId"][:4]) == (44, "ACCA")
    perform(root, "UpdateServiceSpecificCredential", **named, Status="Inactive")
    asked = perform(root, "ListServiceSpecificCredentials", UserName="alice", ServiceName=service)
    assert asked == {"ServiceSpecificCredentials": [{**created, "Status": "Inactive"}]}
    reset = perform(root, "ResetServiceSpecificCredential", **named)["ServiceSpecificCredential"]
    assert reset.pop("ServicePassword") != password
    assert reset == {**created, "Status": "Inactive"}
    perform(root, "DeleteServiceSpecificCredential", **named)
    assert listed(root, UserName="alice") == []


def test_api_key_has_an_alias_and_a_secret_that_names_it(account, root):
    created = create(root, BEDROCK, CredentialAgeDays=30)

    assert created["ServiceCredentialAlias"] == f"alice-at-{account.pk}"
    assert {"ServiceUserName", "ServicePassword"}.isdisjoint(created)
    secret = created["ServiceCredentialSecret"]
    assert secret.startswith("ABSK")
    assert base64.b64decode(secret[4:]).startswith(f"alice-at-{account.pk}:".encode())
    assert created["ExpirationDate"] - created["CreateDate"] == timedelta(days=30)
    assert "ServiceCredentialSecret" not in listed(root, UserName="alice")[0]


def test_secret_is_kept_as_a_digest_and_shown_nowhere(account, root):
    secrets = [create(root)["ServicePassword"], create(root, BEDROCK)["ServiceCredentialSecret"]]

    kept = {row.secret_digest for row in ServiceSpecificCredential.objects.all()}
    assert kept == {hashlib.sha256(secret.encode()).hexdigest() for secret in secrets}
    document = documents_of(account.pk, [("user", "alice")])[("user", "alice")]
    assert [row["ServiceUserName"] for row in document["ServiceSpecificCredentials"]] == [f"alice-at-{account.pk}"] * 2
    events = list(Event.objects.filter(name="CreateServiceSpecificCredential").order_by("pk"))
    responses = [event.response_elements["ServiceSpecificCredential"] for event in events]
    assert responses[0]["ServicePassword"] == responses[1]["ServiceCredentialSecret"] == HIDDEN
    changes = [change.parameters for change in Change.objects.all()]
    for secret in (*secrets, *kept):
        assert secret not in json.dumps([document, responses, changes])


def test_user_has_two_for_each_service(account, root):
    create(root)
    second = create(root)

    error = refusal_of(root, "CreateServiceSpecificCredential", UserName="alice", ServiceName=CODECOMMIT)
    create(root, "cassandra.amazonaws.com")

    assert second["ServiceUserName"] == f"alice+1-at-{account.pk}"
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2",
    )


def test_name_of_a_renamed_user_stays_taken(account, root):
    create(root)
    perform(root, "UpdateUser", UserName="alice", NewUserName="bob")
    make_user(account, "alice")

    assert create(root)["ServiceUserName"] == f"alice+1-at-{account.pk}"
    assert listed(root, UserName="bob")[0]["ServiceUserName"] == f"alice-at-{account.pk}"


@pytest.mark.parametrize("service", ["lambda.amazonaws.com", "o3on3n3onosneo"])
def test_service_must_know_such_credentials(root, service):
    message = f"No such service {service} is supported for Service Specific Credentials"

    for operation in ("CreateServiceSpecificCredential", "ListServiceSpecificCredentials"):
        error = refusal_of(root, operation, UserName="alice", ServiceName=service)
        assert (error.code, error.message) == ("NoSuchEntity", message)
    absent = refusal_of(root, "CreateServiceSpecificCredential", UserName="Ghost", ServiceName=service)
    assert absent.message == "The user with name Ghost cannot be found."


def test_passwords_do_not_expire(root):
    error = refusal_of(
        root, "CreateServiceSpecificCredential", UserName="alice", ServiceName=CODECOMMIT, CredentialAgeDays=1
    )

    assert (error.code, error.parameter) == ("ValidationError", "CredentialAgeDays")


def test_expired_api_key_says_so(root):
    create(root, BEDROCK, CredentialAgeDays=1)
    ServiceSpecificCredential.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert listed(root, UserName="alice")[0]["Status"] == "Expired"


def test_status_is_active_or_inactive_only(root):
    created = create(root)

    error = refusal_of(
        root,
        "UpdateServiceSpecificCredential",
        UserName="alice",
        ServiceSpecificCredentialId=created["ServiceSpecificCredentialId"],
        Status="Expired",
    )

    assert (error.code, error.parameter) == ("ValidationError", "Status")


def test_unknown_credential_does_not_exist(account, root):
    make_user(account, "bob")
    of_bob = create(root, user="bob")["ServiceSpecificCredentialId"]

    for unknown in (of_bob, "satisfiesregexbutstillinvalid"):
        for operation in ("ResetServiceSpecificCredential", "DeleteServiceSpecificCredential"):
            error = refusal_of(root, operation, UserName="alice", ServiceSpecificCredentialId=unknown)
            assert (error.code, error.message) == ("NoSuchEntity", f"No such credential {unknown} exists")


def test_credentials_of_all_users_come_in_pages(account, root):
    make_user(account, "bob")
    for user in ("alice", "bob"):
        create(root, user=user)
        create(root, BEDROCK, user)

    first = perform(root, "ListServiceSpecificCredentials", AllUsers=True, ServiceName=BEDROCK, MaxItems=1)
    rest = perform(root, "ListServiceSpecificCredentials", AllUsers=True, ServiceName=BEDROCK, Marker=first["Marker"])

    rows = [*first["ServiceSpecificCredentials"], *rest["ServiceSpecificCredentials"]]
    assert sorted(row["UserName"] for row in rows) == ["alice", "bob"]
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)
    assert len(listed(root, AllUsers=True)) == 4
    both = refusal_of(root, "ListServiceSpecificCredentials", AllUsers=True, UserName="alice")
    assert both.code == "ValidationError"


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_all_costs_the_same_for_any_number(account, root, django_assert_max_num_queries, count):
    for number in range(count):
        make_user(account, f"u{number}")
        create(root, user=f"u{number}")

    with django_assert_max_num_queries(5, connection=connection):
        assert len(listed(root, AllUsers=True)) == count


def test_all_users_need_permission_for_all(account, root):
    arn = f"arn:aws:iam::{account.pk}:user"
    one = principal_of(
        make_user(account, "one", statements=[allow("iam:ListServiceSpecificCredentials", resource=f"{arn}/one")])
    )
    every = principal_of(
        make_user(account, "every", statements=[allow("iam:ListServiceSpecificCredentials", resource=f"{arn}/*")])
    )
    create(root)

    assert listed(one) == []
    assert refusal_of(one, "ListServiceSpecificCredentials", AllUsers=True).code == "AccessDenied"
    assert len(listed(every, AllUsers=True)) == 1


def test_service_and_age_decide(account, root):
    young = {
        "StringEquals": {"iam:ServiceSpecificCredentialServiceName": BEDROCK},
        "NumericLessThanEquals": {"iam:ServiceSpecificCredentialAgeDays": "30"},
    }
    bedrock = {"StringEquals": {"iam:ServiceSpecificCredentialServiceName": BEDROCK}}
    bob = principal_of(
        make_user(
            account,
            "bob",
            statements=[
                allow("iam:CreateServiceSpecificCredential", Condition=young),
                allow("iam:DeleteServiceSpecificCredential", Condition=bedrock),
            ],
        )
    )
    git = create(root)["ServiceSpecificCredentialId"]

    key = create(bob, BEDROCK, CredentialAgeDays=30)["ServiceSpecificCredentialId"]
    for refused in (
        {"ServiceName": BEDROCK, "CredentialAgeDays": 31},
        {"ServiceName": BEDROCK},
        {"ServiceName": CODECOMMIT, "CredentialAgeDays": 1},
    ):
        error = refusal_of(bob, "CreateServiceSpecificCredential", UserName="alice", **refused)
        assert error.code == "AccessDenied"
    foreign = refusal_of(bob, "DeleteServiceSpecificCredential", UserName="alice", ServiceSpecificCredentialId=git)
    perform(bob, "DeleteServiceSpecificCredential", UserName="alice", ServiceSpecificCredentialId=key)
    assert foreign.code == "AccessDenied"


def test_user_with_a_credential_is_not_deleted(root):
    create(root)

    error = refusal_of(root, "DeleteUser", UserName="alice")

    assert (error.code, error.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    )
