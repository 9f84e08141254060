"""What only root changes, and where STS gives credentials."""

from dataclasses import replace

import pytest

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account, Change, ConsoleSession, Event, RootUser
from iam.operations import console_sessions, perform, root_settings, signin, sts_regions
from iam.queries.documents import documents_of
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    allow,
    make_account,
    make_role,
    make_user,
    principal_of,
    root_of,
)

FRESH = "Fresh-Battery-3"


@pytest.fixture
def account(db):
    return make_account(email="owner@example.com")


@pytest.fixture
def root(account):
    """The root user in one of two browsers."""
    console_sessions.begin(root_of(account))
    return replace(root_of(account), console_session=console_sessions.begin(root_of(account)))


def test_root_changes_name_and_address(account, root):
    root_settings.change_name(root, "New name")
    root_settings.change_email(root, ROOT_PASSWORD, "new@example.com")

    account.refresh_from_db()
    assert (account.name, account.root_user.email) == ("New name", "new@example.com")
    assert signin.sign_in_root("NEW@example.com", ROOT_PASSWORD, SOURCE).principal.is_root
    assert [session.pk for session in ConsoleSession.objects.all()] == [root.console_session]
    operations = Change.objects.order_by("pk").values_list("operation", flat=True)
    assert list(operations)[-2:] == ["PutAccountName", "EmailUpdated"]


def test_root_changes_the_password(account, root):
    root_settings.change_password(root, ROOT_PASSWORD, FRESH)

    assert signin.sign_in_root("owner@example.com", FRESH, SOURCE).principal.is_root
    assert [session.pk for session in ConsoleSession.objects.all()] == [root.console_session]
    event = Event.objects.get(name="PasswordUpdated")
    assert (event.source, event.error_code) == ("signin.amazonaws.com", "")
    assert FRESH not in str(list(Event.objects.values())) + str(list(Change.objects.values()))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda root: root_settings.change_name(root, ""), "ValidationError"),
        (lambda root: root_settings.change_name(root, "a" * 51), "ValidationError"),
        (lambda root: root_settings.change_name(root, "a\nb"), "ValidationError"),
        (lambda root: root_settings.change_email(root, ROOT_PASSWORD, "nobody"), "ValidationError"),
        (lambda root: root_settings.change_email(root, "wrong", "new@example.com"), "AccessDenied"),
        (lambda root: root_settings.change_email(root, ROOT_PASSWORD, "OTHER@example.com"), "EntityAlreadyExists"),
        (lambda root: root_settings.change_password(root, "wrong", FRESH), "AccessDenied"),
        (lambda root: root_settings.change_password(root, ROOT_PASSWORD, "short"), "PasswordPolicyViolation"),
        (
            lambda root: root_settings.change_password(root, ROOT_PASSWORD, "owner@Example.com"),
            "PasswordPolicyViolation",
        ),
        (lambda root: root_settings.change_password(root, ROOT_PASSWORD, "Aa1" * 43), "PasswordPolicyViolation"),
    ],
)
def test_what_is_wrong_is_refused_and_recorded(account, root, change, code):
    make_account(email="other@example.com")
    before = RootUser.objects.filter(pk=account.pk).values().get(), account.name

    with pytest.raises(IamError) as refused:
        change(root)

    assert refused.value.code == code
    assert (RootUser.objects.filter(pk=account.pk).values().get(), Account.objects.get(pk=account.pk).name) == before
    assert ConsoleSession.objects.count() == 2
    assert Event.objects.filter(error_code=code).exists()


def test_guesses_at_the_root_password_are_slowed_down(root):
    for _ in range(5):
        with pytest.raises(IamError, match="incorrect"):
            root_settings.change_password(root, "wrong", FRESH)

    with pytest.raises(IamError, match="Too many failed attempts"):
        root_settings.change_password(root, ROOT_PASSWORD, FRESH)


@pytest.mark.parametrize(
    "change",
    [
        lambda principal: root_settings.change_name(principal, "Mine"),
        lambda principal: root_settings.change_email(principal, ROOT_PASSWORD, "new@example.com"),
        lambda principal: root_settings.change_password(principal, ROOT_PASSWORD, FRESH),
        lambda principal: root_settings.set_billing_access(principal, is_active=True),
    ],
)
def test_nobody_but_root_changes_what_is_roots(account, change):
    admin = principal_of(make_user(account, "admin", statements=[allow("*")]))

    with pytest.raises(IamError, match="Only the root user"):
        change(admin)


def test_billing_needs_both_the_account_and_a_policy(account, root):
    reader = Authorizer(principal_of(make_user(account, "reader", statements=[allow("billing:Get*")])))
    other = Authorizer(principal_of(make_user(account, "other")))
    with pytest.raises(IamError, match="not activated"):
        root_settings.check_billing(reader)
    root_settings.check_billing(Authorizer(root))

    root_settings.set_billing_access(root, is_active=True)

    root_settings.check_billing(reader)
    with pytest.raises(IamError, match="billing:GetBillingData"):
        root_settings.check_billing(other)
    document = documents_of(account.pk, [("account", account.pk)])["account", account.pk]
    assert document["IAMAccessToBilling"] is True


def asking_in(principal, region):
    return replace(principal, source=replace(principal.source, region=region))


def test_deactivated_region_gives_no_credentials(account, root):
    role = make_role(account)
    admin = principal_of(make_user(account, "admin", statements=[allow("*")]))
    sts_regions.set_status(admin, "eu-west-1", is_active=False)

    calls = {"AssumeRole": {"RoleArn": role.arn, "RoleSessionName": "me"}, "GetSessionToken": {}}
    for operation, parameters in calls.items():
        with pytest.raises(IamError, match="STS is not activated in this region") as refused:
            perform(asking_in(admin, "eu-west-1"), operation, **parameters)
        assert refused.value.code == "RegionDisabledException"
    perform(asking_in(admin, "eu-west-1"), "GetCallerIdentity")
    perform(asking_in(admin, "eu-west-2"), "GetSessionToken")
    perform(asking_in(admin, "eu-west-1"), "ListUsers")

    sts_regions.set_status(admin, "eu-west-1", is_active=True)
    perform(asking_in(admin, "eu-west-1"), "GetSessionToken")
    events = Event.objects.filter(name="SetSTSRegionalEndpointStatus").order_by("pk")
    assert [event.request_parameters["status"] for event in events] == ["Inactive", "Active"]


@pytest.mark.parametrize("region", ["us-east-1", "af-south-1", "nowhere", ""])
def test_other_regions_stay_active(root, region):
    with pytest.raises(IamError, match="cannot be activated or deactivated"):
        sts_regions.set_status(root, region, is_active=False)


def test_regions_are_switched_with_permission_only(account):
    user = principal_of(make_user(account, "user", statements=[allow(sts_regions.LIST)]))

    with pytest.raises(IamError, match="iam:SetSTSRegionalEndpointStatus"):
        sts_regions.set_status(user, "eu-west-1", is_active=False)

    assert all(region.is_active for region in sts_regions.regions_of(account.pk))
    assert Event.objects.get(name="SetSTSRegionalEndpointStatus").error_code == "AccessDenied"
