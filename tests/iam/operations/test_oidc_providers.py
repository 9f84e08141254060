"""OpenID Connect providers."""

import pytest
from django.db.models import F

from iam.errors import IamError
from iam.models import OpenIdConnectProvider, QuotaShard
from iam.operations import perform
from iam.operations.accounts import reset_account
from iam.queries.documents import documents_of
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db
THUMBPRINT = "ab" * 20


@pytest.fixture
def root():
    return root_of(make_account())


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def create(root, url="https://idp.example.com/pool", **parameters) -> str:
    return perform(root, "CreateOpenIDConnectProvider", Url=url, **parameters)["OpenIDConnectProviderArn"]


def test_create_keeps_what_was_given(root):
    answer = perform(
        root,
        "CreateOpenIDConnectProvider",
        Url="https://idp.example.com/pool",
        ClientIDList=["app", "app", "other"],
        ThumbprintList=[THUMBPRINT],
        Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
    )

    arn = answer["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{root.account_id}:oidc-provider/idp.example.com/pool"
    assert answer["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    provider = perform(root, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert provider["Url"] == "idp.example.com/pool"
    assert provider["ClientIDList"] == ["app", "other"]
    assert provider["ThumbprintList"] == [THUMBPRINT]
    assert perform(root, "GetAccountSummary")["SummaryMap"]["Providers"] == 1


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com", "example.com"),
        ("http://example.com/x", "example.com/x"),
        ("https://example.com/x/?a=b#c", "example.com/x/"),
        ("https://example.com:8443/x", "example.com:8443/x"),
    ],
)
def test_arn_has_host_and_path_of_the_url(root, url, name):
    assert create(root, url).endswith(f":oidc-provider/{name}")


@pytest.mark.parametrize(
    "url",
    ["example.org", "ftp://example.org", "https://", "https://a@example.org", "https://exa mple.org", "https://[::1"],
)
def test_other_urls_are_refused(root, url):
    error = refusal(root, "CreateOpenIDConnectProvider", Url=url)

    assert (error.code, error.message) == ("ValidationError", "Invalid Open ID Connect Provider URL")


def test_url_is_taken_once(root):
    create(root)

    error = refusal(root, "CreateOpenIDConnectProvider", Url="https://IDP.example.com/pool")

    assert error.code == "EntityAlreadyExists"
    assert error.message == "Provider with url https://IDP.example.com/pool already exists."


def test_numbers_are_limited(root):
    too_many = [f"{number:040x}" for number in range(6)]
    assert refusal(root, "CreateOpenIDConnectProvider", Url="https://a.example", ThumbprintList=too_many).message == (
        "Thumbprint list must contain fewer than 5 entries."
    )
    ids = [str(number) for number in range(100)]
    arn = create(root, ClientIDList=ids)
    error = refusal(root, "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="one more")
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
    )
    perform(root, "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="7")
    assert (
        refusal(
            root, "UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=arn, ThumbprintList=["x" * 40]
        ).code
        == "InvalidInput"
    )


def test_providers_of_an_account_are_limited():
    account = make_account()
    QuotaShard.objects.filter(account=account, resource="OpenIDConnectProvidersPerAccount").update(used=F("quota"))

    error = refusal(root_of(account), "CreateOpenIDConnectProvider", Url="https://example.com")

    assert error.message == "Cannot exceed quota for OpenIDConnectProvidersPerAccount: 100"


def test_client_ids_and_thumbprints_change(root):
    arn = create(root, ClientIDList=["a", "b"])

    perform(root, "RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="a")
    perform(root, "RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="a")
    perform(root, "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="c")
    perform(root, "UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=arn, ThumbprintList=[THUMBPRINT])

    provider = OpenIdConnectProvider.objects.get()
    assert provider.client_ids == ["b", "c"]
    assert provider.thumbprints == [THUMBPRINT]


def test_delete_is_idempotent_and_gives_the_place_back(root):
    arn = create(root)

    perform(root, "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    perform(root, "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)

    error = refusal(root, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert (error.code, error.message) == ("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")
    assert perform(root, "GetAccountSummary")["SummaryMap"]["Providers"] == 0


def test_arn_of_something_else_is_invalid(root):
    arn = f"arn:aws:iam::{root.account_id}:role/oidc-provider"

    assert refusal(root, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn).code == "InvalidInput"


def test_providers_of_other_accounts_are_not_seen(root):
    arn = create(root_of(make_account()))

    assert refusal(root, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn).code == "NoSuchEntity"
    assert perform(root, "ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": []}


def test_tags_come_and_go(root):
    arn = create(root, Tags=[{"Key": "team", "Value": "a"}])

    perform(root, "TagOpenIDConnectProvider", OpenIDConnectProviderArn=arn, Tags=[{"Key": "Team", "Value": "b"}])
    perform(root, "UntagOpenIDConnectProvider", OpenIDConnectProviderArn=arn, TagKeys=["team"])

    assert perform(root, "ListOpenIDConnectProviderTags", OpenIDConnectProviderArn=arn) == {
        "Tags": [{"Key": "Team", "Value": "b"}],
        "IsTruncated": False,
    }


def test_policies_name_providers_by_arn_and_tags():
    account = make_account()
    arn = create(root_of(account), Tags=[{"Key": "team", "Value": "a"}])
    other = create(root_of(account), "https://other.example")
    condition = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    user = principal_of(make_user(account, statements=[allow("iam:Get*", resource=arn, Condition=condition)]))

    perform(user, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)

    assert refusal(user, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=other).code == "AccessDenied"
    assert refusal(user, "CreateOpenIDConnectProvider", Url="https://new.example").code == "AccessDenied"


def test_provider_is_a_document_of_its_account(root):
    arn = create(root, ClientIDList=["app"])

    (document,) = documents_of(root.account_id, [("oidc-provider", "idp.example.com/pool")]).values()

    assert document["Arn"] == arn
    assert document["ClientIDList"] == ["app"]


def test_reset_account_has_no_providers_left(root):
    create(root)
    perform(root, "EnableOutboundWebIdentityFederation")

    reset_account(root.account_id)

    assert perform(root, "ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": []}
    assert perform(root, "GetAccountSummary")["SummaryMap"]["Providers"] == 0
    assert refusal(root, "GetOutboundWebIdentityFederationInfo").code == "FeatureDisabled"
