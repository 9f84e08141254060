"""Server certificates: their parts fit together, and the private key never comes back."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from django.db import connection

from iam import sealing
from iam.errors import IamError
from iam.models import Change, Event, ServerCertificate
from iam.operations import perform, quotas
from iam.operations.shapes import HIDDEN
from iam.queries.documents import documents_of
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


def parts_of(certified, *chain):
    parts = {"CertificateBody": certified.pem, "PrivateKey": certified.key_pem}
    return {**parts, "CertificateChain": "".join(link.pem for link in chain)} if chain else parts


def upload(principal, name="web", certified=None, **parameters):
    parts = parts_of(certified or make_certificate())
    return perform(principal, "UploadServerCertificate", ServerCertificateName=name, **{**parts, **parameters})


def test_certificate_is_uploaded_read_and_deleted(account, root):
    certified = make_certificate()

    uploaded = upload(root, "Web", certified, Path="/cloudfront/")

    metadata = uploaded["ServerCertificateMetadata"]
    assert set(uploaded) == {"ServerCertificateMetadata"}
    assert metadata["Arn"] == f"arn:aws:iam::{account.pk}:server-certificate/cloudfront/Web"
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert metadata["Expiration"] == certified.certificate.not_valid_after_utc
    assert perform(root, "GetServerCertificate", ServerCertificateName="WEB") == {
        "ServerCertificate": {
            "ServerCertificateMetadata": metadata,
            "CertificateBody": certified.pem.strip(),
            "Tags": [],
        }
    }
    perform(root, "DeleteServerCertificate", ServerCertificateName="web")
    gone = refusal_of(root, "GetServerCertificate", ServerCertificateName="web")
    assert (gone.code, gone.message) == ("NoSuchEntity", "The Server Certificate with name web cannot be found.")
    assert quotas.usage(account.pk)["ServerCertificates"] == 0


def test_private_key_is_sealed_and_shown_nowhere(account, root):
    certified = make_certificate()

    upload(root, "web", certified)

    kept = ServerCertificate.objects.get()
    assert sealing.unseal(kept.sealed_private_key) == certified.key_pem
    document = documents_of(account.pk, [("server-certificate", "web")])[("server-certificate", "web")]
    event, change = Event.objects.latest("pk"), Change.objects.latest("pk")
    assert event.request_parameters["PrivateKey"] == change.parameters["PrivateKey"] == HIDDEN
    secret = certified.key_pem.splitlines()[1]
    shown = perform(root, "GetServerCertificate", ServerCertificateName="web")
    for text in (json.dumps(document), repr(event.request_parameters), repr(change.parameters), repr(shown)):
        assert "example.com" not in text
        assert secret not in text
    assert document["CertificateBody"] == certified.pem.strip()


def test_refused_upload_shows_the_private_key_nowhere(root):
    certified, other = make_certificate(), make_certificate()

    refusal_of(
        root,
        "UploadServerCertificate",
        ServerCertificateName="web",
        **parts_of(certified) | {"PrivateKey": other.key_pem},
    )

    event = Event.objects.latest("pk")
    assert (event.error_code, event.request_parameters["PrivateKey"]) == ("KeyPairMismatch", HIDDEN)


def test_private_key_must_fit_and_be_readable(root):
    certified = make_certificate(key=rsa_key())
    encrypted = certified.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    ).decode()

    def refused(private_key):
        parts = {**parts_of(certified), "PrivateKey": private_key}
        return refusal_of(root, "UploadServerCertificate", ServerCertificateName="web", **parts)

    other = refused(make_certificate().key_pem)
    assert (other.code, other.message) == (
        "KeyPairMismatch",
        "Public Key Certificate and Private Key doesn't match.",
    )
    for unreadable in ("privatekey", encrypted, certified.pem):
        error = refused(unreadable)
        assert (error.code, error.parameter) == ("MalformedCertificate", "PrivateKey")


def test_certificate_must_be_pem_and_current(root):
    expired = make_certificate(begins=datetime.now(UTC) - 2 * A_DAY, ends=datetime.now(UTC) - A_DAY)

    malformed = refusal_of(
        root, "UploadServerCertificate", ServerCertificateName="web", CertificateBody="body", PrivateKey="key"
    )
    late = refusal_of(root, "UploadServerCertificate", ServerCertificateName="web", **parts_of(expired))

    assert (malformed.code, malformed.message) == (
        "MalformedCertificate",
        "Unable to parse certificate. Please ensure the certificate is in PEM format.",
    )
    assert late.code == "MalformedCertificate"
    assert not ServerCertificate.objects.exists()


def test_chain_leads_from_the_certificate_upwards(root):
    top = make_certificate("top")
    middle = make_certificate("middle", signer=top)
    leaf = make_certificate("leaf", signer=middle)

    upload(root, "long", leaf, **parts_of(leaf, middle, top))
    upload(root, "short", leaf, **parts_of(leaf, middle))

    kept = perform(root, "GetServerCertificate", ServerCertificateName="long")["ServerCertificate"]
    assert kept["CertificateChain"] == (middle.pem + top.pem).strip()
    for chain, broken in (((top, middle), -1), ((middle, leaf), 0), ((middle, top, leaf), 1)):
        error = refusal_of(root, "UploadServerCertificate", ServerCertificateName="bad", **parts_of(leaf, *chain))
        assert error.code == "MalformedCertificate"
        assert error.message.endswith(f"The index within the chain of the invalid certificate is: {broken}")


def test_chain_must_be_certificates_and_not_endless(root):
    leaf = make_certificate()

    for chain in ("Subject: somebody", leaf.pem * 21):
        error = refusal_of(
            root, "UploadServerCertificate", ServerCertificateName="bad", **parts_of(leaf), CertificateChain=chain
        )
        assert (error.code, error.parameter) == ("MalformedCertificate", "CertificateChain")
    upload(root, "self-signed", leaf, CertificateChain=leaf.pem * 20)


def test_names_collide_without_regard_to_case(root):
    upload(root, "Web")

    error = refusal_of(root, "UploadServerCertificate", ServerCertificateName="web", **parts_of(make_certificate()))

    assert (error.code, error.message) == (
        "EntityAlreadyExists",
        "The Server Certificate with name web already exists.",
    )


def test_quota_is_twenty_a_account(account, root):
    certified = make_certificate()
    for number in range(20):
        upload(root, f"web-{number}", certified)

    error = refusal_of(root, "UploadServerCertificate", ServerCertificateName="web", **parts_of(certified))

    assert (error.code, error.message) == ("LimitExceeded", "Cannot exceed quota for ServerCertificates: 20")
    summary = perform(root, "GetAccountSummary")["SummaryMap"]
    assert (summary["ServerCertificates"], summary["ServerCertificatesQuota"]) == (20, 20)


def test_list_shows_metadata_by_name_under_a_prefix(root):
    certified = make_certificate()
    for name, path in (("b", "/x/"), ("A", "/x/y/"), ("c", "/")):
        upload(root, name, certified, Path=path)

    first = perform(root, "ListServerCertificates", PathPrefix="/x", MaxItems=1)
    rest = perform(root, "ListServerCertificates", PathPrefix="/x", Marker=first["Marker"])

    names = [row["ServerCertificateName"] for page in (first, rest) for row in page["ServerCertificateMetadataList"]]
    assert (names, first["IsTruncated"], rest["IsTruncated"]) == (["A", "b"], True, False)
    assert set(rest["ServerCertificateMetadataList"][0]) == {
        "Path",
        "ServerCertificateName",
        "ServerCertificateId",
        "Arn",
        "UploadDate",
        "Expiration",
    }


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number(root, django_assert_max_num_queries, count):
    certified = make_certificate()
    for number in range(count):
        upload(root, f"web-{number}", certified)

    with django_assert_max_num_queries(5, connection=connection):
        assert len(perform(root, "ListServerCertificates")["ServerCertificateMetadataList"]) == count


def test_certificate_is_renamed_and_moved(account, root):
    upload(root, "web")
    unique_id = ServerCertificate.objects.get().unique_id
    upload(root, "other")

    perform(
        root,
        "UpdateServerCertificate",
        ServerCertificateName="web",
        NewServerCertificateName="Web2",
        NewPath="/new/",
    )

    moved = perform(root, "GetServerCertificate", ServerCertificateName="web2")["ServerCertificate"]
    metadata = moved["ServerCertificateMetadata"]
    assert (metadata["ServerCertificateId"], metadata["Arn"]) == (
        unique_id,
        f"arn:aws:iam::{account.pk}:server-certificate/new/Web2",
    )
    taken = refusal_of(root, "UpdateServerCertificate", ServerCertificateName="web2", NewServerCertificateName="OTHER")
    assert taken.code == "EntityAlreadyExists"
    assert Change.objects.filter(operation="UpdateServerCertificate").get().entities == [
        ["server-certificate", "web"],
        ["server-certificate", "Web2"],
    ]


def test_renaming_must_be_allowed_for_both_names(account, root):
    arn = f"arn:aws:iam::{account.pk}:server-certificate"
    upload(root, "old", Path="/p/")
    old = allow("iam:UpdateServerCertificate", resource=f"{arn}/p/old")
    both = allow("iam:UpdateServerCertificate", resource=[f"{arn}/p/old", f"{arn}/p/new"])
    asked = {"ServerCertificateName": "old", "NewServerCertificateName": "new"}

    error = refusal_of(principal_of(make_user(account, "one", statements=[old])), "UpdateServerCertificate", **asked)
    perform(principal_of(make_user(account, "two", statements=[both])), "UpdateServerCertificate", **asked)

    assert (error.code, f"{arn}/p/new" in error.message) == ("AccessDenied", True)


def test_tags_are_echoed_listed_and_removed(root):
    uploaded = upload(root, "web", Tags=[{"Key": "Team", "Value": "a"}])

    perform(root, "TagServerCertificate", ServerCertificateName="web", Tags=[{"Key": "TEAM", "Value": "b"}])
    perform(root, "UntagServerCertificate", ServerCertificateName="web", TagKeys=["Team"])

    assert uploaded["Tags"] == [{"Key": "Team", "Value": "a"}]
    tags = perform(root, "ListServerCertificateTags", ServerCertificateName="web")
    assert tags == {"Tags": [{"Key": "TEAM", "Value": "b"}], "IsTruncated": False}


def test_tags_of_request_and_resource_decide(account, root):
    asked = {"StringEquals": {"aws:RequestTag/team": "data"}}
    own = {"StringEquals": {"aws:ResourceTag/team": "data"}}
    alice = principal_of(
        make_user(
            account,
            statements=[
                allow("iam:UploadServerCertificate", "iam:TagServerCertificate", Condition=asked),
                allow("iam:DeleteServerCertificate", Condition=own),
            ],
        )
    )
    upload(root, "of-others")

    upload(alice, "own", Tags=[{"Key": "team", "Value": "data"}])
    untagged = refusal_of(alice, "UploadServerCertificate", ServerCertificateName="x", **parts_of(make_certificate()))
    foreign = refusal_of(alice, "DeleteServerCertificate", ServerCertificateName="of-others")
    perform(alice, "DeleteServerCertificate", ServerCertificateName="own")

    assert (untagged.code, foreign.code) == ("AccessDenied", "AccessDenied")


def test_private_key_in_the_place_of_a_chain_leaves_no_trace(account, root):
    certified = make_certificate()
    parts = {"CertificateBody": certified.pem, "PrivateKey": certified.key_pem, "CertificateChain": certified.key_pem}

    with pytest.raises(IamError):
        perform(root, "UploadServerCertificate", ServerCertificateName="web", **parts)

    assert "PRIVATE KEY" not in str(Event.objects.filter(name="UploadServerCertificate").values())
