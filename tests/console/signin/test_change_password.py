"""The forced change of a password: the order of its checks, and that it opens nothing else."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.utils import timezone

from iam.models import LoginProfile
from iam.operations import perform
from tests.factories import USER_PASSWORD, allow, deny, give_password, make_account, make_user, root_of, sign_in

NEW = "Fresh-Battery-3"
FORM = {"old": USER_PASSWORD, "new": NEW, "retyped": NEW}
REFUSED = "Either you are not authorized to perform iam:ChangePassword, or the new password does not comply"
OWN_PASSWORD = allow("iam:ChangePassword", resource="arn:aws:iam::*:user/${aws:username}")


def text(response) -> str:
    return response.content.decode()


def begin(client, *statements, setting: bool = False):
    """Sign in as a user who has to change the password."""
    account = make_account(alias="acme")
    if setting:
        perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    give_password(make_user(account, statements=statements), must_change=True)
    credentials = {"account": "acme", "user": "alice", "password": USER_PASSWORD, "remember": "on"}
    response = client.post("/signin/?next=/account/", credentials)
    assert response.headers["Location"] == "/signin/password/"
    return account


@pytest.mark.django_db
def test_forced_change_opens_nothing_before_it_is_done(client):
    begin(client, allow("*"))

    for url in ("/", "/users/", "/account/password/"):
        assert client.get(url).headers["Location"].startswith("/signin/?next=" if url != "/" else "/signin/")


@pytest.mark.django_db
@pytest.mark.parametrize(("statements", "setting"), [([OWN_PASSWORD], False), ([], True), ([allow("*")], False)])
def test_forced_change_opens_the_page_that_was_asked_for(client, statements, setting):
    begin(client, *statements, setting=setting)
    page = text(client.get("/signin/password/"))
    assert 'value="acme"' in page
    assert 'value="alice"' in page
    before = client.cookies["iam-session"].value

    response = client.post("/signin/password/", FORM)

    assert response.headers["Location"] == "/account/"
    assert client.cookies["iam-session"].value != before
    assert client.cookies["iam-account"].value
    assert client.get("/").status_code == HTTPStatus.OK
    assert not LoginProfile.objects.get().password_reset_required


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "given", "message"),
    [
        ([], {"old": "Wrong-Horse-1", "retyped": "other"}, "The old password was incorrect."),
        ([], {"retyped": "other"}, "The two new passwords are different."),
        ([], {"new": "short", "retyped": "other"}, "The two new passwords are different."),
        ([], {}, REFUSED),
        ([OWN_PASSWORD], {"new": "short", "retyped": "short"}, REFUSED),
        ([allow("*"), deny("iam:ChangePassword")], {}, REFUSED),
        ([OWN_PASSWORD], {"new": ""}, "Enter a password."),
    ],
)
def test_forced_change_tells_the_first_fault(client, statements, given, message):
    begin(client, *statements)

    response = client.post("/signin/password/", FORM | given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)
    assert LoginProfile.objects.get().password_reset_required
    assert NEW not in text(response)


@pytest.mark.django_db
def test_forced_change_does_not_tell_permission_from_policy(client):
    begin(client)
    forbidden = text(client.post("/signin/password/", FORM))
    client.post("/signin/sign-out/")

    assert REFUSED in forbidden
    assert "AccessDenied" not in forbidden


@pytest.mark.django_db
def test_deny_without_mfa_blocks_the_forced_change(client):
    mfa_only = deny("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    begin(client, allow("*"), mfa_only)

    assert REFUSED in text(client.post("/signin/password/", FORM))


@pytest.mark.django_db
@pytest.mark.parametrize(("statements", "shown"), [([OWN_PASSWORD], False), ([allow("*")], True)])
def test_rules_are_shown_to_those_who_may_read_the_policy(client, statements, shown):
    begin(client, *statements)

    assert ("Must be at least 8 characters long" in text(client.get("/signin/password/"))) is shown


@pytest.mark.django_db
def test_forced_change_waits_a_quarter_of_an_hour(client):
    begin(client, allow("*"))
    session = client.session
    issued_at = (timezone.now() - timedelta(minutes=16)).timestamp()
    session["password-change"] = {**session["password-change"], "issued_at": issued_at}
    session.save()

    assert client.post("/signin/password/", FORM).headers["Location"] == "/"
    assert LoginProfile.objects.get().password_reset_required


@pytest.mark.django_db
def test_nobody_changes_a_password_without_having_proved_the_old_one(client):
    begin(client, allow("*"))
    client.cookies.clear()

    assert client.post("/signin/password/", FORM).headers["Location"] == "/"
    assert LoginProfile.objects.get().password_reset_required


@pytest.mark.django_db
def test_wrong_old_passwords_are_slowed_down(client):
    begin(client, allow("*"))

    answers = [client.post("/signin/password/", FORM | {"old": "Wrong-Horse-1"}) for _ in range(6)]

    assert "Too many failed attempts" in text(answers[-1])


@pytest.mark.django_db
def test_expired_password_must_be_changed_and_warns_before(client):
    account = make_account(alias="acme")
    give_password(make_user(account))
    credentials = {"account": "acme", "user": "alice", "password": USER_PASSWORD}
    perform(root_of(account), "UpdateAccountPasswordPolicy", MaxPasswordAge=90, AllowUsersToChangePassword=True)
    LoginProfile.objects.update(password_changed_at=timezone.now() - timedelta(days=76))
    client.post("/signin/", credentials)
    page = text(client.get("/"))
    assert "Your password expires in 14 days." in page
    assert 'href="/account/password/"' in page

    LoginProfile.objects.update(password_changed_at=timezone.now() - timedelta(days=91))

    assert client.post("/signin/", credentials).headers["Location"] == "/signin/password/"
    assert client.post("/signin/password/", FORM).status_code == HTTPStatus.FOUND


@pytest.mark.django_db
def test_hard_expired_password_shows_no_form(client):
    account = make_account(alias="acme")
    give_password(make_user(account))
    perform(root_of(account), "UpdateAccountPasswordPolicy", MaxPasswordAge=90, HardExpiry=True)
    LoginProfile.objects.update(password_changed_at=timezone.now() - timedelta(days=91))

    response = client.post("/signin/", {"account": "acme", "user": "alice", "password": USER_PASSWORD})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Your password has expired. Contact your administrator" in text(response)


@pytest.mark.django_db
def test_forced_change_is_not_for_whoever_is_signed_in(client):
    sign_in(client, root_of(make_account()))

    assert client.get("/signin/password/").headers["Location"] == "/"
