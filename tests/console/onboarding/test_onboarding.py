"""Creating users from a file, from the upload to the passwords."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from iam.models import ChangeSet, Handover, Onboarding, User
from iam.operations.onboarding import carry_out_next
from tests.factories import (
    age_session,
    allow,
    deny,
    make_account,
    make_aws_policy,
    make_group,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

BEGIN = reverse("onboarding:begin")
FILE = "User name,Groups,Console access,Tags\njane,Dev,yes,team=Blue\nbot,,no,\n"


def answer_file(client, text=FILE, **more):
    """Begin the wizard, give the file, and return the answer and the address of the preview."""
    url = client.get(BEGIN)["Location"]
    return client.post(url, {"csv": text, "reset_required": "on", "next": "1", **more})


def ask(client, text=FILE, **more):
    """Walk the wizard and return the address of the page that shows the progress."""
    preview = answer_file(client, text, **more)["Location"]
    return client.post(preview, {"next": "1"})["Location"]


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode())))


@pytest.fixture
def dev(account):
    """A user group, in an account that knows the policy with which users change their passwords."""
    make_aws_policy(account, "IAMUserChangePassword")
    return make_group(account, "Dev")


@pytest.mark.django_db
def test_users_are_created_with_everything_the_file_says(client, account, root, dev):
    progress = ask(client)
    assert "0 of 2 users" in client.get(progress).content.decode()
    assert carry_out_next()
    page = client.get(progress).content.decode()
    file = rows_of(client.post(f"{progress}download/"))

    jane = User.objects.get(account=account, name="jane")
    assert "2 users created" in page
    assert file[0] == ["User name", "Password", "Console sign-in URL"]
    assert [row[0] for row in file[1:]] == ["jane"]
    assert check_password(file[1][1], jane.login_profile.password)
    assert jane.login_profile.password_reset_required
    assert jane.attachments.get().policy.name == "IAMUserChangePassword"
    assert jane.memberships.get().group == dev
    assert list(jane.tags.values_list("key", "value")) == [("team", "Blue")]
    assert not hasattr(User.objects.get(name="bot"), "login_profile")
    assert ChangeSet.objects.filter(account=account, title="Create 2 users").count() == 1


@pytest.mark.django_db
def test_uploaded_file_takes_the_place_of_the_text(client, root, dev):
    file = SimpleUploadedFile("users.csv", FILE.encode())
    preview = client.get(answer_file(client, "nonsense", file=file)["Location"]).content.decode()

    assert "jane" in preview
    assert "team=Blue" in preview


@pytest.mark.django_db
def test_faults_are_told_by_line_and_nothing_is_created(client, account, root):
    make_user(account, "Jane")
    response = answer_file(client)
    page = response.content.decode()

    assert response.status_code == 422
    assert "User with name jane already exists." in page
    assert "The group with name Dev cannot be found." in page
    assert not Onboarding.objects.exists()


@pytest.mark.django_db
def test_names_are_not_given_away(client, account, signed_in_as, dev):
    make_user(account, "jane")
    signed_in_as(allow("iam:*"), deny("iam:ListUsers", "iam:ListGroups"))

    assert answer_file(client, "User name,Groups\njane,Dev\nbob,Ghosts\n").status_code == 302


@pytest.mark.django_db
def test_upload_is_bounded(client, root):
    file = SimpleUploadedFile("users.csv", b"User name\n" + b"x" * 1024 * 1024)
    response = answer_file(client, "", file=file)

    assert response.status_code == 422
    assert "over 1 MiB" in response.content.decode()


@pytest.mark.django_db
def test_bytes_that_are_no_text_are_told(client, root):
    response = answer_file(client, "", file=SimpleUploadedFile("users.csv", b"User name\n\xff\xfe\n"))

    assert response.status_code == 422


@pytest.mark.django_db
def test_names_from_a_file_are_escaped(client, root):
    text = 'User name,Groups,Console access,Tags\n<img src=x>,"<b>",<i>,<u>=1\n'
    page = answer_file(client, text).content.decode()

    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page


@pytest.mark.django_db
def test_all_or_none(client, account, root, dev):
    progress = ask(client)
    make_user(account, "bot")
    carry_out_next()
    page = client.get(progress).content.decode()

    assert "No user was created" in page
    assert "EntityAlreadyExists" in page
    assert not User.objects.filter(name="jane").exists()
    assert client.post(f"{progress}download/").status_code == 302


@pytest.mark.django_db
def test_policies_of_who_asked_decide(client, account, signed_in_as, dev):
    signed_in_as(allow("iam:CreateUser", "iam:TagUser", "iam:List*"))
    progress = ask(client)
    carry_out_next()

    assert "AccessDenied" in client.get(progress).content.decode()
    assert not User.objects.filter(name="jane").exists()


@pytest.mark.django_db
def test_wizard_is_carried_out_once(client, root, dev):
    preview = answer_file(client)["Location"]
    client.post(preview, {"next": "1"})
    client.post(preview, {"next": "1"})

    assert Onboarding.objects.count() == 1


@pytest.mark.django_db
def test_passwords_are_fetched_once_and_then_gone(client, root, dev):
    progress = ask(client)
    carry_out_next()
    assert bytes(Onboarding.objects.get().sealed_request) == b""
    password = rows_of(client.post(f"{progress}download/"))[1][1]
    again = client.post(f"{progress}download/", follow=True)

    assert bytes(Onboarding.objects.get().sealed_credentials) == b""
    assert "fetched already" in again.content.decode()
    assert password not in again.content.decode()


@pytest.mark.django_db
def test_passwords_are_handed_over_by_links(client, root, dev):
    progress = ask(client)
    carry_out_next()
    page = client.post(f"{progress}hand-over/")
    made = client.post(reverse("handovers:create"), {"file": page.context["word"], "lifetime": "3600"})
    link = re.search(r"/handover/[\w-]+/", made.content.decode())[0]

    assert Handover.objects.get().user.name == "jane"
    assert "Password" in Client().post(link).content.decode()


@pytest.mark.django_db
def test_only_who_asked_sees_the_progress_and_the_passwords(client, account, root, dev):
    progress = ask(client)
    carry_out_next()
    for other in (
        principal_of(make_user(account, "mallory", statements=[allow("*")])),
        root_of(make_account()),
    ):
        browser = sign_in(Client(), other)
        assert browser.get(progress).status_code == 404
        assert browser.post(f"{progress}download/").status_code == 404
        assert browser.post(f"{progress}hand-over/").status_code == 404


@pytest.mark.django_db
def test_session_found_open_creates_nobody(client, root, dev):
    preview = answer_file(client)["Location"]
    age_session(client, issued=timedelta(minutes=16))
    response = client.post(preview, {"next": "1"})

    assert "/signin/confirm/" in response["Location"]
    assert not Onboarding.objects.exists()


@pytest.mark.django_db
def test_sample_can_be_filled_in(client, root):
    rows = rows_of(client.get(reverse("onboarding:sample")))

    assert rows[0] == ["User name", "Groups", "Console access", "Tags"]


@pytest.mark.django_db
def test_long_file_is_previewed_in_a_bounded_number_of_queries(client, root, django_assert_max_num_queries):
    text = "User name\n" + "".join(f"user{number}\n" for number in range(1000))
    preview = answer_file(client, text)["Location"]

    with django_assert_max_num_queries(14):
        page = client.get(preview).content.decode()
    assert "and 900 more" in page


def test_file_may_not_be_asked_for_without_signing_in(db, client):
    assert client.get(BEGIN).status_code == 302
    assert "/users/onboarding/create" not in client.get(BEGIN)["Location"]
