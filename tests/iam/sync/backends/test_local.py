"""The files of the local backend: what is in them, what never is, and their history in git."""

import json
import os
import subprocess
import time

import pytest

from iam.models import ServiceSpecificCredential
from iam.operations import Step, perform, perform_change_set
from iam.sync import carrying
from iam.sync.backends.base import BackendError
from iam.sync.backends.git import STALE_AFTER
from iam.sync.backends.local import LARGEST_FILE, LocalBackend, folder_of
from tests.factories import (
    allow,
    give_credentials,
    give_password,
    make_role,
    make_server_certificate,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)


def document_of(account, folder, name):
    return json.loads((folder_of(account.pk) / folder / f"{name}.json").read_text())


def git(account, *arguments):
    return subprocess.check_output(["git", "-C", str(folder_of(account.pk)), *arguments], text=True)


def test_document_of_a_user_has_the_api_shapes(account):
    make_user(account, "Alice", Path="/team/", statements=[allow("s3:Get*")])
    perform(root_of(account), "TagUser", UserName="Alice", Tags=[{"Key": "team", "Value": "Größe"}])

    carrying.drain(account.pk)

    document = document_of(account, "users", "alice")
    assert document["Arn"] == f"arn:aws:iam::{account.pk}:user/team/Alice"
    assert document["Tags"] == [{"Key": "team", "Value": "Größe"}]
    assert document["UserPolicyList"] == [
        {"PolicyName": "test", "PolicyDocument": json.loads(policy_document(allow("s3:Get*")))}
    ]


def test_documents_of_a_role_and_its_instance_profile(account):
    user = make_user(account, "alice")
    make_role(
        account, "Web", trust=trust_document({"AWS": user.arn}), Description="d", Tags=[{"Key": "k", "Value": "v"}]
    )
    root = root_of(account)
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="Web")

    carrying.drain(account.pk)

    role = document_of(account, "roles", "web")
    assert role["AssumeRolePolicyDocument"] == json.loads(trust_document({"AWS": user.unique_id}))
    assert (role["Description"], role["Tags"]) == ("d", [{"Key": "k", "Value": "v"}])
    assert document_of(account, "instance-profiles", "web")["Roles"] == ["Web"]


def test_files_of_a_role_go_with_it(account):
    root = root_of(account)
    make_role(account, "Web")
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web")
    carrying.drain(account.pk)
    assert {path.stem for path in folder_of(account.pk).rglob("*.json")} == {"account", "web"}

    perform(root, "DeleteInstanceProfile", InstanceProfileName="Web")
    perform(root, "DeleteRole", RoleName="Web")
    carrying.drain(account.pk)

    assert {path.stem for path in folder_of(account.pk).rglob("*.json")} == {"account"}


@pytest.mark.parametrize(
    ("path", "file"), [("/", "phone"), ("/Team/x/", "team%2Fx%2Fphone"), ("/../../", "..%2F..%2Fphone")]
)
def test_file_of_an_mfa_device_stays_in_its_folder(account, path, file):
    root = root_of(account)
    created = perform(root, "CreateVirtualMFADevice", VirtualMFADeviceName="Phone", Path=path)
    carrying.drain(account.pk)

    written = document_of(account, "mfa-devices", file)
    perform(root, "DeleteVirtualMFADevice", SerialNumber=created["VirtualMFADevice"]["SerialNumber"])
    carrying.drain(account.pk)

    assert written == {"SerialNumber": created["VirtualMFADevice"]["SerialNumber"], "Tags": []}
    assert {path.stem for path in folder_of(account.pk).rglob("*.json")} == {"account"}


def test_documents_of_certificates_hold_what_is_public(account):
    certified = make_server_certificate(account, "Web", Path="/cdn/", Tags=[{"Key": "k", "Value": "v"}])
    give_credentials(make_user(account, "alice"))
    perform(root_of(account), "UploadSigningCertificate", CertificateBody=certified.pem)

    carrying.drain(account.pk)

    web = document_of(account, "server-certificates", "web")
    assert (web["CertificateBody"], web["Tags"]) == (certified.pem.strip(), [{"Key": "k", "Value": "v"}])
    alice = document_of(account, "users", "alice")
    assert alice["SSHPublicKeys"][0]["SSHPublicKeyBody"].startswith("ssh-rsa ")
    assert alice["ServiceSpecificCredentials"][0]["ServiceUserName"] == f"alice-at-{account.pk}"
    assert alice["SigningCertificates"][0]["Status"] == "Active"
    root = json.loads((folder_of(account.pk) / "account.json").read_text())
    assert root["RootSigningCertificates"][0]["CertificateBody"] == certified.pem


def test_files_hold_neither_secret_nor_hash(account):
    alice = make_user(account, "alice")
    password = give_password(alice)
    git_password = give_credentials(alice)
    private_key = make_server_certificate(account).key_pem.splitlines()[1]
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]
    root_key = perform(root_of(account), "CreateAccessKey")["AccessKey"]

    carrying.drain(account.pk)

    text = "".join(path.read_text() for path in folder_of(account.pk).rglob("*.json"))
    assert key["AccessKeyId"] in text
    assert root_key["AccessKeyId"] in text
    assert not [
        secret
        for secret in (
            password,
            "argon2",
            key["SecretAccessKey"],
            root_key["SecretAccessKey"],
            git_password,
            ServiceSpecificCredential.objects.get().secret_digest,
            private_key,
        )
        if secret in text
    ]


def test_policy_that_readers_would_disagree_on_is_kept_as_text(account):
    document = policy_document(allow("s3:*", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "X"}}))
    document = document.replace('"X"', "1e999")
    make_user(account, "alice")
    perform(root_of(account), "PutUserPolicy", UserName="alice", PolicyName="Odd", PolicyDocument=document)

    carrying.drain(account.pk)

    assert document_of(account, "users", "alice")["UserPolicyList"][0]["PolicyDocument"] == document


def test_file_that_is_right_is_not_written_again(account):
    make_user(account, "alice")
    carrying.drain(account.pk)
    path = folder_of(account.pk) / "users" / "alice.json"
    before = path.stat().st_ino

    perform(root_of(account), "UpdateUser", UserName="alice", NewPath="/")
    carrying.drain(account.pk)

    assert path.stat().st_ino == before


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b" " * (LARGEST_FILE + 1)])
def test_fetch_refuses_what_is_no_document(account, content):
    carrying.drain(account.pk)
    (folder_of(account.pk) / "account.json").write_bytes(content)

    with pytest.raises(BackendError) as caught:
        list(LocalBackend(account).fetch())

    assert (caught.value.code, caught.value.permanent) == ("MalformedDocument", True)


def test_fetch_of_an_account_without_files_is_empty(account):
    assert list(LocalBackend(account).fetch()) == []


class TestGit:
    @pytest.fixture(autouse=True)
    def _with_git(self, settings):
        settings.LOCAL_BACKEND_GIT = True

    def test_change_set_is_one_commit_of_its_administrator(self, account):
        alice = principal_of(make_user(account, "alice", statements=[allow("iam:*")]))
        carrying.drain(account.pk)
        steps = [Step("CreateUser", {"UserName": "bob"}), Step("CreateGroup", {"GroupName": "Developers"})]
        made = perform_change_set(alice, steps, title="Set up bob").change_set_id
        carrying.drain(account.pk)

        assert git(account, "log", "-1", "--format=%an|%ae|%s|%(trailers:key=Change-Set,valueonly)").split("|") == [
            "alice",
            alice.arn,
            "Set up bob",
            f"{made}\n\n",
        ]
        assert git(account, "show", "--name-status", "--format=").split() == [
            *("A", "groups/developers.json"),
            *("A", "users/bob.json"),
        ]

    def test_deletion_is_committed(self, account):
        make_user(account, "bob")
        carrying.drain(account.pk)
        perform(root_of(account), "DeleteUser", UserName="bob")
        carrying.drain(account.pk)

        assert git(account, "show", "--name-status", "--format=").split() == ["D", "users/bob.json"]

    @pytest.mark.parametrize("name", [".", ",", "=,.@+-"])
    def test_name_of_punctuation_can_be_an_author(self, account, name):
        odd = principal_of(make_user(account, name, statements=[allow("iam:*")]))
        carrying.drain(account.pk)
        perform(odd, "CreateUser", UserName="bob")
        carrying.drain(account.pk)

        # Git drops punctuation at the end of a name.
        assert git(account, "log", "-1", "--format=%an").strip() in {name, odd.arn.rstrip(".,")}

    def test_lock_of_a_killed_worker_does_not_stop_the_lane(self, account, assert_in_step):
        carrying.drain(account.pk)
        lock = folder_of(account.pk) / ".git" / "index.lock"
        lock.touch()
        long_ago = time.time() - STALE_AFTER - 1
        os.utime(lock, (long_ago, long_ago))
        make_user(account, "bob")

        carrying.drain(account.pk)

        assert git(account, "show", "--name-only", "--format=").split() == ["users/bob.json"]
        assert_in_step(account)


@pytest.mark.parametrize("path", ["/pool", "/../../../x", "/" + "é%2F".encode().hex() + "/" * 200])
def test_file_of_a_provider_stays_in_its_folder(account, path):
    perform(root_of(account), "CreateOpenIDConnectProvider", Url=f"https://idp.example.com{path}")

    carrying.drain(account.pk)

    (file,) = (folder_of(account.pk) / "oidc-providers").iterdir()
    assert json.loads(file.read_text())["Url"] == f"idp.example.com{path}"
    assert file.name.startswith("idp.example.com%2F")
