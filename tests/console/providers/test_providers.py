"""The pages of identity providers."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from iam.models import Change, OpenIdConnectProvider, SamlPrivateKey, SamlProvider
from iam.operations import perform
from tests import factories
from tests.factories import allow, root_of
from tests.iam.operations.identity_providers import KEY, metadata, pem_of

pytestmark = pytest.mark.django_db
URL = "/identity-providers/"
THUMBPRINT = "6938fd4d98bab03faadb97b34396831e3780aea1"
ISSUER = "token.actions.githubusercontent.com"


def file(text, name="metadata.xml"):
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def page(name, arn):
    return reverse(f"providers:{name}", args=[arn])


@pytest.fixture
def saml(account):
    return perform(
        root_of(account),
        "CreateSAMLProvider",
        Name="Corporate",
        SAMLMetadataDocument=metadata(),
        AddPrivateKey=pem_of(KEY),
        Tags=[{"Key": "team", "Value": "directory"}],
    )["SAMLProviderArn"]


@pytest.fixture
def oidc(account):
    return perform(
        root_of(account),
        "CreateOpenIDConnectProvider",
        Url=f"https://{ISSUER}",
        ClientIDList=["sts.amazonaws.com", "second"],
        ThumbprintList=[THUMBPRINT],
    )["OpenIDConnectProviderArn"]


def names_in(response):
    return [row.name for row in response.context["page"].rows]


def test_both_types_are_listed(client, root, saml, oidc):
    assert names_in(client.get(URL)) == ["Corporate", ISSUER]
    assert names_in(client.get(f"{URL}?type=SAML")) == ["Corporate"]
    assert names_in(client.get(f"{URL}?q=GITHUB&sort=-name")) == [ISSUER]
    assert "No matches" in client.get(f"{URL}?q=zz").content.decode()


def test_who_comes_in_is_changed_by_a_fresh_sign_in_alone(client, root, saml, oidc):
    factories.age_session(client, issued=timedelta(hours=1))
    pages = [
        f"{URL}create/",
        page("replace-metadata", saml),
        page("add-private-key", saml),
        page("add-audience", oidc),
        page("thumbprints", oidc),
    ]

    assert [client.get(url).url.startswith(reverse("signin:confirm")) for url in pages] == [True] * 5
    assert client.post(page("thumbprints", oidc), {}).url.startswith(reverse("signin:confirm"))


def test_each_type_is_listed_under_its_own_permission(client, signed_in_as, saml, oidc):
    signed_in_as(allow("iam:ListOpenIDConnectProviders"))

    response = client.get(URL)

    assert names_in(response) == [ISSUER]
    assert response.context["page"].rows[0].created_at is None
    assert "iam:ListSAMLProviders" in response.content.decode()


def test_the_list_takes_a_bounded_number_of_queries(client, root, saml, oidc, account, django_assert_max_num_queries):
    for number in range(5):
        perform(root, "CreateSAMLProvider", Name=f"P{number}", SAMLMetadataDocument=metadata())

    with django_assert_max_num_queries(14):
        client.get(URL)


def test_a_saml_provider_is_added(client, root, account):
    form = {"type": "saml", "name": "Corporate", "encryption_mode": "Required", "tag-key": "a", "tag-value": "b"}
    files = {"metadata_document": file(metadata()), "private_key": file(pem_of(KEY), "key.pem")}

    response = client.post(f"{URL}create/", {**form, **files})

    assert response.headers["Location"] == URL
    provider = SamlProvider.objects.get(account=account)
    assert (provider.name, provider.assertion_encryption_mode) == ("Corporate", "Required")
    assert provider.metadata_document == metadata()
    assert SamlPrivateKey.objects.get().provider == provider
    assert page("assign-role", provider.arn) in client.get(URL).content.decode()


def test_no_private_key_is_shown_or_told(client, root, saml):
    everything = client.get(page("details", saml)).content.decode() + str(list(Change.objects.values()))

    assert "PRIVATE KEY" not in everything


def test_an_openid_connect_provider_is_added(client, root, account):
    digest = ":".join(THUMBPRINT[place : place + 2] for place in range(0, 40, 2))
    form = {"type": "oidc", "url": f"https://{ISSUER}", "audience": "sts.amazonaws.com", "thumbprints": digest}

    client.post(f"{URL}create/", form)

    provider = OpenIdConnectProvider.objects.get(account=account)
    assert (provider.url, provider.client_ids, provider.thumbprints) == (ISSUER, ["sts.amazonaws.com"], [THUMBPRINT])


def test_the_other_type_is_shown_by_link_and_by_button(client, root):
    assert "Provider URL" in client.get(f"{URL}create/?type=oidc").content.decode()
    shown = client.post(f"{URL}create/", {"type": "oidc", "look": "1", "name": "kept"})
    assert shown.status_code == 200
    assert "Provider URL" in shown.content.decode()


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            metadata()
            .replace('encoding="UTF-8"?>', f'encoding="UTF-8"?>{LAUGHS}')
            .replace("entityID=", 'x="&b;" entityID='),
            "Could not parse",
        ),
        (metadata().replace('encoding="UTF-8"?>', f'encoding="UTF-8"?>{OUTSIDE}'), "Could not parse"),
        ("<a>" * 2000, "Could not parse"),
        ("no xml " * 200, "Could not parse"),
        ("\ufeff" + metadata(), "byte order mark"),
        (metadata().encode("utf-16"), "not text in UTF-8"),
        ("short", "length"),
    ],
    ids=["laughs", "outside", "depth", "text", "mark", "utf-16", "short"],
)
def test_bad_metadata_are_refused_at_their_field(client, root, account, content, words):
    response = client.post(
        f"{URL}create/", {"type": "saml", "name": "X", "encryption_mode": "Allowed", "metadata_document": file(content)}
    )

    assert response.status_code == 422
    assert words in str(response.context["form"].errors["metadata_document"])
    assert not SamlProvider.objects.filter(account=account).exists()


def test_too_large_a_file_is_refused_before_it_is_read(client, root):
    response = client.post(f"{URL}create/", {"type": "saml", "name": "X", "metadata_document": file("x" * 12_000_000)})

    assert response.status_code == 400


def test_faults_stand_at_their_fields(client, root, oidc):
    taken = client.post(f"{URL}create/", {"type": "oidc", "url": f"https://{ISSUER}", "audience": "a"})
    plain = client.post(f"{URL}create/", {"type": "oidc", "url": "http://idp.example.com", "audience": "a"})
    bad = client.post(
        f"{URL}create/", {"type": "oidc", "url": "https://x.example.com", "audience": "a", "thumbprints": "zz"}
    )
    tagged = client.post(
        f"{URL}create/",
        {"type": "oidc", "url": "https://x.example.com", "audience": "a", "tag-key": "", "tag-value": "b"},
    )

    assert "already exists" in str(taken.context["form"].errors["url"])
    assert "https://" in str(plain.context["form"].errors["url"])
    assert "thumbprints" in bad.context["form"].errors
    assert (tagged.status_code, tagged.context["form"].errors) == (422, {})


def test_names_from_elsewhere_are_text(client, root, account):
    url = "idp.example.com/<script>alert(1)</script>"
    arn = perform(root, "CreateOpenIDConnectProvider", Url=f"https://{url}", ClientIDList=["<b>x</b>"])[
        "OpenIDConnectProviderArn"
    ]

    shown = client.get(URL).content.decode() + client.get(page("details", arn)).content.decode()

    assert "<script>alert" not in shown
    assert "<b>x</b>" not in shown


def test_a_provider_is_shown(client, root, saml, oidc):
    of_saml, of_oidc = (client.get(page("details", arn)).content.decode() for arn in (saml, oidc))

    assert "/saml/acs/" in of_saml
    assert "directory" in of_saml
    assert THUMBPRINT in of_oidc
    assert "sts.amazonaws.com" in of_oidc


def test_details_take_a_bounded_number_of_queries(client, root, saml, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        client.get(page("details", saml))


def test_metadata_are_a_file(client, root, saml):
    response = client.get(page("metadata", saml))

    assert response.content.decode() == metadata()
    assert response.headers["Content-Disposition"] == 'attachment; filename="Corporate-metadata.xml"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_metadata_are_replaced(client, root, saml):
    new = metadata(entity_id="https://other.example.com/saml")

    client.post(page("replace-metadata", saml), {"metadata_document": file(new)})
    refused = client.post(page("replace-metadata", saml), {"metadata_document": file("x" * 1000)})

    assert SamlProvider.objects.get().metadata_document == new
    assert refused.status_code == 422


def test_encryption_is_changed(client, root, saml):
    key_id = SamlPrivateKey.objects.get().key_id

    client.post(page("change-mode", saml), {"mode": "Required"})
    last = client.post(f"{page('remove-private-key', saml)}?key={key_id}")
    client.post(page("add-private-key", saml), {"private_key": file(pem_of(KEY), "key.pem")})
    client.post(f"{page('remove-private-key', saml)}?key={key_id}")

    assert last.status_code == 422
    assert SamlProvider.objects.get().assertion_encryption_mode == "Required"
    assert SamlPrivateKey.objects.exclude(key_id=key_id).count() == 1
    assert not SamlPrivateKey.objects.filter(key_id=key_id).exists()
    assert client.get(f"{page('remove-private-key', saml)}?key=other").status_code == 404


def test_audiences_come_and_go_but_for_the_last(client, root, oidc):
    remove = f"{page('remove-audience', oidc)}?audience="

    client.post(page("add-audience", oidc), {"audience": "third"})
    mistyped = client.post(f"{remove}second", {"confirm": "Remove"})
    for audience in ("second", "third", "sts.amazonaws.com"):
        client.post(remove + audience, {"confirm": "remove"})

    assert mistyped.status_code == 422
    assert OpenIdConnectProvider.objects.get().client_ids == ["sts.amazonaws.com"]


def test_thumbprints_are_changed_together(client, root, oidc):
    other = "a" * 40

    client.post(page("thumbprints", oidc), {"thumbprints": f"{THUMBPRINT}\r\n{other}"})
    refused = client.post(page("thumbprints", oidc), {"thumbprints": "\n".join(["b" * 40] * 6)})

    assert OpenIdConnectProvider.objects.get().thumbprints == [THUMBPRINT, other]
    assert refused.status_code == 422


def test_tags_are_changed_and_differ_by_case(client, root, saml):
    client.post(page("manage-tags", saml), {"tag-key": ["Team", "team"], "tag-value": ["a", "b"]})

    tags = set(SamlProvider.objects.get().tags.values_list("key", "value"))
    assert tags == {("Team", "a"), ("team", "b")}


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_provider_is_deleted_after_a_word(client, root, saml, way):
    address = page("delete", saml) if way == "page" else f"{URL}delete/?provider={saml}"

    mistyped = client.post(address, {"confirm": "Corporate"})
    client.post(address, {"confirm": "delete"})

    assert mistyped.status_code == 422
    assert not SamlProvider.objects.exists()


def test_a_role_is_assigned(client, root, saml, oidc):
    for arn, kind in ((saml, "saml"), (oidc, "web-identity")):
        wizard = client.post(page("assign-role", arn), {"role": "new"}).headers["Location"]
        step = client.get(client.get(wizard).headers["Location"])
        assert step.context["form"].chosen_type == kind
        assert step.context["form"].panel.data["provider"] == arn
        assert step.context["form"].panel.errors == {}
    assert client.post(page("assign-role", saml), {"role": "existing"}).headers["Location"] == "/roles/"


PAGES = (
    "details",
    "delete",
    "assign-role",
    "manage-tags",
    "metadata",
    "replace-metadata",
    "change-mode",
    "add-private-key",
    "remove-private-key",
    "add-audience",
    "remove-audience",
    "thumbprints",
)


def test_nobody_reaches_the_provider_of_another_account(client, saml, oidc):
    other = factories.make_account()
    factories.sign_in(client, root_of(other))

    for arn in (saml, oidc):
        for name in PAGES:
            assert client.get(page(name, arn)).status_code == 404
            assert client.post(page(name, arn), {"confirm": "delete"}).status_code in {404, 405}
    assert client.post(f"{URL}delete/?provider={saml}", {"confirm": "delete"}).status_code == 404


def test_whoever_may_not_read_a_provider_learns_nothing(client, signed_in_as, saml):
    signed_in_as()

    there, absent = client.get(page("details", saml)), client.get(page("details", saml + "x"))

    assert (there.status_code, absent.status_code) == (403, 403)
    assert "directory" not in there.content.decode()


def test_refusals_of_operations_are_told(client, signed_in_as, oidc):
    signed_in_as(allow("iam:GetOpenIDConnectProvider"))

    for name, form in (
        ("add-audience", {"audience": "x"}),
        ("thumbprints", {"thumbprints": ""}),
        ("delete", {"confirm": "delete"}),
    ):
        response = client.post(page(name, oidc), form)
        assert response.status_code == 422
        assert "is not authorized to perform: iam:" in response.content.decode()


def test_pages_of_the_other_type_are_none(client, root, saml, oidc):
    assert client.get(page("thumbprints", saml)).status_code == 404
    assert client.get(page("metadata", oidc)).status_code == 404
