"""Uploading certificates and SSH keys, also what is neither."""

import pytest
from django.urls import reverse

from iam.models import Event, SigningCertificate, SshPublicKey
from iam.operations import perform
from tests.certificates import Certified, make_certificate, rsa_key, ssh_text
from tests.factories import give_credentials, make_account, make_user, root_of


def test_certificate_is_uploaded_and_told_by_its_subject(alice, client, own):
    response = client.post(own("upload-signing-certificate"), {"body": make_certificate("signer.example").pem})

    page = client.get(response.url).content.decode()
    assert "CN=signer.example" in page
    assert SigningCertificate.objects.get(user=alice).pk in page


def test_ssh_key_is_uploaded_with_its_fingerprint(alice, client, own):
    client.post(own("upload-ssh-public-key"), {"body": ssh_text(rsa_key(), "alice@laptop")})

    key = SshPublicKey.objects.get(user=alice)
    assert key.pk in client.get(own("codecommit")).content.decode()


@pytest.mark.parametrize("page", ["upload-signing-certificate", "upload-ssh-public-key"])
def test_private_key_is_refused_shown_nowhere_and_kept_nowhere(alice, client, own, page):
    private = Certified(None, rsa_key()).key_pem

    response = client.post(own(page), {"body": private})

    assert response.status_code == 422
    assert "private key in it" in response.content.decode()
    assert private[40:80] not in response.content.decode()
    assert not any(private[40:80] in str(row) for row in Event.objects.values())


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ("upload-signing-certificate", ""),
        ("upload-signing-certificate", "x" * 16385),
        ("upload-signing-certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
        ("upload-signing-certificate", make_certificate().pem * 2),
        ("upload-ssh-public-key", ""),
        ("upload-ssh-public-key", "x" * 16385),
        ("upload-ssh-public-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHYUo4"),
        ("upload-ssh-public-key", ssh_text(rsa_key(bits=1024))),
    ],
)
def test_what_is_none_is_refused_beside_the_field(alice, client, own, page, body):
    response = client.post(own(page), {"body": body})

    assert response.status_code == 422
    assert response.context["form"].errors["body"]


def test_body_of_more_than_two_megabytes_is_not_read(alice, client, own):
    assert client.post(own("upload-ssh-public-key"), {"body": "x" * 2_200_000}).status_code == 400


def test_same_certificate_of_somebody_else_is_refused(account, alice, client, own):
    make_user(account, "bob")
    pem = make_certificate().pem
    perform(root_of(account), "UploadSigningCertificate", UserName="bob", CertificateBody=pem)

    response = client.post(own("upload-signing-certificate"), {"body": pem})

    assert "already associated" in response.content.decode()


@pytest.mark.parametrize("kind", ["signing-certificate", "ssh-public-key"])
@pytest.mark.parametrize("whose", ["user", "account"])
def test_credential_of_another_user_or_account_stays(account, alice, client, own, kind, whose):
    bob = make_user(account if whose == "user" else make_account(), "bob")
    give_credentials(bob)
    held = {"signing-certificate": SigningCertificate, "ssh-public-key": SshPublicKey}[kind].objects.get(user=bob)

    assert client.post(own(f"delete-{kind}", held.pk)).status_code == 404
    assert client.post(own(f"deactivate-{kind}", held.pk)).status_code == 404
    client.post(own(f"activate-{kind}", held.pk))

    held.refresh_from_db()
    assert held.status == "Active"


def test_administrator_manages_those_of_a_user(account, root, client):
    alice = make_user(account, "alice")
    give_credentials(alice)
    tab = reverse("users:security-credentials", args=["alice"])

    for kind, held in (("signing-certificate", alice.signing_certificates), ("ssh-public-key", alice.ssh_public_keys)):
        pk = held.get().pk
        assert pk in client.get(tab).content.decode()
        assert client.post(reverse(f"users:deactivate-{kind}", args=["alice", pk])).url == tab
        assert held.get().status == "Inactive"
        client.post(reverse(f"users:activate-{kind}", args=["alice", pk]))
        assert held.get().status == "Active"
        client.post(reverse(f"users:delete-{kind}", args=["alice", pk]))
        assert not held.exists()
