"""Deleting users with everything that hangs on them."""

from django.urls import reverse

from iam.models import AccessKey, ChangeSet, SigningCertificate, User
from iam.operations import perform
from tests.factories import allow, deny, give_credentials, give_password, make_group, make_policy, make_user

MANY = reverse("users:delete-many")


def delete_url(name="alice"):
    return reverse("users:delete", args=[name])


def make_full_user(account, root, name="alice"):
    user = make_user(account, name, statements=[allow("s3:GetObject")], Tags=[{"Key": "team", "Value": "data"}])
    give_password(user)
    make_group(account, f"group-of-{name}", members=[user])
    perform(root, "CreateAccessKey", UserName=name)
    give_credentials(user)
    perform(root, "AttachUserPolicy", UserName=name, PolicyArn=make_policy(account, f"policy-of-{name}").arn)
    return user


def test_dialog_lists_what_goes_with_the_user(account, root, client):
    make_full_user(account, root)

    page = client.get(delete_url()).content.decode()

    certificate = SigningCertificate.objects.get().pk
    for part in (
        "Access key",
        "group-of-alice",
        "Inline policy",
        "Console password",
        "still has an active access key",
        f"<td>{certificate}</td>",
        "SSH public key",
        f"<td>alice-at-{account.pk}</td>",
    ):
        assert part in page


def test_dialog_hides_what_may_not_be_read(account, root, signed_in_as, client):
    make_full_user(account, root)
    signed_in_as(allow("iam:GetUser"))

    page = client.get(delete_url()).content.decode()

    assert AccessKey.objects.get().pk not in page
    assert "group-of-alice" not in page
    assert ">test<" not in page
    assert SigningCertificate.objects.get().pk not in page
    assert f"alice-at-{account.pk}" not in page


def test_delete_removes_everything_in_one_change_set(account, root, client):
    make_full_user(account, root)
    before = ChangeSet.objects.count()

    response = client.post(delete_url(), {"confirm": "alice"})

    assert (response.status_code, response["Location"]) == (302, "/users/")
    assert not User.objects.filter(account=account).exists()
    change_set = ChangeSet.objects.latest("created_at")
    assert ChangeSet.objects.count() == before + 1
    assert change_set.title == "Delete user alice"
    assert [change.operation for change in change_set.changes.order_by("pk")] == [
        "RemoveUserFromGroup",
        "DeleteLoginProfile",
        "DeleteAccessKey",
        "DeleteSSHPublicKey",
        "DeleteServiceSpecificCredential",
        "DeleteSigningCertificate",
        "DetachUserPolicy",
        "DeleteUserPolicy",
        "DeleteUser",
    ]
    assert "Deleted user alice." in client.get("/users/").content.decode()


def test_delete_needs_the_name_typed_exactly(account, root, client):
    make_user(account, "alice")

    for typed in ("", "Alice", " alice", "alice "):
        response = client.post(delete_url(), {"confirm": typed})
        assert response.status_code == 422

    assert User.objects.filter(name="alice").exists()


def test_delete_answers_htmx_with_a_redirect_of_the_page(account, root, client):
    make_user(account, "alice")

    response = client.post(delete_url(), {"confirm": "alice"}, headers={"HX-Request": "true"})

    assert response["HX-Redirect"] == "/users/"


def test_refused_part_leaves_everything(account, root, signed_in_as, client):
    make_full_user(account, root)
    signed_in_as(allow("iam:*"), deny("iam:DeleteAccessKey"))

    response = client.post(delete_url(), {"confirm": "alice"})

    assert response.status_code == 422
    assert "iam:DeleteAccessKey" in response.content.decode()
    alice = User.objects.get(name="alice")
    assert alice.memberships.count() == 1
    assert hasattr(alice, "login_profile")


def test_bulk_delete_takes_the_word_and_one_change_set(account, root, client):
    for name in ("alice", "bob", "carol"):
        make_user(account, name)
    url = f"{MANY}?user=alice&user=bob"

    refused = client.post(url, {"confirm": "Delete"})
    done = client.post(url, {"confirm": "delete"})

    assert (refused.status_code, done.status_code) == (422, 302)
    assert list(User.objects.filter(account=account).values_list("name", flat=True)) == ["carol"]
    assert ChangeSet.objects.latest("created_at").title == "Delete 2 users"


def test_bulk_delete_of_nothing_goes_back_and_says_so(root, client):
    response = client.get(MANY)

    assert response["Location"] == "/users/"
    assert "Nothing was selected" in client.get("/users/").content.decode()


def test_bulk_delete_costs_the_same_for_any_number_of_users(account, root, client, django_assert_num_queries):
    for name in ("alice", "bob", "carol"):
        make_full_user(account, root, name)

    with django_assert_num_queries(8):
        client.get(f"{MANY}?user=alice&user=bob&user=carol")
    with django_assert_num_queries(8):
        client.get(f"{MANY}?user=alice&user=bob")


def test_bulk_dialog_tells_no_names_without_permission(account, root, signed_in_as, client):
    make_user(account, "alice")
    signed_in_as()

    answers = [client.get(f"{MANY}?user={name}") for name in ("alice", "Unknown")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "iam:ListUsers" in answers[0].content.decode()
