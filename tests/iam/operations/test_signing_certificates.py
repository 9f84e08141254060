"""Signing certificates of users and of root."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from iam.errors import IamError
from iam.models import Event, SigningCertificate
from iam.operations import perform
from iam.operations.certificates import MalformedCertificateError, read_certificates
from iam.operations.shapes import HIDDEN
from tests.certificates import A_DAY, make_certificate, rsa_key
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def upload(principal, pem=None, **parameters):
    body = pem or make_certificate().pem
    return perform(principal, "UploadSigningCertificate", CertificateBody=body, **parameters)["Certificate"]


def listed(principal, **parameters):
    return perform(principal, "ListSigningCertificates", **parameters)["Certificates"]


def test_certificate_is_uploaded_deactivated_and_deleted(account, root):
    make_user(account)
    pem = make_certificate().pem

    uploaded = upload(root, pem, UserName="alice")

    assert (uploaded["UserName"], uploaded["CertificateBody"], uploaded["Status"]) == ("alice", pem, "Active")
    assert len(uploaded["CertificateId"]) == 32
    named = {"UserName": "alice", "CertificateId": uploaded["CertificateId"]}
    perform(root, "UpdateSigningCertificate", **named, Status="Inactive")
    assert listed(root, UserName="alice") == [{**uploaded, "Status": "Inactive"}]
    perform(root, "DeleteSigningCertificate", **named)
    assert listed(root, UserName="alice") == []


def test_user_has_two_at_most_and_nobody_the_same_one(account, root):
    make_user(account)
    make_user(account, "bob")
    first = make_certificate().pem
    upload(root, first, UserName="alice")

    rewrapped = first.replace("\n", "\r\n") + "\n"
    same = refusal_of(root, "UploadSigningCertificate", UserName="bob", CertificateBody=rewrapped)
    upload(root, UserName="alice")
    third = refusal_of(root, "UploadSigningCertificate", UserName="alice", CertificateBody=make_certificate().pem)

    assert same.code == "DuplicateCertificate"
    assert (third.code, third.message) == ("LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2")


def test_same_certificate_may_be_in_two_accounts(account, root):
    pem = make_certificate().pem
    upload(root, pem)

    upload(root_of(make_account()), pem)

    assert SigningCertificate.objects.count() == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pem: "invalid-certificate-body",
        lambda pem: "Subject: somebody\n" + pem,
        lambda pem: pem + make_certificate().pem,
        lambda pem: pem.replace("M", "N", 1),
        lambda pem: pem.replace("CERTIFICATE", "PRIVATE KEY"),
    ],
)
def test_malformed_certificate_is_refused_in_awss_words(account, root, spoil):
    make_user(account)
    body = spoil(make_certificate().pem)

    error = refusal_of(root, "UploadSigningCertificate", UserName="alice", CertificateBody=body)

    assert (error.code, error.message) == ("MalformedCertificate", f"Certificate {body} is malformed.")


def test_private_key_in_the_place_of_a_certificate_is_told_to_the_caller_alone(account, root):
    private = make_certificate().key_pem
    nobody = principal_of(make_user(account))

    error = refusal_of(root, "UploadSigningCertificate", CertificateBody=private)
    refusal_of(nobody, "UploadSigningCertificate", CertificateBody=private)

    assert private in error.message
    events = Event.objects.filter(name="UploadSigningCertificate")
    assert {event.error_code for event in events} == {"MalformedCertificate", "AccessDenied"}
    for event in events:
        assert event.request_parameters["CertificateBody"] == HIDDEN
        assert "PRIVATE KEY" not in event.error_message


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)])
def test_certificate_out_of_its_time_is_refused(root, days):
    begins, ends = (datetime.now(UTC) + day * A_DAY for day in days)
    pem = make_certificate(begins=begins, ends=ends).pem

    error = refusal_of(root, "UploadSigningCertificate", CertificateBody=pem)

    assert (error.code, error.parameter) == ("MalformedCertificate", "CertificateBody")
    assert "is valid from" in error.message


def test_certificate_of_an_unfit_key_is_invalid(root):
    signer = make_certificate()
    pem = make_certificate(signer=signer, key=ed25519.Ed25519PrivateKey.generate()).pem

    assert refusal_of(root, "UploadSigningCertificate", CertificateBody=pem).code == "InvalidCertificate"
    assert upload(root, make_certificate(key=rsa_key()).pem)["Status"] == "Active"


def test_status_is_active_or_inactive_only(account, root):
    uploaded = upload(root)

    error = refusal_of(root, "UpdateSigningCertificate", CertificateId=uploaded["CertificateId"], Status="Expired")

    assert (error.code, error.parameter) == ("InvalidInput", "Status")


def test_unknown_certificate_cannot_be_found(account, root):
    make_user(account)
    bob = make_user(account, "bob")
    of_bob = upload(root, UserName=bob.name)["CertificateId"]

    for unknown in (of_bob, "NONEXISTENTCERTID12345678901"):
        error = refusal_of(root, "DeleteSigningCertificate", UserName="alice", CertificateId=unknown)
        assert (error.code, error.message) == (
            "NoSuchEntity",
            f"The Certificate with id {unknown} cannot be found.",
        )
    absent = refusal_of(root, "ListSigningCertificates", UserName="Ghost")
    assert absent.message == "The user with name Ghost cannot be found."


def test_without_a_name_the_caller_is_meant(account, root):
    alice = principal_of(make_user(account, statements=[allow("iam:*SigningCertificate*")]))

    own = upload(alice)
    of_root = upload(root)

    assert (own["UserName"], of_root["UserName"]) == ("alice", "")
    assert listed(alice) == [own]
    assert listed(root) == [of_root]
    summary = perform(root, "GetAccountSummary")["SummaryMap"]
    assert (summary["AccountSigningCertificatesPresent"], summary["SigningCertificatesPerUserQuota"]) == (1, 2)


def test_user_needs_permission_for_the_user_meant(account, root):
    own = allow("iam:UploadSigningCertificate", resource=f"arn:aws:iam::{account.pk}:user/alice")
    alice = principal_of(make_user(account, statements=[own]))
    make_user(account, "bob")

    upload(alice)
    error = refusal_of(alice, "UploadSigningCertificate", UserName="bob", CertificateBody=make_certificate().pem)

    assert error.code == "AccessDenied"
    assert f"iam:UploadSigningCertificate on resource: arn:aws:iam::{account.pk}:user/bob" in error.message


def test_user_with_a_certificate_is_not_deleted(account, root):
    make_user(account)
    upload(root, UserName="alice")

    error = refusal_of(root, "DeleteUser", UserName="alice")

    assert (error.code, error.message) == (
        "DeleteConflict",
        "Cannot delete entity, must delete certificates first.",
    )


@given(st.text(st.characters(max_codepoint=255), max_size=200), st.booleans())
def test_reader_raises_nothing_but_its_own_error(text, is_framed):
    framed = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----" if is_framed else text

    with pytest.raises(MalformedCertificateError):
        read_certificates(framed)
