"""My security credentials: who sees what, and that it is one's own."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from iam import sealing
from iam.models import AccessKey, SigningCertificate
from iam.operations import perform
from tests.certificates import make_certificate
from tests.factories import (
    age_session,
    allow,
    deny,
    give_credentials,
    give_password,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    sign_in,
)

HOME = "/security_credentials/"
TABS = ("", "codecommit/", "keyspaces/", "api-keys/")


def text_of(client, address=HOME):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_user_who_manages_herself_sees_all_panels_without_listing_users(alice, client):
    give_password(alice)
    give_credentials(alice)

    for tab in TABS:
        page = text_of(client, HOME + tab)

        assert "not authorized to perform" not in page
        assert "My security credentials (IAM user)" in page
    assert "/account/password/" in text_of(client)


def test_each_panel_leads_to_the_form_that_adds_to_it(alice, client, own):
    pages = "".join(text_of(client, HOME + tab) for tab in TABS)

    services = ("codecommit", "keyspaces", "bedrock", "logs")
    for address in (
        *(own(page) for page in ("create-access-key", "upload-signing-certificate", "upload-ssh-public-key")),
        *(own("generate-service-credential", service) for service in services),
    ):
        assert f'href="{address}"' in pages


def test_full_panel_says_why_nothing_can_be_added(account, alice, client):
    for _ in range(2):
        perform(root_of(account), "CreateAccessKey", UserName="alice")

    assert 'aria-disabled="true" title="A user can have at most two access keys."' in text_of(client)


def test_each_panel_is_refused_by_its_own_action(account, signed_in_as, client):
    signed_in_as()

    pages = "".join(text_of(client, HOME + tab) for tab in TABS)

    for action in (
        "GetLoginProfile",
        "ListMFADevices",
        "ListAccessKeys",
        "ListSigningCertificates",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
    ):
        assert f"is not authorized to perform: iam:{action} on resource: arn:aws:iam::{account.pk}:user/carol" in pages


def test_statement_that_denies_without_mfa_denies_each_panel(alice, client, account):
    without_mfa = deny("iam:List*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    document = policy_document(without_mfa)
    perform(root_of(account), "PutUserPolicy", UserName="alice", PolicyName="mfa", PolicyDocument=document)

    assert "iam:ListAccessKeys" in text_of(client)
    assert "with an explicit deny" in text_of(client)


def test_key_of_oneself_is_made_by_its_wizard_and_shown_once(alice, client, own):
    step = client.post(client.get(own("create-access-key")).url, {"use_case": "other"}).url

    response = client.post(step, {"description": "laptop"})

    secret = sealing.unseal(AccessKey.objects.get(user=alice).sealed_secret)
    assert step.startswith(HOME)
    assert response.context["secret"] == secret
    assert "no-store" in response["Cache-Control"]
    assert secret not in text_of(client)
    assert client.get(step).url == HOME
    assert "laptop" in text_of(client)


def test_root_key_needs_the_confirmation_and_comes_as_rootkey(account, root, client, own):
    step = client.get(own("create-access-key")).url

    assert client.post(step, {}).status_code == 422
    shown = client.post(step, {"understood": "on"})

    offer = re.search(r'name="file" value="([^"]+)"', shown.content.decode())[1]
    file = client.post(own("download"), {"file": offer})
    assert 'filename="rootkey.csv"' in file["Content-Disposition"]
    assert AccessKey.objects.get(account=account).user is None
    assert AccessKey.objects.get(account=account).pk in text_of(client)


def test_root_key_is_deactivated_and_deleted_by_its_id(account, root, client, own):
    key_id = perform(root, "CreateAccessKey")["AccessKey"]["AccessKeyId"]

    client.post(own("deactivate-access-key", key_id))
    assert AccessKey.objects.get(pk=key_id).status == "Inactive"
    assert client.post(own("delete-access-key", key_id), {"confirm": "delete"}).status_code == 422
    client.post(own("delete-access-key", key_id), {"confirm": key_id})

    assert not AccessKey.objects.exists()


def test_root_sees_account_details_and_no_credentials_of_users(account, root, client):
    page = text_of(client)

    assert "My security credentials (root user)" in page
    assert account.root_user.email in page
    assert "CloudFront key pairs" in page
    assert "Update console password" not in page
    assert "CodeCommit" not in page


def test_role_has_no_credentials(account, client):
    bob = make_user(account, "bob", statements=[allow("sts:AssumeRole")])
    make_role(account, "Auditor")
    sign_in(client, principal_of(bob))
    client.post("/switchrole", {"account": account.pk, "roleName": "Auditor"})

    response = client.get(HOME)

    assert response.status_code == 403
    assert "A session has no security credentials of its own" in response.content.decode()
    assert "Security credentials</a>" not in response.content.decode()


def test_old_key_is_woken_by_a_fresh_sign_in_alone(account, root, client, own):
    key_id = perform(root, "CreateAccessKey")["AccessKey"]["AccessKeyId"]
    client.post(own("deactivate-access-key", key_id))
    age_session(client, issued=timedelta(hours=1))

    assert client.post(own("activate-access-key", key_id)).url.startswith(reverse("signin:confirm"))
    assert AccessKey.objects.get(pk=key_id).status == "Inactive"


@pytest.mark.parametrize("page", ["describe", "activate", "deactivate", "delete"])
def test_key_of_somebody_else_is_none_of_ones_own(account, alice, client, own, page):
    make_user(account, "bob")
    key_id = perform(root_of(account), "CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]

    response = client.post(own(f"{page}-access-key", key_id), {"confirm": key_id, "description": "mine"})

    assert response.status_code in (302, 404)
    assert AccessKey.objects.get(pk=key_id).status == "Active"


def test_markup_in_the_subject_of_a_certificate_is_text(account, alice, client):
    pem = make_certificate("<script>alert(1)</script>").pem
    perform(root_of(account), "UploadSigningCertificate", UserName="alice", CertificateBody=pem)

    page = text_of(client)

    assert "<script>alert(1)" not in page
    assert "&lt;script" in page


def test_certificate_of_root_is_uploaded_and_deleted(account, root, client, own):
    client.post(own("upload-signing-certificate"), {"body": make_certificate().pem})
    certificate = SigningCertificate.objects.get(account=account)

    client.post(own("delete-signing-certificate", certificate.pk))

    assert certificate.user is None
    assert not SigningCertificate.objects.exists()


def test_stranger_is_asked_to_sign_in(db, own):
    for page in ("security-credentials", "codecommit", "rotate-access-key", "create-access-key"):
        assert Client().get(own(page)).url.startswith("/signin/")


def test_number_of_queries_does_not_grow_with_credentials(alice, client, django_assert_max_num_queries):
    give_password(alice)
    give_credentials(alice)
    text_of(client)

    with django_assert_max_num_queries(14):
        text_of(client, "/security_credentials/codecommit/")
    with django_assert_max_num_queries(14):
        text_of(client)
