"""Accounts come, are set up once, and are emptied."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from iam.errors import IamError
from iam.models import (
    AccessKey,
    Account,
    Change,
    DelegationRequest,
    Event,
    Group,
    KnownDocument,
    ManagedPolicy,
    PasswordPolicy,
    QuotaShard,
    ServerCertificate,
    ServiceSpecificCredential,
    SetupLink,
    SigningCertificate,
    SshPublicKey,
    User,
)
from iam.operations import (
    accounts,
    console_sessions,
    drifts,
    handovers,
    inventories,
    onboarding,
    organizations,
    password_recovery,
    perform,
    quotas,
    signin,
)
from iam.operations.drafts import create_draft
from iam.operations.last_accesses import follow_events
from iam.operations.preferences import save_preferences
from iam.sync import analyzing
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    allow,
    give_credentials,
    give_password,
    make_account,
    make_connection,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_security_key,
    make_server_certificate,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)
from tests.iam.operations.identity_providers import KEY, metadata, pem_of

pytestmark = pytest.mark.django_db
PUBLIC = {"isPublic": {"eq": ["true"]}}
SET_UP = {"name": "Example Corp", "email": "owner@example.com", "password": ROOT_PASSWORD}


def refusal(function, *arguments, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        function(*arguments, **parameters)
    return caught.value


def test_create_account_has_quotas_and_a_root_who_signs_in():
    created = accounts.create_account(**SET_UP)

    assert created.account.pk.isdigit()
    assert len(created.account.pk) == 12
    assert created.access_key_id == created.secret_access_key == ""
    assert quotas.usage(created.account.pk)["Users"] == 0
    assert signin.sign_in_root("owner@example.com", ROOT_PASSWORD, SOURCE).principal.account_id == created.account.pk


def test_create_account_gives_root_a_key_where_asked():
    created = accounts.create_account(**SET_UP, with_root_access_key=True)

    key = AccessKey.objects.get(account=created.account)

    assert (key.pk, key.user) == (created.access_key_id, None)
    assert len(created.secret_access_key) == 40


@pytest.mark.parametrize(
    ("details", "code", "parameter"),
    [
        ({"name": ""}, "ValidationError", "AccountName"),
        ({"name": "x" * 51}, "ValidationError", "AccountName"),
        ({"name": "a\x00b"}, "ValidationError", "AccountName"),
        ({"email": "owner"}, "ValidationError", "Email"),
        ({"email": f"owner@{'x' * 63}.{'y' * 63}.{'z' * 63}.{'w' * 63}.com"}, "ValidationError", "Email"),
        ({"account_id": "12345678901"}, "ValidationError", "AccountId"),
        ({"account_id": "١٢٣٤٥٦٧٨٩٠١٢"}, "ValidationError", "AccountId"),
        ({"alias": "Acme"}, "ValidationError", "AccountAlias"),
        ({"alias": "123456789012"}, "ValidationError", "AccountAlias"),
        ({"alias": "1234-5678-9012"}, "ValidationError", "AccountAlias"),
        ({"alias": "acme--prod"}, "ValidationError", "AccountAlias"),
        ({"password": "short"}, "PasswordPolicyViolation", "Password"),
        ({"password": "alllowercaseletters"}, "PasswordPolicyViolation", "Password"),
        ({"password": "Owner@Example.com"}, "PasswordPolicyViolation", "Password"),
        ({"password": "Aa1!" * 33}, "PasswordPolicyViolation", "Password"),
    ],
)
def test_create_account_refuses_what_no_account_may_have(details, code, parameter):
    error = refusal(accounts.create_account, **{**SET_UP, **details})

    assert (error.code, error.parameter) == (code, parameter)
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"email": "Owner@example.com"}, "The root email address Owner@example.com already exists."),
        ({"account_id": "123456789012"}, "The account ID 123456789012 already exists."),
        ({"alias": "acme"}, "The account alias acme already exists."),
    ],
)
def test_create_account_names_what_is_taken(details, message):
    accounts.create_account(**SET_UP, account_id="123456789012", alias="acme")

    error = refusal(accounts.create_account, **{**SET_UP, "email": "second@example.com", **details})

    assert (error.code, error.message) == ("EntityAlreadyExists", message)


def test_reset_account_keeps_root_with_password_and_keys_and_the_history():
    created = accounts.create_account(**SET_UP, alias="acme", with_root_access_key=True)
    account = created.account
    policy = make_policy(account)
    alice = make_user(account, statements=[allow("s3:*")], PermissionsBoundary=policy.arn)
    give_password(alice)
    make_group(account, members=[alice])
    perform(root_of(account), "CreateAccessKey", UserName="alice")
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    perform(root_of(account), "UpdateAccountPasswordPolicy", MinimumPasswordLength=20)
    give_credentials(alice)
    make_server_certificate(account, Tags=[{"Key": "team", "Value": "web"}])
    events = Event.objects.count()

    accounts.reset_account(account.pk)

    for rows in (
        User,
        Group,
        ManagedPolicy,
        PasswordPolicy,
        SigningCertificate,
        SshPublicKey,
        ServiceSpecificCredential,
        ServerCertificate,
    ):
        assert not rows.objects.exists()
    assert list(AccessKey.objects.values_list("pk", flat=True)) == [created.access_key_id]
    assert Account.objects.get().alias is None
    assert sum(QuotaShard.objects.values_list("used", flat=True)) == 0
    assert Event.objects.count() == events
    assert signin.sign_in_root("owner@example.com", ROOT_PASSWORD, SOURCE).principal.is_root


def fill(account: Account) -> None:
    """Leave something of every kind in an account."""
    root, tags = root_of(account), [{"Key": "team", "Value": "web"}]
    policy = make_policy(account)
    alice = make_user(account, statements=[allow("s3:*")])
    password = give_password(alice)
    group, role = make_group(account, members=[alice]), make_role(account, statements=[allow("s3:*")])
    give_credentials(alice)
    make_mfa_device(alice)
    make_mfa_device(account)
    make_server_certificate(account, Tags=tags)
    saml = {"SAMLMetadataDocument": metadata(), "Name": "idp", "AddPrivateKey": pem_of(KEY), "Tags": tags}
    request = {
        "Description": "x",
        "Permissions": {"PolicyTemplateArn": policy.arn},
        "RequestorWorkflowId": "workflow-1",
        "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:partner",
        "SessionDuration": 3600,
    }
    for operation, parameters in (
        ("UpdateLoginProfile", {"UserName": "alice", "Password": f"{password}-2"}),
        ("CreateAccessKey", {"UserName": "alice"}),
        ("CreateAccessKey", {}),
        ("TagUser", {"UserName": "alice", "Tags": tags}),
        ("TagRole", {"RoleName": role.name, "Tags": tags}),
        ("TagPolicy", {"PolicyArn": policy.arn, "Tags": tags}),
        ("AttachUserPolicy", {"UserName": "alice", "PolicyArn": policy.arn}),
        ("AttachGroupPolicy", {"GroupName": group.name, "PolicyArn": policy.arn}),
        ("AttachRolePolicy", {"RoleName": role.name, "PolicyArn": policy.arn}),
        ("PutGroupPolicy", {"GroupName": group.name, "PolicyName": "p", "PolicyDocument": policy_document(allow("*"))}),
        ("CreateInstanceProfile", {"InstanceProfileName": "web", "Tags": tags}),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "spare", "Tags": tags}),
        ("CreateOpenIDConnectProvider", {"Url": "https://idp.example.com", "Tags": tags}),
        ("CreateSAMLProvider", saml),
        ("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 20}),
        ("EnableOutboundWebIdentityFederation", {}),
        ("GenerateCredentialReport", {}),
        ("GenerateServiceLastAccessedDetails", {"Arn": alice.arn}),
        ("CreateDelegationRequest", request),
        ("CreateRole", {"RoleName": "open", "AssumeRolePolicyDocument": trust_document({"AWS": "*"})}),
        ("CreateAnalyzer", {"analyzerName": "outsiders", "type": "ACCOUNT"}),
        ("CreateArchiveRule", {"analyzerName": "outsiders", "ruleName": "public", "filter": PUBLIC}),
    ):
        perform(root, operation, **parameters)
    organizations.create_organization(account.pk)
    create_draft(root, "create-user")
    console_sessions.begin(principal_of(alice))
    password_recovery.request_recovery(account.root_user.email, SOURCE)
    password_recovery.send_pending(lambda address, token: None)
    for principal in (root, principal_of(alice)):
        save_preferences(principal, "users", {"size": 10})
    follow_events()
    analyzing.scan()
    make_security_key(alice)
    handovers.create(root, [handovers.Handed("alice", (("Password", password),))], handovers.LIFETIMES[0])
    onboarding.request_onboarding(
        root,
        [onboarding.NewUser("carol")],
        requires_reset=False,
        attaches_change_password=False,
        first=lambda: None,
    )
    inventory = inventories.request(account.pk, "compare")
    inventories.note_seen(inventory, [("user", "alice")])
    drifts.record(account.pk, ("user", "alice"), {"Tags": drifts.Values(None, [], None)})
    mirror = str(make_connection(account).account_id)
    KnownDocument.objects.create(account_id=mirror, kind="user", name="carol", document={})


# Nothing of an account, or of the account itself.
NOT_OF_AN_ACCOUNT = {"Event", "EventChain", "EventCursor", "EventLink", "EventResource", "SetupLink", "SignInThrottle"}
NOT_OF_AN_ACCOUNT |= {"Heartbeat"}
KEPT = {"Account", "RootUser", "QuotaShard"}
# Root's own, and the change that says so.
KEPT_OF_ROOT = {"AccessKey", "MfaDevice", "Preference", "ChangeSet", "Change"}


def test_reset_account_leaves_nothing_of_any_kind():
    account = make_account()
    fill(account)
    models = {model.__name__: model for model in apps.get_app_config("iam").get_models()}
    filled = {name for name, model in models.items() if model._base_manager.exists()}
    assert models.keys() - filled <= NOT_OF_AN_ACCOUNT

    accounts.reset_account(account.pk)

    left = {name: model._base_manager.count() for name, model in models.items()}
    for name in models.keys() - NOT_OF_AN_ACCOUNT - KEPT:
        assert left[name] == (1 if name in KEPT_OF_ROOT else 0), name


def test_reset_account_takes_requests_out_of_the_documents_of_others():
    account, customer = make_account(), make_account()
    fill(account)
    request_id = DelegationRequest.objects.get().pk
    perform(root_of(customer), "AssociateDelegationRequest", DelegationRequestId=request_id)

    accounts.reset_account(account.pk)

    change = Change.objects.filter(account=customer).latest("pk")
    assert (change.operation, change.entities) == ("DeleteDelegationRequests", [["account", customer.pk]])


def test_reset_account_leaves_other_accounts_alone():
    make_user(make_account(), "bob")
    account = make_account()
    make_user(account)

    accounts.reset_account(account.pk)

    assert [user.name for user in User.objects.all()] == ["bob"]


def test_reset_account_refuses_an_unknown_id():
    assert refusal(accounts.reset_account, "999999999999").code == "NoSuchEntity"


def token() -> str:
    path = accounts.new_setup_link()
    assert path is not None
    return path.split("/")[2]


def test_setup_link_creates_one_account():
    link = token()

    account = accounts.set_up(link, **SET_UP)

    assert account.name == "Example Corp"
    assert not accounts.is_setup_token(link)
    assert refusal(accounts.set_up, link, **{**SET_UP, "email": "b@example.com"}).code == "AccessDenied"
    assert accounts.new_setup_link() is None


def test_setup_link_survives_a_refused_form():
    link = token()

    assert refusal(accounts.set_up, link, **{**SET_UP, "password": "short"}).code == "PasswordPolicyViolation"

    assert accounts.is_setup_token(link)


def test_newer_setup_link_replaces_the_older():
    older, newer = token(), token()

    assert not accounts.is_setup_token(older)
    assert accounts.is_setup_token(newer)


def test_setup_link_expires_and_is_not_kept_in_the_clear():
    link = token()

    assert link not in str(list(SetupLink.objects.values()))
    SetupLink.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert not accounts.is_setup_token(link)
