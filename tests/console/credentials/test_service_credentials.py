"""Service-specific credentials: made once, shown once, told to nobody else."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from iam.models import Change, Draft, Event, ServiceSpecificCredential
from iam.operations import perform
from tests.factories import age_session, allow, deny, make_account, make_user, principal_of, root_of, sign_in

CODECOMMIT = "codecommit.amazonaws.com"


def draft_of(response):
    return re.search(r'name="draft" value="([^"]+)"', response.content.decode())[1]


def generate(client, address, **answers):
    return client.post(address, {"draft": draft_of(client.get(address)), **answers})


def make(account, user="alice", service=CODECOMMIT):
    made = perform(root_of(account), "CreateServiceSpecificCredential", UserName=user, ServiceName=service)
    return made["ServiceSpecificCredential"]


def test_git_credentials_are_shown_once(account, alice, client, own):
    response = generate(client, own("generate-service-credential", "codecommit"))

    secret, page = response.context["secret"], client.get(own("codecommit")).content.decode()
    assert "no-store" in response["Cache-Control"]
    assert f"alice-at-{account.pk}" in page
    assert secret in response.content.decode()
    assert secret not in page
    stored = [str(row) for model in (Change, Event, Draft) for row in model.objects.values()]
    assert not any(secret in row for row in [*stored, *(str(each.get_decoded()) for each in Session.objects.all())])


def test_form_sent_twice_makes_one_credential_and_shows_nothing_more(alice, client, own):
    address = own("generate-service-credential", "codecommit")
    draft = {"draft": draft_of(client.get(address))}
    client.post(address, draft)

    again = client.post(address, draft)

    assert (again.status_code, again.url) == (302, own("security-credentials"))
    assert ServiceSpecificCredential.objects.count() == 1


def test_form_without_its_page_makes_nothing(alice, client, own):
    assert client.post(own("generate-service-credential", "codecommit"), {}).status_code == 422
    assert not ServiceSpecificCredential.objects.exists()


def test_file_holds_name_and_password_once(account, alice, client, own):
    shown = generate(client, own("generate-service-credential", "keyspaces"))
    offer = re.search(r'name="file" value="([^"]+)"', shown.content.decode())[1]

    response = client.post(own("download"), {"file": offer})

    header, row = csv.reader(io.StringIO(response.content.decode()))
    assert (header, row) == (["User Name", "Password"], [f"alice-at-{account.pk}", shown.context["secret"]])
    assert client.post(own("download"), {"file": offer}).url == own("security-credentials")


def test_name_that_a_spreadsheet_would_run_is_made_harmless(account, root, client):
    make_user(account, "=cmd@x")
    address = reverse("users:generate-service-credential", args=["=cmd@x", "codecommit"])
    offer = re.search(r'name="file" value="([^"]+)"', generate(client, address).content.decode())[1]

    response = client.post(reverse("users:download"), {"file": offer})

    assert response.content.decode().splitlines()[1].startswith("'=cmd@x-at-")


@pytest.mark.parametrize(
    ("answers", "days"),
    [({"age": "90"}, 90), ({"age": "custom", "days": "7"}, 7), ({"age": "never", "days": "x"}, None)],
)
def test_api_key_expires_as_chosen(alice, client, own, answers, days):
    response = generate(client, own("generate-service-credential", "bedrock"), **answers)

    credential = ServiceSpecificCredential.objects.get()
    lasts = credential.expires_at and (credential.expires_at - credential.created_at).days
    assert lasts == days
    assert response.context["secret"].startswith("ABSK")


@pytest.mark.parametrize("answers", [{}, {"age": "2"}, {"age": "custom"}, {"age": "custom", "days": "36601"}])
def test_bad_age_is_refused_beside_the_field(alice, client, own, answers):
    response = generate(client, own("generate-service-credential", "bedrock"), **answers)

    assert response.status_code == 422
    assert set(response.context["form"].errors) <= {"age", "days"}
    assert not ServiceSpecificCredential.objects.exists()


def test_third_credential_is_refused(account, alice, client, own):
    make(account)
    make(account)

    response = generate(client, own("generate-service-credential", "codecommit"))

    assert response.status_code == 422
    assert "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2" in response.content.decode()


def test_reset_replaces_the_password_and_shows_it_once(account, alice, client, own):
    made = make(account)
    address = own("reset-service-credential", made["ServiceSpecificCredentialId"])

    response = generate(client, address)

    assert response.context["secret"] != made["ServicePassword"]
    assert response.context["secret"] not in client.get(address).content.decode()


def test_credential_is_deactivated_activated_and_deleted(account, root, client):
    make_user(account, "alice")
    made = make(account)["ServiceSpecificCredentialId"]

    def send(verb):
        client.post(reverse(f"users:{verb}-service-credential", args=["alice", made]))
        return list(ServiceSpecificCredential.objects.values_list("status", flat=True))

    assert [send(verb) for verb in ("deactivate", "activate", "delete")] == [["Inactive"], ["Active"], []]


def test_expired_key_says_so(account, alice, client, own):
    made = make(account, service="bedrock.amazonaws.com")
    credential = ServiceSpecificCredential.objects.get(pk=made["ServiceSpecificCredentialId"])
    ServiceSpecificCredential.objects.update(expires_at=credential.created_at)

    assert "Expired" in client.get(own("api-keys")).content.decode()


@pytest.mark.parametrize("verb", ["reset", "deactivate", "delete"])
@pytest.mark.parametrize("whose", ["user", "account"])
def test_credential_of_another_user_or_account_is_no_page(account, alice, client, own, verb, whose):
    elsewhere = account if whose == "user" else make_account()
    make_user(elsewhere, "bob")
    made = make(elsewhere, "bob")["ServiceSpecificCredentialId"]
    digest = ServiceSpecificCredential.objects.get().secret_digest
    address = own(f"{verb}-service-credential", made)

    assert client.get(address).status_code == 404
    assert client.post(address, {"draft": "1b4e28ba-2fa1-11d2-883f-0016d3cca427"}).status_code == 404

    assert ServiceSpecificCredential.objects.get(status="Active").secret_digest == digest


def test_refusal_is_told_in_the_dialog(account, signed_in_as, client, own):
    signed_in_as(allow("iam:*"), deny("iam:CreateServiceSpecificCredential"))

    response = generate(client, own("generate-service-credential", "codecommit"))

    assert response.status_code == 422
    assert "not authorized to perform: iam:CreateServiceSpecificCredential" in response.content.decode()


def test_stale_session_is_asked_for_the_password_first(alice, client, own):
    age_session(client, issued=timedelta(hours=1))

    response = client.get(own("generate-service-credential", "codecommit"))

    assert response.url.startswith(reverse("signin:confirm"))


def test_unknown_service_is_no_page_and_root_has_none(account, alice, client, own):
    root = sign_in(Client(), root_of(account))

    assert client.get(own("generate-service-credential", "ec2")).status_code == 404
    assert root.get(own("generate-service-credential", "codecommit")).status_code == 404


def test_draft_of_another_principal_makes_nothing(account, alice, client, own):
    address = own("generate-service-credential", "codecommit")
    draft = draft_of(client.get(address))
    bob = sign_in(Client(), principal_of(make_user(account, "bob", statements=[allow("iam:*")])))

    bob.post(address, {"draft": draft})

    assert not ServiceSpecificCredential.objects.exists()
