"""Every address of the console, visited by a user who may do nothing, and by one of another account."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from iam.models import (
    AccessKey,
    Account,
    Analyzer,
    ArchiveRule,
    Change,
    Connection,
    DelegationRequest,
    Drift,
    Event,
    Finding,
    Group,
    GroupInlinePolicy,
    GroupPolicyAttachment,
    Handover,
    Inventory,
    LoginProfile,
    ManagedPolicy,
    Membership,
    Onboarding,
    OpenIdConnectProvider,
    PasswordPolicy,
    RootUser,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
    UserTag,
)
from iam.operations import Step, drifts, handovers, onboarding, perform, perform_change_set
from iam.operations.drafts import create_draft, save_step
from iam.sync.analyzing import scan
from tests import factories
from tests.factories import allow, policy_document

pytestmark = pytest.mark.django_db
# The tables that hold an account, and what leads from each to the account.
KEPT = {
    AccessKey: "account",
    Account: "pk",
    Analyzer: "account",
    ArchiveRule: "analyzer__account",
    Change: "account",
    Connection: "owner",
    DelegationRequest: "owner_account",
    Drift: "account",
    Finding: "analyzer__account",
    Group: "account",
    GroupInlinePolicy: "group__account",
    GroupPolicyAttachment: "group__account",
    Handover: "account",
    Inventory: "account",
    LoginProfile: "user__account",
    ManagedPolicy: "account",
    Membership: "user__account",
    Onboarding: "account",
    OpenIdConnectProvider: "account",
    PasswordPolicy: "account",
    ServiceSpecificCredential: "account",
    SigningCertificate: "account",
    SshPublicKey: "user__account",
    User: "account",
    UserInlinePolicy: "user__account",
    UserPolicyAttachment: "user__account",
    UserTag: "user__account",
}
# Boxes ticked in tables, rows opened, an order and a search that would tell.
QUERY = (
    "?user=victim&user=mallory&group=Team&policy=inline%7Cinline&expand=inline%7Cinline&sort=-groups&entity=user/victim"
)
RULE = {"resource": {"eq": ["HiddenResource"]}}
# Everything that must not be read has this in its name, and no request says it.
SECRET = re.compile(r"Hidden\w+|A(?:KI|PK|CC)A\w+")


def patterns(resolver: Any, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and not getattr(pattern.callback, "is_public", False):
            yield prefix + str(pattern.pattern)


def ask_for_access(account):
    """Let a partner ask for access to an account, and return the id of its request."""
    partner = factories.make_account()
    template = factories.make_policy(partner, "Deploy", allow("s3:HiddenAction"))
    return perform(
        factories.root_of(partner),
        "CreateDelegationRequest",
        OwnerAccountId=account.pk,
        Description="HiddenDescription",
        Permissions={"PolicyTemplateArn": template.arn},
        RequestorWorkflowId="workflow-1",
        NotificationChannel="arn:aws:sns:us-east-1:111122223333:partner",
        SessionDuration=3600,
    )["DelegationRequestId"]


@pytest.fixture
def account():
    """An account in which `victim` and `Team` hold one of everything."""
    account = factories.make_account()
    root = factories.root_of(account)
    victim = factories.make_user(account, "victim", Tags=[{"Key": "HiddenKey", "Value": "HiddenValue"}])
    factories.make_group(account, "Team", members=[victim])
    factories.make_group(account, "HiddenGroup", members=[victim])
    policy = factories.make_policy(account, "Things", allow("s3:HiddenAction"))
    inline = {"PolicyName": "inline", "PolicyDocument": policy_document(allow("s3:HiddenInline"))}
    perform_change_set(
        root,
        [
            Step("AttachUserPolicy", {"UserName": "victim", "PolicyArn": policy.arn}),
            Step("AttachGroupPolicy", {"GroupName": "Team", "PolicyArn": policy.arn}),
            Step("PutUserPolicy", {"UserName": "victim", **inline}),
            Step("PutGroupPolicy", {"GroupName": "Team", **inline}),
            Step("CreateAccessKey", {"UserName": "victim"}),
            Step("CreateAnalyzer", {"analyzerName": "victim", "type": "ACCOUNT"}),
            Step("CreateArchiveRule", {"analyzerName": "victim", "ruleName": "inline", "filter": RULE}),
        ],
        title="HiddenTitle",
    )
    factories.give_password(victim)
    provider = {
        "Url": "https://idp.example.com",
        "ClientIDList": ["HiddenAudience"],
        "Tags": [{"Key": "a", "Value": "HiddenTag"}],
    }
    perform(root, "CreateOpenIDConnectProvider", **provider)
    request_id = ask_for_access(account)
    perform(root, "AssociateDelegationRequest", DelegationRequestId=request_id)
    factories.make_role(account, "HiddenRole", trust=factories.trust_document({"AWS": "123456789012"}))
    scan()
    handovers.create(root, [handovers.Handed("victim", (("HiddenLabel", "HiddenValue"),))], handovers.LIFETIMES[0])
    onboarding.request_onboarding(
        root,
        [onboarding.NewUser("HiddenUser", has_console_access=True)],
        requires_reset=False,
        attaches_change_password=False,
        first=lambda: None,
    )
    onboarding.carry_out_next()
    factories.give_credentials(victim)
    hidden = [{"Key": "HiddenKey", "Value": "HiddenValue"}]
    drifts.record(account.pk, ("user", "victim"), {"Tags": drifts.Values(hidden, hidden, [])})
    factories.make_connection(account, name="HiddenConnection", external_id="HiddenExternalId")
    return account


@pytest.fixture
def addresses(account):
    """Every address of a page that is not public, with names and ids of the account in it."""
    change = Change.objects.filter(account=account, operation="AttachUserPolicy").get()
    draft = create_draft(factories.root_of(account), "create-user")
    save_step(factories.root_of(account), "create-user", draft, "details", {"user_name": ["HiddenDraft"]})
    credentials = {
        "/signing-certificates/": SigningCertificate.objects.get(account=account).pk,
        "/ssh-public-keys/": SshPublicKey.objects.get(user__account=account).pk,
        "/service-credentials/": ServiceSpecificCredential.objects.get(account=account).pk,
    }
    values = {
        "for_service": "codecommit",
        "account": account.pk,
        "policy": "inline",
        "key_id": AccessKey.objects.get(account=account).pk,
        "draft": draft,
        "handover": Handover.objects.get(account=account).pk,
        "onboarding": Onboarding.objects.get(account=account).pk,
        "step": "details",
        "change_set_id": change.change_set_id,
        "change_id": change.pk,
        "arn": ManagedPolicy.objects.get(account=account).arn,
        "service": "iam",
        "event_id": Event.objects.filter(account_id=account.pk, name="AttachUserPolicy").get().event_id,
        "kind": "json",
        "request_id": DelegationRequest.objects.get(owner_account=account).pk,
        "session_id": "unknown",
        "region_id": "eu-west-1",
        "finding_id": Finding.objects.get(analyzer__account=account).pk,
        "rule": "inline",
        "entity": "user",
        "drifting": "victim",
        "connection": Connection.objects.get(owner=account).pk,
    }

    def address(pattern: str) -> str:
        names = {**values, "name": "Team" if pattern.startswith("groups/") else "victim"}
        names["credential_id"] = next((pk for part, pk in credentials.items() if part in f"/{pattern}"), "")
        if pattern.startswith("identity-providers/"):
            names["arn"] = OpenIdConnectProvider.objects.get(account=account).arn
        filled = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(names[found[1]]), pattern.replace("^", ""))
        return "/" + re.sub(r"<(?:\w+:)*(\w+)>", lambda found: str(names[found[1]]), filled).rstrip("$")

    return sorted({address(pattern) for pattern in patterns(get_resolver())})


@pytest.fixture(params=["without permissions", "of another account"])
def stranger(account, request):
    """Somebody who may see and do nothing here, though perhaps everything elsewhere."""
    if request.param == "without permissions":
        return factories.principal_of(factories.make_user(account, "mallory"))
    other = factories.make_account()
    return factories.principal_of(factories.make_user(other, "mallory", statements=[allow("*")]))


def state(account):
    """Return the rows of an account, by table."""
    rows = {}
    for model, owner in KEPT.items():
        found = model.objects.filter(**{owner: account.pk}).values()
        rows[model.__name__] = sorted(map(str, found))
    return rows


def test_pages_tell_root(account):
    client = factories.sign_in(Client(), factories.root_of(account))

    assert SECRET.search(client.get("/users/details/victim/tags/").content.decode())


@pytest.fixture
def mirror(account):
    """The account as if it were in AWS, entered by an administrator of another one, who is returned as a client."""
    owner = factories.make_account()
    connection = factories.make_connection(owner)
    Account.objects.filter(pk=account.pk).update(kind=Account.Kind.AWS)
    RootUser.objects.filter(account=account).delete()
    role = connection.entry_role_arn.partition(":role/")[2]
    Connection.objects.filter(pk=connection.pk).update(
        account=account, entry_role_arn=f"arn:aws:iam::{account.pk}:role/{role}"
    )
    administrator = factories.make_user(owner, "admin", statements=[allow("*")])
    client = factories.sign_in(Client(), factories.principal_of(administrator))
    assert client.post("/switchrole", {"account": account.pk, "roleName": role}).status_code == 302
    return client


def test_every_page_bears_an_account_in_aws(addresses, mirror):
    answers = {address: mirror.get(address).status_code for address in (*addresses, "/roles/details/HiddenRole/")}

    assert {address: code for address, code in answers.items() if code >= 500} == {}
    assert {answers[address] for address in ("/users/", "/credential-report/", "/roles/details/HiddenRole/")} == {200}


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_no_page_tells_a_stranger_anything(addresses, stranger, headers):
    client = factories.sign_in(Client(), stranger)

    told = {}
    for address in addresses:
        for query in ("", QUERY):
            response = client.get(address + query, headers=headers)
            # What the address says itself, a page may repeat.
            found = SECRET.findall(response.getvalue().decode().replace(address, ""))
            told[address + query] = [word for word in found if word not in address]

    assert {address: words for address, words in told.items() if words} == {}


# What any form of the console asks for; of those that ask for a name to be typed, each takes another one.
FORM = {
    "user": "victim",
    "policy": "arn:aws:iam::aws:policy/AdministratorAccess",
    "group": "Team",
    "access": "enable",
    "method": "generated",
    "use_case": "other",
    "new_user_name": "other",
    "new_group_name": "other",
    "group_name": "new",
    "tag-key": "a",
    "tag-value": "b",
    "policy_name": "new",
    "policy_document": policy_document(allow("*")),
    "account_alias": "mine",
    "choice": "default",
    "do": "approve",
    "body": "ssh-rsa none",
    "analyzer_name": "new",
    "type": "ACCOUNT_UNUSED_ACCESS",
    "age": "7",
    "status": "ARCHIVED",
    "rule_name": "new",
    "property_1": "resource",
    "operator_1": "eq",
    "operator_2": "eq",
    "operator_3": "eq",
    "value_1": "x",
    "role_arn": "arn:aws:iam::123456789012:role/any",
    "read_only": "1",
    "name": "other",
    "region": "eu-west-1",
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "other",
}
TYPED = ("victim", "Team", "delete", "inline", "disconnect")


def test_no_forged_form_changes_anything(account, addresses, stranger):
    client = factories.sign_in(Client(), stranger)
    before = state(account)
    finding = str(Finding.objects.get(analyzer__account=account).pk)

    for address in addresses:
        for typed in TYPED:
            form = {**FORM, "finding": finding, "confirm": typed}
            assert client.post(address + QUERY, form).status_code < 500, (address, typed)

    assert state(account) == before
