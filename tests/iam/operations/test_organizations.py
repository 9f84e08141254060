"""Organizations come, grow and go, and their management accounts centralize root access."""

from typing import Any

import pytest

from iam.errors import IamError
from iam.models import Account, Change, Event, Organization, OrganizationMember
from iam.operations import accounts, organizations, perform
from iam.queries import organizations as queries
from iam.queries.documents import documents_of
from tests.factories import allow, make_account, make_user, principal_of, root_of
from tests.iam.operations.test_accounts import refusal

pytestmark = pytest.mark.django_db
ENABLES = ["EnableOrganizationsRootCredentialsManagement", "EnableOrganizationsRootSessions"]
DISABLES = ["DisableOrganizationsRootCredentialsManagement", "DisableOrganizationsRootSessions"]


@pytest.fixture
def management() -> Account:
    account = make_account()
    organizations.create_organization(account.pk)
    organizations.configure(account.pk, trusted_access=True)
    return account


def member_of(management: Account) -> Account:
    account = make_account()
    organizations.add_account(management.pk, account.pk)
    return account


def document_of(account: Account) -> Any:
    document = documents_of(account.pk, [("account", account.pk)])["account", account.pk]
    return document and document["Organization"]


def test_features_are_enabled_and_disabled_one_by_one(management):
    root = root_of(management)
    organization = Organization.objects.get()

    answers = [perform(root, name)["EnabledFeatures"] for name in [*ENABLES, *DISABLES]]

    assert answers == [
        ["RootCredentialsManagement"],
        ["RootCredentialsManagement", "RootSessions"],
        ["RootSessions"],
        [],
    ]
    assert perform(root, "ListOrganizationsFeatures") == {"OrganizationId": organization.pk, "EnabledFeatures": []}


@pytest.mark.parametrize("name", [*ENABLES, *DISABLES])
def test_switching_a_feature_twice_is_no_error_and_no_second_change(management, name):
    root = root_of(management)
    first = perform(root, name)
    changes = Change.objects.count()

    assert perform(root, name) == first
    assert Change.objects.count() == changes


@pytest.mark.parametrize("name", [*ENABLES, *DISABLES, "ListOrganizationsFeatures"])
def test_account_without_organization_is_told_so(name):
    error = refusal(perform, root_of(make_account()), name)

    assert error.code == "OrganizationNotFoundException"
    assert Event.objects.get(name=name).error_code == "OrganizationNotFoundException"


@pytest.mark.parametrize("name", [*ENABLES, *DISABLES, "ListOrganizationsFeatures"])
def test_member_account_is_refused(management, name):
    member = member_of(management)

    assert refusal(perform, root_of(member), name).code == "AccountNotManagementOrDelegatedAdministratorException"


@pytest.mark.parametrize("name", [*ENABLES, *DISABLES, "ListOrganizationsFeatures"])
def test_organization_must_trust_iam(name):
    account = make_account()
    organizations.create_organization(account.pk)

    assert refusal(perform, root_of(account), name).code == "ServiceAccessNotEnabledException"


@pytest.mark.parametrize("name", [*ENABLES, *DISABLES, "ListOrganizationsFeatures"])
def test_organization_must_have_all_features(name):
    account = make_account()
    organizations.create_organization(account.pk, feature_set="CONSOLIDATED_BILLING")

    assert refusal(perform, root_of(account), name).code == "OrganizationNotInAllFeaturesModeException"


@pytest.mark.parametrize("name", ENABLES)
def test_delegated_administrator_may_disable_but_not_enable(management, name):
    administrator = member_of(management)
    organizations.configure(management.pk, delegated_administrator=administrator.pk)
    perform(root_of(management), name)

    error = refusal(perform, root_of(administrator), name)

    assert error.code == "CallerIsNotManagementAccountException"
    assert perform(root_of(administrator), name.replace("Enable", "Disable"))["EnabledFeatures"] == []
    # The organization stands in the management account's file, so that is where the change has to go.
    assert Change.objects.filter(account=management, operation=name.replace("Enable", "Disable")).exists()
    assert document_of(management)["EnabledFeatures"] == []


def test_limited_user_needs_the_operations_permission(management):
    alice = principal_of(make_user(management, statements=[allow("iam:ListOrganizationsFeatures")]))

    assert perform(alice, "ListOrganizationsFeatures")["EnabledFeatures"] == []
    assert refusal(perform, alice, "EnableOrganizationsRootSessions").code == "AccessDenied"


def test_withdrawing_trusted_access_ends_all_features(management):
    for name in ENABLES:
        perform(root_of(management), name)

    organization = organizations.configure(management.pk, trusted_access=False)

    assert organization.enabled_features == []
    assert not queries.root_sessions_enabled(management.pk)


def test_queries_tell_who_is_where(management):
    member, stranger = member_of(management), make_account()
    perform(root_of(management), "EnableOrganizationsRootSessions")

    organization = queries.organization_of(member.pk)

    assert organization == queries.organization_of(management.pk) == Organization.objects.get()
    assert queries.organization_of(stranger.pk) is None
    assert [queries.is_management_account(account.pk) for account in (management, member, stranger)] == [
        True,
        False,
        False,
    ]
    assert [queries.is_member(organization, account.pk) for account in (management, member, stranger)] == [
        False,
        True,
        False,
    ]
    assert [queries.root_sessions_enabled(account.pk) for account in (management, member, stranger)] == [
        True,
        True,
        False,
    ]
    assert not queries.root_credentials_managed(member.pk)
    assert queries.account_ids_of(organization) == sorted([management.pk, member.pk])
    assert queries.entity_path(organization, member.pk) == f"{organization.pk}/{organization.root_id}/{member.pk}"


def test_account_is_in_one_organization_at_most(management):
    member, other = member_of(management), make_account()
    organizations.create_organization(other.pk)

    assert refusal(organizations.add_account, other.pk, member.pk).code == "EntityAlreadyExists"
    assert refusal(organizations.create_organization, member.pk).code == "EntityAlreadyExists"
    assert refusal(organizations.create_organization, management.pk).code == "EntityAlreadyExists"


def test_member_leaves_and_takes_its_delegation_along(management):
    member = member_of(management)
    organizations.configure(management.pk, delegated_administrator=member.pk)

    organizations.remove_account(member.pk)

    assert queries.organization_of(member.pk) is None
    assert document_of(management)["DelegatedAdministrator"] is None
    assert refusal(organizations.remove_account, member.pk).code == "NoSuchEntity"
    assert refusal(organizations.remove_account, management.pk).code == "DeleteConflict"


@pytest.mark.parametrize("whom", ["management", "stranger"])
def test_only_a_member_is_a_delegated_administrator(management, whom):
    account = management if whom == "management" else make_account()

    error = refusal(organizations.configure, management.pk, delegated_administrator=account.pk)

    assert error.code == "InvalidInput"


def test_organization_with_all_features_keeps_them(management):
    assert refusal(organizations.configure, management.pk, feature_set="CONSOLIDATED_BILLING").code == "InvalidInput"


def test_trusted_access_needs_all_features():
    account = make_account()
    organizations.create_organization(account.pk, feature_set="CONSOLIDATED_BILLING")

    assert refusal(organizations.configure, account.pk, trusted_access=True).code == "InvalidInput"
    assert organizations.configure(account.pk, feature_set="ALL", trusted_access=True).is_trusting_iam


def test_deleted_organization_leaves_its_accounts_alone(management):
    member = member_of(management)

    organizations.delete_organization(management.pk)

    assert Account.objects.filter(pk__in=[management.pk, member.pk]).count() == 2
    assert queries.organization_of(member.pk) is None
    assert document_of(management) is None
    assert refusal(organizations.delete_organization, management.pk).code == "NoSuchEntity"


def test_document_of_the_management_account_holds_the_organization(management):
    member = member_of(management)
    perform(root_of(management), "EnableOrganizationsRootSessions")

    document = document_of(management)

    assert document["Accounts"] == sorted([management.pk, member.pk])
    assert document["EnabledFeatures"] == ["RootSessions"]
    assert document_of(member) is None


def test_reset_of_an_account_ends_its_part_in_organizations(management):
    member, other = member_of(management), member_of(management)

    accounts.reset_account(member.pk)
    assert queries.organization_of(member.pk) is None
    assert queries.organization_of(other.pk) is not None

    accounts.reset_account(management.pk)
    assert not Organization.objects.exists()
    assert not OrganizationMember.objects.exists()


def test_unknown_accounts_are_no_part_of_anything(management):
    for function, arguments in (
        (organizations.create_organization, ["999999999999"]),
        (organizations.add_account, [management.pk, "999999999999"]),
        (organizations.add_account, ["999999999999", management.pk]),
        (organizations.remove_account, ["999999999999"]),
    ):
        with pytest.raises(IamError) as caught:
            function(*arguments)
        assert caught.value.code == "NoSuchEntity"
