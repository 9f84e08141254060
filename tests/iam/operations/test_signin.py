"""Signing in: one answer for everything that is wrong, and a record of every attempt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event, LoginProfile, RootUser, SignInThrottle, User
from iam.operations import perform, signin, throttles
from iam.operations.password_hashes import GeneratedPassword
from iam.principals import Source
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    USER_PASSWORD,
    give_password,
    make_account,
    make_user,
    principal_of,
    root_of,
)
from tests.hashers import CountingHasher

pytestmark = pytest.mark.django_db
WRONG = "Your authentication information is incorrect. Please try again."


@pytest.fixture
def account():
    """An account with the alias `acme` and the user alice, who has a password."""
    account = make_account(alias="acme")
    give_password(make_user(account))
    return account


def refusal(*arguments) -> IamError:
    with pytest.raises(IamError) as caught:
        signin.sign_in_user(*arguments)
    return caught.value


@pytest.mark.parametrize("spelling", ["{id}", "{dashed}", "acme", "ACME"])
def test_user_signs_in_by_id_or_alias_and_name_in_any_case(account, spelling):
    dashed = "-".join((account.pk[:4], account.pk[4:8], account.pk[8:]))

    entered = signin.sign_in_user(spelling.format(id=account.pk, dashed=dashed), "ALICE", USER_PASSWORD, SOURCE)

    assert entered.principal.arn == f"arn:aws:iam::{account.pk}:user/alice"
    assert entered.principal.session_issued_at is not None
    assert not entered.must_change_password


@pytest.mark.parametrize(
    ("account_name", "user_name", "password"),
    [
        ("acme", "alice", "Wrong-Horse-1"),
        ("acme", "alice", USER_PASSWORD.lower()),
        ("acme", "mallory", USER_PASSWORD),
        ("acme", "keyless", USER_PASSWORD),
        ("unknown", "alice", USER_PASSWORD),
        ("999999999999", "alice", USER_PASSWORD),
    ],
)
def test_whatever_is_wrong_reads_the_same(account, account_name, user_name, password):
    make_user(account, "keyless")

    error = refusal(account_name, user_name, password, SOURCE)

    assert (error.code, error.message) == ("AuthFailure", WRONG)


@pytest.mark.parametrize(
    ("account_name", "user_name"), [("acme", "alice"), ("acme", "mallory"), ("acme", "keyless"), ("unknown", "alice")]
)
def test_wrong_names_cost_as_much_as_wrong_passwords(
    account, account_name, user_name, settings, django_assert_num_queries
):
    make_user(account, "keyless")
    settings.PASSWORD_HASHERS = ["tests.hashers.CountingHasher"]
    before = CountingHasher.done

    with django_assert_num_queries(20):
        refusal(account_name, user_name, "Wrong-Horse-1", SOURCE)

    assert CountingHasher.done - before == 1


@pytest.mark.parametrize("email", ["owner@example.com", "nobody@example.com"])
def test_wrong_emails_cost_as_much_as_wrong_passwords(email, settings, django_assert_num_queries):
    make_account(email="owner@example.com")
    settings.PASSWORD_HASHERS = ["tests.hashers.CountingHasher"]
    before = CountingHasher.done

    with django_assert_num_queries(18), pytest.raises(IamError, match=WRONG):
        signin.sign_in_root(email, "Wrong-Horse-1", SOURCE)

    assert CountingHasher.done - before == 1


@pytest.mark.parametrize("encoded", ["", make_password(None)], ids=["taken away", "not set"])
def test_root_users_without_a_password_are_refused_like_nobody(encoded, settings, django_assert_num_queries):
    make_account(email="owner@example.com")
    RootUser.objects.update(password=encoded)
    settings.PASSWORD_HASHERS = ["tests.hashers.CountingHasher"]
    before = CountingHasher.done

    with django_assert_num_queries(18), pytest.raises(IamError, match=WRONG):
        signin.sign_in_root("owner@example.com", "Wrong-Horse-1", SOURCE)

    assert CountingHasher.done - before == 1


def test_wrong_password_costs_no_less_where_the_right_one_was_generated(account, settings):
    give_password(make_user(account, "bob"), GeneratedPassword("Xq7-generated-Passw0rd"))
    settings.PASSWORD_HASHERS = ["tests.hashers.CountingHasher"]
    before = CountingHasher.done

    with pytest.raises(IamError, match=WRONG):
        signin.sign_in_user(account.pk, "bob", "Wrong-Horse-1", SOURCE)

    # The quick hash of the generated one, and besides it as much work as for any other.
    assert CountingHasher.done - before == 2


def test_user_of_another_account_with_the_same_name_is_somebody_else(account):
    other = make_account(alias="other")
    give_password(make_user(other), "Other-Battery-3")

    assert refusal("other", "alice", USER_PASSWORD, SOURCE).message == WRONG


def test_password_is_used_at_the_time_of_sign_in(account):
    signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)

    assert timezone.now() - User.objects.get(name="alice").password_last_used_at < timedelta(minutes=1)


def test_sign_in_is_recorded_with_and_without_success(account):
    signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)
    refusal("acme", "alice", "Wrong-Horse-1", SOURCE)

    good, bad = Event.objects.filter(name="ConsoleLogin").order_by("id")

    assert (good.source, good.error_code, good.response_elements) == (
        "signin.amazonaws.com",
        "",
        {"ConsoleLogin": "Success"},
    )
    assert good.user_identity["userName"] == "alice"
    assert good.source_ip == SOURCE.ip
    assert (bad.error_message, bad.response_elements) == ("Failed authentication", {"ConsoleLogin": "Failure"})


def test_a_name_that_nobody_has_is_not_recorded(account):
    refusal("acme", "Battery-Staple-7", "alice", SOURCE)

    event = Event.objects.get(name="ConsoleLogin")

    assert event.account_id == account.pk
    assert event.error_message == "No username found in supplied account"
    assert event.user_identity["userName"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert "Battery-Staple-7" not in str(Event.objects.values_list())


def test_passwords_are_in_no_event(account):
    signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)
    refusal("acme", "alice", "Wrong-Horse-1", SOURCE)

    recorded = str(list(Event.objects.values()))

    assert USER_PASSWORD not in recorded
    assert "Wrong-Horse-1" not in recorded


def test_root_signs_in_with_email_in_any_case():
    account = make_account(email="Owner@Example.com")

    entered = signin.sign_in_root("owner@example.COM", ROOT_PASSWORD, SOURCE)

    assert entered.principal.is_root
    assert entered.principal.account_id == account.pk
    account.root_user.refresh_from_db()
    assert account.root_user.password_last_used_at is not None


@pytest.mark.parametrize("email", ["{email}", "nobody@example.com"])
def test_root_is_refused_in_one_way_and_recorded(email):
    account = make_account()

    with pytest.raises(IamError, match=WRONG):
        signin.sign_in_root(email.format(email=account.root_user.email), "Wrong-Horse-1", SOURCE)

    assert Event.objects.get(name="ConsoleLogin").error_code == "AuthFailure"


def test_root_cannot_sign_in_as_iam_user(account):
    assert refusal("acme", account.root_user.email, ROOT_PASSWORD, SOURCE).message == WRONG


def test_failures_make_one_address_wait_and_nobody_else(account):
    for _ in range(throttles.ATTEMPTS_PER_NAME_AND_ADDRESS):
        refusal("acme", "alice", "Wrong-Horse-1", SOURCE)

    blocked = refusal("acme", "alice", USER_PASSWORD, SOURCE)
    elsewhere = signin.sign_in_user("acme", "alice", USER_PASSWORD, Source(ip="198.51.100.1"))

    assert blocked.code == "Throttling"
    assert elsewhere.principal.name == "alice"


def test_other_spellings_of_the_account_are_no_way_around_the_wait(account):
    spellings = ["acme", "ACME", account.pk, f"{account.pk[:4]}-{account.pk[4:]}", f"{account.pk[:5]}-{account.pk[5:]}"]
    for spelling in spellings:
        refusal(spelling, "Alice", "Wrong-Horse-1", SOURCE)

    assert refusal("acme", "alice", USER_PASSWORD, SOURCE).code == "Throttling"


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_moment_are_counted_before_they_are_judged(account):
    def guess(_number):
        try:
            return refusal("acme", "alice", "Wrong-Horse-1", SOURCE).code
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(guess, range(24)))

    assert codes.count("AuthFailure") == throttles.ATTEMPTS_PER_NAME_AND_ADDRESS


def test_the_wait_ends(account):
    for _ in range(throttles.ATTEMPTS_PER_NAME_AND_ADDRESS):
        refusal("acme", "alice", "Wrong-Horse-1", SOURCE)
    SignInThrottle.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))

    assert signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE).principal.name == "alice"


def test_many_names_from_one_address_make_it_wait(account):
    for number in range(throttles.ATTEMPTS_PER_ADDRESS):
        refusal("acme", f"user-{number}", "Wrong-Horse-1", SOURCE)

    assert refusal("acme", "alice", USER_PASSWORD, SOURCE).code == "Throttling"


def test_success_forgets_the_failures(account):
    for _ in range(3):
        for _ in range(throttles.ATTEMPTS_PER_NAME_AND_ADDRESS - 1):
            refusal("acme", "alice", "Wrong-Horse-1", SOURCE)
        signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)

    assert signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE).principal.name == "alice"


def test_successes_never_add_up_to_a_wait(account):
    for _ in range(throttles.ATTEMPTS_PER_ADDRESS + 1):
        signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)


def test_throttles_keep_no_name(account):
    refusal("acme", "alice", "Wrong-Horse-1", SOURCE)

    assert all(len(key) == 64 for key in SignInThrottle.objects.values_list("key", flat=True))


def set_policy(account, **parameters):
    perform(root_of(account), "UpdateAccountPasswordPolicy", **parameters)


def age_password(days: int):
    LoginProfile.objects.update(password_changed_at=timezone.now() - timedelta(days=days))


def test_expired_password_must_be_changed(account):
    set_policy(account, MaxPasswordAge=30)
    age_password(31)

    assert signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE).must_change_password


def test_password_that_will_expire_tells_when(account):
    set_policy(account, MaxPasswordAge=30)
    age_password(20)

    entered = signin.sign_in_user("acme", "alice", USER_PASSWORD, SOURCE)

    assert not entered.must_change_password
    assert timedelta(days=9) < entered.password_expires_at - timezone.now() <= timedelta(days=10)


def test_hard_expired_password_needs_the_administrator(account):
    set_policy(account, MaxPasswordAge=30, HardExpiry=True)
    age_password(31)

    error = refusal("acme", "alice", USER_PASSWORD, SOURCE)

    assert error.code == "PasswordExpired"
    assert "administrator" in error.message
    assert Event.objects.get(name="ConsoleLogin").response_elements == {"ConsoleLogin": "Failure"}


def test_hard_expiry_is_not_told_to_whoever_does_not_know_the_password(account):
    set_policy(account, MaxPasswordAge=30, HardExpiry=True)
    age_password(31)

    assert refusal("acme", "alice", "Wrong-Horse-1", SOURCE).message == WRONG


def test_own_password_is_checked_and_the_failure_recorded(account):
    principal = principal_of(User.objects.get(name="alice"))

    signin.check_own_password(principal, USER_PASSWORD)
    with pytest.raises(IamError) as caught:
        signin.check_own_password(principal, "Wrong-Horse-1")

    assert (caught.value.code, caught.value.parameter) == ("AccessDenied", "OldPassword")
    assert Event.objects.get(name="ChangePassword").error_code == "AccessDenied"
