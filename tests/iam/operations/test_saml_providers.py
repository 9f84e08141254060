"""SAML providers."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db.models import F
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event, QuotaShard, SamlPrivateKey
from iam.operations import perform
from iam.queries.documents import documents_of
from tests.factories import allow, make_account, make_user, principal_of, root_of
from tests.iam.operations.identity_providers import KEY, metadata, pem_of

pytestmark = pytest.mark.django_db
PEM = pem_of(KEY)


@pytest.fixture
def root():
    return root_of(make_account())


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def create(root, name="Corporate", **parameters) -> str:
    parameters = {"SAMLMetadataDocument": metadata(), **parameters}
    return perform(root, "CreateSAMLProvider", Name=name, **parameters)["SAMLProviderArn"]


def get(root, arn):
    return perform(root, "GetSAMLProvider", SAMLProviderArn=arn)


def test_create_keeps_the_metadata_as_they_are(root):
    arn = create(root, Tags=[{"Key": "team", "Value": "a"}])

    provider = get(root, arn)
    assert arn == f"arn:aws:iam::{root.account_id}:saml-provider/Corporate"
    assert provider["SAMLMetadataDocument"] == metadata()
    assert provider["Tags"] == [{"Key": "team", "Value": "a"}]
    assert provider["SAMLProviderUUID"].startswith("SAMLSP")
    assert provider["AssertionEncryptionMode"] == "Allowed"
    assert provider["PrivateKeyList"] == []
    assert provider["ValidUntil"].year == timezone.now().year + 100


def test_metadata_may_end(root):
    arn = create(root, SAMLMetadataDocument=metadata(attributes='validUntil="2031-02-03T04:05:06.789Z"'))

    assert get(root, arn)["ValidUntil"].isoformat() == "2031-02-03T04:05:06.789000+00:00"
    (listed,) = perform(root, "ListSAMLProviders")["SAMLProviderList"]
    assert listed["Arn"] == arn
    assert listed["ValidUntil"] == get(root, arn)["ValidUntil"]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">'
    '<!ENTITY e SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize(
    "document",
    [
        "a" * 1024,
        metadata().replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata().replace('entityID="', 'x="'),
        metadata().replace('use="signing"', 'use="encryption"'),
        metadata().replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
        metadata().replace("<md:EntityDescriptor", BOMB + "<md:EntityDescriptor", 1),
        metadata()
        .replace("<md:EntityDescriptor", BOMB + "<md:EntityDescriptor", 1)
        .replace('entityID="', 'entityID="&c;'),
        metadata(attributes='validUntil="soon"'),
        "<a>" * 2000 + "</a>" * 2000,
    ],
)
def test_metadata_that_say_nothing_are_refused(root, document):
    error = refusal(root, "CreateSAMLProvider", Name="Corporate", SAMLMetadataDocument=document)

    assert (error.code, error.message) == ("InvalidInput", "Could not parse metadata.")


def test_name_is_taken_once(root):
    create(root)

    assert refusal(root, "CreateSAMLProvider", Name="CORPORATE", SAMLMetadataDocument=metadata()).code == (
        "EntityAlreadyExists"
    )


def test_providers_of_an_account_are_limited():
    account = make_account()
    QuotaShard.objects.filter(account=account, resource="SAMLProvidersPerAccount").update(used=F("quota"))

    error = refusal(root_of(account), "CreateSAMLProvider", Name="Corporate", SAMLMetadataDocument=metadata())

    assert error.message == "Cannot exceed quota for SAMLProvidersPerAccount: 100"


def test_metadata_are_replaced(root):
    arn = create(root)
    fresh = metadata(entity_id="https://elsewhere.example")

    perform(root, "UpdateSAMLProvider", SAMLProviderArn=arn, SAMLMetadataDocument=fresh)

    assert get(root, arn)["SAMLMetadataDocument"] == fresh
    assert "No updates are defined" in refusal(root, "UpdateSAMLProvider", SAMLProviderArn=arn).message


def test_private_keys_are_sealed_and_come_and_go(root):
    arn = create(root, AddPrivateKey=PEM, AssertionEncryptionMode="Required")
    (first,) = get(root, arn)["PrivateKeyList"]
    removing = {"SAMLProviderArn": arn, "RemovePrivateKey": first["KeyId"]}
    assert refusal(root, "UpdateSAMLProvider", **removing).message == "Failed to remove private key."

    perform(root, "UpdateSAMLProvider", SAMLProviderArn=arn, AddPrivateKey=PEM)
    third = refusal(root, "UpdateSAMLProvider", SAMLProviderArn=arn, AddPrivateKey=PEM)
    perform(root, "UpdateSAMLProvider", **removing)

    assert (third.code, third.message) == ("LimitExceeded", "Private key limit of 2 is reached.")
    assert len(get(root, arn)["PrivateKeyList"]) == 1
    assert PEM.encode() not in bytes(SamlPrivateKey.objects.get().sealed_key)
    assert "PRIVATE KEY" not in json.dumps(list(Event.objects.values_list("request_parameters", flat=True)))
    again = refusal(root, "UpdateSAMLProvider", **removing).message
    assert again == "Failed to remove private key because the Key ID does not match a private key."


def test_keys_that_decrypt_nothing_are_refused(root):
    elliptic = pem_of(ec.generate_private_key(ec.SECP256R1()))
    for pem in ("x", elliptic, PEM.replace("BEGIN PRIVATE KEY", "BEGIN ENCRYPTED PRIVATE KEY")):
        error = refusal(
            root, "CreateSAMLProvider", Name="Corporate", SAMLMetadataDocument=metadata(), AddPrivateKey=pem
        )
        assert (error.code, error.message) == ("InvalidInput", "Invalid private key.")


def test_encryption_is_required_only_with_a_key(root):
    arn = create(root)

    error = refusal(root, "UpdateSAMLProvider", SAMLProviderArn=arn, AssertionEncryptionMode="Required")

    assert error.message == "Unable to set assertion encryption mode to Required because no private key is provided."
    both = {"AddPrivateKey": PEM, "RemovePrivateKey": "A" * 22}
    assert "Unable to add and remove" in refusal(root, "UpdateSAMLProvider", SAMLProviderArn=arn, **both).message


def test_delete_forgets_the_provider(root):
    arn = create(root, AddPrivateKey=PEM)

    perform(root, "DeleteSAMLProvider", SAMLProviderArn=arn)

    error = refusal(root, "GetSAMLProvider", SAMLProviderArn=arn)
    assert (error.code, error.message) == ("NoSuchEntity", f"Manifest not found for arn {arn}")
    assert refusal(root, "DeleteSAMLProvider", SAMLProviderArn=arn).code == "NoSuchEntity"
    assert not SamlPrivateKey.objects.exists()
    assert perform(root, "GetAccountSummary")["SummaryMap"]["Providers"] == 0


def test_tags_come_and_go(root):
    arn = create(root)

    perform(root, "TagSAMLProvider", SAMLProviderArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    perform(root, "UntagSAMLProvider", SAMLProviderArn=arn, TagKeys=["a"])

    assert perform(root, "ListSAMLProviderTags", SAMLProviderArn=arn)["Tags"] == [{"Key": "b", "Value": ""}]


def test_creating_with_tags_needs_permission_for_both():
    account = make_account()
    user = principal_of(make_user(account, statements=[allow("iam:CreateSAMLProvider")]))
    create(user)

    error = refusal(
        user, "CreateSAMLProvider", Name="Two", SAMLMetadataDocument=metadata(), Tags=[{"Key": "a", "Value": "1"}]
    )

    assert error.code == "AccessDenied"
    assert "iam:TagSAMLProvider" in error.message


def test_document_has_no_private_key(root):
    create(root, AddPrivateKey=PEM)

    (document,) = documents_of(root.account_id, [("saml-provider", "corporate")]).values()

    assert document["SAMLMetadataDocument"] == metadata()
    assert list(document["PrivateKeyList"][0]) == ["KeyId", "Timestamp"]


@pytest.mark.parametrize("size", [1024, 2048])
def test_rsa_keys_of_any_size_are_kept(root, size):
    create(root, AddPrivateKey=pem_of(rsa.generate_private_key(public_exponent=65537, key_size=size)))

    assert SamlPrivateKey.objects.count() == 1
