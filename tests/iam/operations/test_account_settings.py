"""Alias, password policy and summary of an account."""

import pytest

from iam.errors import IamError
from iam.models import Account, Change, PasswordPolicy
from iam.operations import perform
from iam.operations.accounts import reset_account
from iam.queries.entity_documents import read_documents
from tests.factories import allow, deny, make_account, make_policy, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def aliases(root) -> list[str]:
    return perform(root, "ListAccountAliases")["AccountAliases"]


def test_alias_replaces_the_one_before():
    root = root_of(make_account())

    perform(root, "CreateAccountAlias", AccountAlias="acme")
    perform(root, "CreateAccountAlias", AccountAlias="acme-prod")

    assert aliases(root) == ["acme-prod"]


def test_alias_belongs_to_one_account():
    make_account(alias="acme")

    error = refusal(root_of(make_account()), "CreateAccountAlias", AccountAlias="acme")

    assert (error.code, error.parameter) == ("EntityAlreadyExists", "AccountAlias")


@pytest.mark.parametrize("alias", ["ab", "a" * 64, "-acme", "acme-", "ac--me", "Acme", "acme_1", "123456789012"])
def test_alias_keeps_the_rules(alias):
    error = refusal(root_of(make_account()), "CreateAccountAlias", AccountAlias=alias)

    assert (error.code, error.parameter) == ("ValidationError", "AccountAlias")


def test_alias_is_deleted_by_its_name():
    root = root_of(make_account(alias="acme"))

    assert refusal(root, "DeleteAccountAlias", AccountAlias="other").code == "NoSuchEntity"
    perform(root, "DeleteAccountAlias", AccountAlias="acme")

    assert aliases(root) == []
    assert Account.objects.get().alias is None


def test_alias_needs_permission():
    alice = principal_of(make_user(make_account()))

    assert refusal(alice, "CreateAccountAlias", AccountAlias="acme").code == "AccessDenied"


def test_password_policy_is_replaced_as_a_whole():
    root = root_of(make_account())

    perform(root, "UpdateAccountPasswordPolicy", MinimumPasswordLength=12, MaxPasswordAge=90, RequireNumbers=True)
    perform(root, "UpdateAccountPasswordPolicy", RequireSymbols=True)

    assert perform(root, "GetAccountPasswordPolicy")["PasswordPolicy"] == {
        "MinimumPasswordLength": 6,
        "RequireSymbols": True,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MinimumPasswordLength", 5),
        ("MinimumPasswordLength", 129),
        ("MaxPasswordAge", 1096),
        ("PasswordReusePrevention", 25),
    ],
)
def test_password_policy_keeps_its_ranges(name, value):
    error = refusal(root_of(make_account()), "UpdateAccountPasswordPolicy", **{name: value})

    assert (error.code, error.parameter) == ("ValidationError", name)


def test_password_policy_returns_to_the_default_once():
    root = root_of(make_account())
    perform(root, "UpdateAccountPasswordPolicy", MinimumPasswordLength=12)

    perform(root, "DeleteAccountPasswordPolicy")

    assert not PasswordPolicy.objects.exists()
    assert refusal(root, "DeleteAccountPasswordPolicy").code == "NoSuchEntity"
    assert refusal(root, "GetAccountPasswordPolicy").code == "NoSuchEntity"


def test_password_policy_may_be_read_by_whoever_may_change_a_password():
    account = make_account()
    alice = principal_of(make_user(account))
    bob = principal_of(make_user(account, "bob", statements=[deny("iam:GetAccountPasswordPolicy")]))

    perform(root_of(account), "UpdateAccountPasswordPolicy", RequireNumbers=True)
    assert refusal(alice, "GetAccountPasswordPolicy").code == "AccessDenied"
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)

    assert perform(alice, "GetAccountPasswordPolicy")["PasswordPolicy"]["AllowUsersToChangePassword"]
    assert refusal(bob, "GetAccountPasswordPolicy").code == "AccessDenied"


def test_summary_counts_against_quotas():
    account = make_account()
    make_user(account)
    make_policy(account)

    summary = perform(root_of(account), "GetAccountSummary")["SummaryMap"]

    assert (summary["Users"], summary["UsersQuota"]) == (1, 5000)
    assert (summary["Policies"], summary["PoliciesQuota"]) == (1, 1500)
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (0, 0)


def test_summary_needs_permission():
    account = make_account()
    allowed = principal_of(make_user(account, statements=[allow("iam:GetAccountSummary")]))
    other = principal_of(make_user(account, "bob"))

    assert perform(allowed, "GetAccountSummary")["SummaryMap"]["Users"] == 2
    assert refusal(other, "GetAccountSummary").code == "AccessDenied"


def test_token_version_is_told_by_the_summary_and_ends_with_a_reset():
    account = make_account()
    root = root_of(account)

    for version, told in (("v2Token", 2), ("v1Token", 1), ("v2Token", 2)):
        perform(root, "SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion=version)
        assert perform(root, "GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"] == told
    assert Change.objects.filter(operation="SetSecurityTokenServicePreferences").count() == 3
    (document,) = read_documents("account", account.pk, []).values()
    assert document["GlobalEndpointTokenVersion"] == 2
    reset_account(account.pk)

    assert perform(root, "GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"] == 1


def test_token_version_is_one_of_two():
    with pytest.raises(IamError, match="enum value set"):
        perform(root_of(make_account()), "SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v3Token")
