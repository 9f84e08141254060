"""Console passwords and access keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam import sealing
from iam.errors import IamError
from iam.models import AccessKey, LoginProfile, PasswordPolicy
from iam.operations import password_rules, perform
from tests.factories import (
    USER_PASSWORD,
    allow,
    deny,
    give_password,
    make_account,
    make_user,
    principal_of,
    root_of,
)


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


@pytest.mark.django_db
def test_login_profile_is_created_once():
    account = make_account()
    give_password(make_user(account))

    error = refusal(root_of(account), "CreateLoginProfile", UserName="alice", Password=USER_PASSWORD)

    assert (error.code, error.message) == (
        "EntityAlreadyExists",
        "Login Profile for user alice already exists.",
    )


@pytest.mark.django_db
def test_login_profile_keeps_no_password_in_the_clear():
    give_password(make_user(make_account()))

    assert LoginProfile.objects.get().password.startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_login_profile_refuses_a_weak_password_and_lists_the_rules():
    account = make_account()
    make_user(account)

    error = refusal(root_of(account), "CreateLoginProfile", UserName="alice", Password="short")

    assert error.code == "PasswordPolicyViolation"
    assert "at least 8 characters" in error.message
    assert "at least three of" in error.message


@pytest.mark.django_db
def test_update_login_profile_refuses_recent_passwords():
    account = make_account()
    perform(root_of(account), "UpdateAccountPasswordPolicy", PasswordReusePrevention=2)
    give_password(make_user(account), "First-password-1")
    perform(
        root_of(account),
        "UpdateLoginProfile",
        UserName="alice",
        Password="Second-password-2",
    )

    for used in ["First-password-1", "Second-password-2"]:
        error = refusal(root_of(account), "UpdateLoginProfile", UserName="alice", Password=used)
        assert error.code == "PasswordPolicyViolation"
        assert "one of the last 2 passwords" in error.message
    perform(
        root_of(account),
        "UpdateLoginProfile",
        UserName="alice",
        Password="Third-password-3",
    )
    perform(
        root_of(account),
        "UpdateLoginProfile",
        UserName="alice",
        Password="First-password-1",
    )


@pytest.mark.django_db
def test_change_password_needs_a_permission_or_the_account_setting():
    account = make_account()
    alice = make_user(account)
    give_password(alice)
    change = {"OldPassword": USER_PASSWORD, "NewPassword": "Another-password-1"}

    assert refusal(principal_of(alice), "ChangePassword", **change).code == "AccessDenied"
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    perform(principal_of(alice), "ChangePassword", **change)


@pytest.mark.django_db
def test_change_password_setting_does_not_overrule_a_deny():
    account = make_account()
    alice = make_user(account, statements=[deny("iam:ChangePassword")])
    give_password(alice)
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)

    error = refusal(
        principal_of(alice),
        "ChangePassword",
        OldPassword=USER_PASSWORD,
        NewPassword="Another-password-1",
    )

    assert error.message.endswith("with an explicit deny in an identity-based policy")


@pytest.mark.django_db
def test_change_password_clears_the_reset_flag_and_checks_the_old_one():
    account = make_account()
    alice = make_user(account, statements=[allow("iam:ChangePassword")])
    give_password(alice, must_change=True)

    wrong = refusal(
        principal_of(alice),
        "ChangePassword",
        OldPassword="Wrong-password-1",
        NewPassword="Another-password-1",
    )
    perform(
        principal_of(alice),
        "ChangePassword",
        OldPassword=USER_PASSWORD,
        NewPassword="Another-password-1",
    )

    assert wrong.parameter == "OldPassword"
    assert not LoginProfile.objects.get(user=alice).password_reset_required


@pytest.mark.django_db
def test_change_password_is_not_for_root():
    account = make_account()

    error = refusal(root_of(account), "ChangePassword", OldPassword="a", NewPassword="b")

    assert error.code == "InvalidUserType"


@pytest.mark.django_db
def test_access_key_secret_is_sealed_and_shown_once():
    account = make_account()
    make_user(account)

    created = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]

    row = AccessKey.objects.get(pk=created["AccessKeyId"])
    assert len(created["AccessKeyId"]) == 20
    assert created["AccessKeyId"].startswith("AKIA")
    assert len(created["SecretAccessKey"]) == 40
    assert created["SecretAccessKey"].encode() not in bytes(row.sealed_secret)
    assert sealing.unseal(row.sealed_secret) == created["SecretAccessKey"]
    listed = perform(root_of(account), "ListAccessKeys", UserName="alice")["AccessKeyMetadata"]
    assert "SecretAccessKey" not in listed[0]


@pytest.mark.django_db
def test_access_keys_stop_at_two_even_if_inactive():
    account = make_account()
    make_user(account)
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    perform(root_of(account), "CreateAccessKey", UserName="alice")
    perform(
        root_of(account),
        "UpdateAccessKey",
        UserName="alice",
        AccessKeyId=key,
        Status="Inactive",
    )

    error = refusal(root_of(account), "CreateAccessKey", UserName="alice")

    assert error.message == "Cannot exceed quota for AccessKeysPerUser: 2"


@pytest.mark.django_db
def test_access_key_of_another_account_cannot_be_named():
    stranger = make_account()
    make_user(stranger)
    key = perform(root_of(stranger), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    account = make_account()
    make_user(account)

    for operation in ["DeleteAccessKey", "GetAccessKeyLastUsed"]:
        parameters = {"UserName": "alice"} if operation == "DeleteAccessKey" else {}
        assert refusal(root_of(account), operation, AccessKeyId=key, **parameters).code in {
            "NoSuchEntity",
            "AccessDenied",
        }
    assert AccessKey.objects.filter(pk=key).exists()


@pytest.mark.django_db
def test_unused_access_key_reports_no_date():
    account = make_account()
    make_user(account)
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]

    answer = perform(root_of(account), "GetAccessKeyLastUsed", AccessKeyId=key)

    assert answer == {
        "UserName": "alice",
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }


POLICIES = st.builds(
    PasswordPolicy,
    minimum_password_length=st.integers(6, 128),
    require_symbols=st.booleans(),
    require_numbers=st.booleans(),
    require_uppercase_characters=st.booleans(),
    require_lowercase_characters=st.booleans(),
)


@given(POLICIES | st.none())
def test_generated_password_meets_every_rule_and_opens_safely_in_a_spreadsheet(policy):
    rules = password_rules.rules_of(policy, "account", "root@example.com")

    password = rules.generate()

    assert rules.faults(password) == []
    assert password[0].isalnum()


@given(POLICIES, st.text(max_size=140))
def test_password_with_fewer_characters_than_the_policy_asks_is_always_refused(policy, password):
    faults = password_rules.rules_of(policy).faults(password)

    if len(password) < policy.minimum_password_length:
        assert f"Must be at least {policy.minimum_password_length} characters long" in faults
    if policy.require_numbers and not set(password) & set("0123456789"):
        assert "Must include at least one number (0-9)" in faults


def test_password_must_not_be_the_account_name():
    rules = password_rules.default_rules("Acme-Account-1", "root@example.com")

    assert rules.faults("acme-account-1") == ["Must not be identical to your account name or email address"]
