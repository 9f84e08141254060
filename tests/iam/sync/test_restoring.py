"""A local account is rebuilt from its files, whole or not at all, and what is lost is told."""

import json
import shutil

import pytest

from iam.errors import IamError
from iam.models import (
    Account,
    Change,
    ChangeSet,
    Event,
    MfaDevice,
    OrganizationMember,
    RootUser,
    User,
)
from iam.operations import accounts, perform, quotas, signin
from iam.queries.documents import documents_of, entities_of
from iam.sync import carrying
from iam.sync.backends.local import folder_of
from iam.sync.compare import differences_of
from iam.sync.lock import lane_of
from iam.sync.restoring import restore_account
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    give_password,
    make_account,
    make_group,
    make_policy,
    make_user,
    root_of,
)
from tests.iam.operations.mirroring.conftest import as_mirror
from tests.iam.operations.test_accounts import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account()


def documents(account: Account):
    return documents_of(account.pk, entities_of(account.pk))


def lose(account: Account) -> None:
    """Let the database forget an account; its files stay."""
    accounts.reset_account(account.pk)
    for model in (Change, ChangeSet, OrganizationMember, MfaDevice):
        model.objects.all().delete()
    Account.objects.filter(pk=account.pk).delete()


def refusal(*arguments, **options) -> str:
    with pytest.raises(IamError) as refused:
        restore_account(*arguments, **options)
    return str(refused.value)


def test_account_is_rebuilt_from_its_files_but_for_its_secrets(account):
    fill(account)
    carrying.drain(account.pk)
    before, taken = documents(account), quotas.usage(account.pk)
    lose(account)
    assert not Account.objects.exists()

    restored = restore_account(account.pk)

    after = differences_of(before, documents(Account.objects.get()))
    told = {(note.kind, note.name.lower(), note.member) for note in restored.not_restored}
    for key, found in after.items():
        # Devices that the factories make are written with their owners only.
        assert key[0] == "mfa" or {(*key, difference.member) for difference in found} <= told
    assert {(kind, member) for kind, _, member in told} == {
        ("account", "HasRootLoginProfile"),
        ("account", "Organization"),
        ("account", "OutboundWebIdentityFederation"),
        ("account", "RootAccessKeys"),
        ("account", "RootMFADevices"),
        ("mfa", ""),
        ("saml-provider", "PrivateKeyList"),
        ("server-certificate", "CertificateBody"),
        ("user", "AccessKeys"),
        ("user", "LoginProfile"),
        ("user", "MFADevices"),
        ("user", "ServiceSpecificCredentials"),
    }
    assert restored.counts["user"] == 1
    usage = quotas.usage(account.pk)
    assert usage == {**taken, "VirtualMFADevices": 0}


def test_restored_account_has_its_files_written_again(account, assert_in_step):
    make_group(account, members=[make_user(account)])
    carrying.drain(account.pk)
    path = folder_of(account.pk) / "users" / "alice.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "Path": "/staff/"}))
    make_user(account, "bob")
    carrying.drain(account.pk)
    (folder_of(account.pk) / "users" / "bob.json").unlink()

    restored = restore_account(account.pk)

    assert restored.not_restored == []
    assert list(User.objects.values_list("name", "path")) == [("alice", "/staff/")]
    change = Change.objects.latest("pk")
    assert (change.operation, change.change_set.title) == ("RestoreAccount", f"Restore account {account.pk}")
    assert Event.objects.filter(name="RestoreAccount", account_id=account.pk).count() == 1
    carrying.drain(account.pk)
    assert_in_step(account)


def test_secrets_that_are_still_here_stay(account):
    alice = make_user(account)
    password = give_password(alice)
    carrying.drain(account.pk)

    assert restore_account(account.pk).not_restored == []

    assert signin.sign_in_user(account.pk, "alice", password, SOURCE).principal.name == "alice"
    assert signin.sign_in_root(account.root_user.email, ROOT_PASSWORD, SOURCE).principal.is_root


def test_root_gets_the_password_that_was_given(account):
    carrying.drain(account.pk)
    lose(account)

    assert restore_account(account.pk, root_password="Another-Horse-8").not_restored == []

    assert signin.sign_in_root(RootUser.objects.get().email, "Another-Horse-8", SOURCE).principal.is_root


def test_dry_run_changes_nothing(account):
    carrying.drain(account.pk)
    make_user(account)
    carrying.drain(account.pk)
    (folder_of(account.pk) / "users" / "alice.json").unlink()
    changes = Change.objects.count()

    assert restore_account(account.pk, is_dry_run=True).counts == {"account": 1}

    assert User.objects.get().name == "alice"
    assert Change.objects.count() == changes


def test_account_is_restored_from_another_folder(account, tmp_path):
    make_user(account)
    carrying.drain(account.pk)
    copy = tmp_path / "copy"
    shutil.copytree(folder_of(account.pk), copy)
    perform(root_of(account), "DeleteUser", UserName="alice")
    carrying.drain(account.pk)

    restore_account(account.pk, copy)

    assert User.objects.get().name == "alice"


def test_changes_under_way_are_not_undone_unasked(account):
    carrying.drain(account.pk)
    make_user(account)

    assert "--discard-pending" in refusal(account.pk)
    assert User.objects.exists()

    restore_account(account.pk, discards_pending=True)
    assert not User.objects.exists()
    assert set(Change.objects.exclude(operation="RestoreAccount").values_list("state", flat=True)) == {
        "verified",
        "discarded",
    }


def test_restore_waits_for_nobody_who_has_the_lane(account):
    carrying.drain(account.pk)

    with lane_of(account.pk):
        assert "worker" in refusal(account.pk)


def test_account_in_aws_is_imported_instead(account):
    carrying.drain(account.pk)
    as_mirror(account)

    assert "import" in refusal(account.pk)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("users/alice.json", "{"),
        ("users/alice.json", "[1]"),
        ("users/alice.json", '{"UserName": "bob"}'),
        ("users/alice.json", '{"UserName": ["alice"]}'),
        ("users/alice.json", "[" * 100_000),
        ("users/alice.json", " " * (16 * 1024 * 1024 + 1)),
        ("account.json", '{"AccountId": "999999999999"}'),
        ("account.json", None),
    ],
)
def test_file_that_is_no_document_is_named_and_nothing_is_done(account, name, content):
    make_user(account)
    carrying.drain(account.pk)
    path = folder_of(account.pk) / name
    path.unlink() if content is None else path.write_text(content)

    assert str(path) in refusal(account.pk)

    assert User.objects.get().name == "alice"
    assert not Change.objects.filter(operation="RestoreAccount").exists()


@pytest.mark.parametrize("members", [{"RootEmail": "nobody"}, {"AccountName": 5}])
def test_account_without_a_root_user_to_be_made_is_refused(account, members):
    carrying.drain(account.pk)
    path = folder_of(account.pk) / "account.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))
    lose(account)

    refusal(account.pk)

    assert not Account.objects.exists()


def test_root_email_of_another_account_is_refused(account):
    carrying.drain(account.pk)
    email = account.root_user.email
    lose(account)
    make_account(email=email)

    assert email in refusal(account.pk)


def test_user_whose_boundary_is_lost_is_not_restored_without_it(account):
    make_user(account, PermissionsBoundary=make_policy(account, "Edge").arn)
    carrying.drain(account.pk)
    (folder_of(account.pk) / "policies" / "edge.json").unlink()
    lose(account)

    restored = restore_account(account.pk, root_password=ROOT_PASSWORD)

    assert [(note.kind, note.name, note.member) for note in restored.not_restored] == [("user", "alice", "")]
    assert (restored.counts["user"], User.objects.count()) == (0, 0)
