"""SSH public keys: both encodings, one key whichever of them."""

import base64
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from iam.errors import IamError
from iam.models import Event
from iam.operations import perform
from iam.operations.ssh_public_keys import read_key
from tests.certificates import Certified, pem_text, rsa_key, ssh_text
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    account = make_account()
    make_user(account)
    return account


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def upload(principal, body=None, user="alice"):
    body = body or ssh_text(rsa_key())
    return perform(principal, "UploadSSHPublicKey", UserName=user, SSHPublicKeyBody=body)["SSHPublicKey"]


def get(principal, key_id, encoding, user="alice"):
    asked = {"UserName": user, "SSHPublicKeyId": key_id, "Encoding": encoding}
    return perform(principal, "GetSSHPublicKey", **asked)["SSHPublicKey"]


def test_key_is_uploaded_deactivated_and_deleted(root):
    uploaded = upload(root, ssh_text(rsa_key(), "alice@laptop"))

    assert uploaded["SSHPublicKeyId"].startswith("APKA")
    assert (uploaded["UserName"], uploaded["Status"]) == ("alice", "Active")
    named = {"UserName": "alice", "SSHPublicKeyId": uploaded["SSHPublicKeyId"]}
    perform(root, "UpdateSSHPublicKey", **named, Status="Inactive")
    assert get(root, uploaded["SSHPublicKeyId"], "SSH") == {**uploaded, "Status": "Inactive"}
    assert perform(root, "ListSSHPublicKeys", UserName="alice") == {
        "SSHPublicKeys": [{**named, "Status": "Inactive", "UploadDate": uploaded["UploadDate"]}],
        "IsTruncated": False,
    }
    perform(root, "DeleteSSHPublicKey", **named)
    assert perform(root, "ListSSHPublicKeys", UserName="alice")["SSHPublicKeys"] == []


def test_key_comes_back_in_either_encoding(account, root):
    make_user(account, "bob")
    key = rsa_key()

    uploads = {"alice": upload(root, ssh_text(key) + "\n"), "bob": upload(root, pem_text(key), "bob")}

    for user, uploaded in uploads.items():
        key_id = uploaded["SSHPublicKeyId"]
        assert get(root, key_id, "SSH", user)["SSHPublicKeyBody"] == ssh_text(key)
        assert get(root, key_id, "PEM", user)["SSHPublicKeyBody"] == pem_text(key).strip()


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="compares with OpenSSH")
def test_fingerprint_is_that_of_openssh(root, tmp_path):
    file = tmp_path / "key.pub"
    file.write_text(ssh_text(rsa_key()))
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-E", "md5", "-f", str(file)], capture_output=True, text=True, check=True
    ).stdout

    assert f"MD5:{upload(root)['Fingerprint']} " in shown


def test_fingerprint_is_the_same_in_either_encoding():
    key = rsa_key()

    wire = base64.b64decode(ssh_text(key).split()[1])

    assert read_key(pem_text(key)).fingerprint() == read_key(ssh_text(key, "comment")).fingerprint()
    assert len(read_key(ssh_text(key)).fingerprint()) == 47
    assert wire.startswith(b"\x00\x00\x00\x07ssh-rsa")


def test_same_key_is_refused_once_more_for_the_user_only(account, root):
    make_user(account, "bob")
    upload(root)

    error = refusal_of(root, "UploadSSHPublicKey", UserName="alice", SSHPublicKeyBody=pem_text(rsa_key()))
    upload(root, user="bob")

    assert (error.code, error.parameter) == ("DuplicateSSHPublicKey", "SSHPublicKeyBody")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("hello", "UnrecognizedPublicKeyEncoding"),
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHYUo4+smH1eCpMW1X/rrMv3lBXDOFy9Sz3MkFQcQFe6",
            "UnrecognizedPublicKeyEncoding",
        ),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "UnrecognizedPublicKeyEncoding"),
        ("ssh-rsa not-base64!", "InvalidPublicKey"),
        ("ssh-rsa AAAAB3NzaC1yc2E=", "InvalidPublicKey"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "InvalidPublicKey"),
    ],
)
def test_text_without_a_key_is_refused(root, body, code):
    assert refusal_of(root, "UploadSSHPublicKey", UserName="alice", SSHPublicKeyBody=body).code == code


@pytest.mark.parametrize("public", [ssh_text, pem_text])
def test_private_key_behind_a_public_one_is_not_kept(root, public):
    private = Certified(None, rsa_key()).key_pem

    error = refusal_of(root, "UploadSSHPublicKey", UserName="alice", SSHPublicKeyBody=f"{public(rsa_key())}\n{private}")

    assert error.code == "UnrecognizedPublicKeyEncoding"
    assert private not in str(Event.objects.latest("pk").request_parameters)


def test_only_rsa_keys_of_2048_bits_are_taken(root):
    elliptic = pem_text(ec.generate_private_key(ec.SECP256R1()))

    for body in (elliptic, ssh_text(rsa_key(bits=1024))):
        error = refusal_of(root, "UploadSSHPublicKey", UserName="alice", SSHPublicKeyBody=body)
        assert (error.code, error.message) == (
            "InvalidPublicKey",
            "The public key must be an RSA key of 2048 bits or more.",
        )


def test_user_has_five_at_most(root):
    for number in range(5):
        upload(root, ssh_text(rsa_key(number)))

    error = refusal_of(root, "UploadSSHPublicKey", UserName="alice", SSHPublicKeyBody=ssh_text(rsa_key(5)))

    assert (error.code, error.message) == ("LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 5")


def test_unknown_key_cannot_be_found(account, root):
    make_user(account, "bob")
    of_bob = upload(root, user="bob")["SSHPublicKeyId"]

    for unknown in (of_bob, "APKAXXXXXXXXXXXXXXXXX"):
        error = refusal_of(root, "DeleteSSHPublicKey", UserName="alice", SSHPublicKeyId=unknown)
        assert (error.code, error.message) == (
            "NoSuchEntity",
            f"The Public Key with id {unknown} cannot be found.",
        )


def test_status_is_active_or_inactive_only(root):
    named = {"UserName": "alice", "SSHPublicKeyId": upload(root)["SSHPublicKeyId"]}

    assert refusal_of(root, "UpdateSSHPublicKey", **named, Status="Expired").code == "InvalidInput"


def test_list_without_a_name_means_the_calling_user(account, root):
    bob = principal_of(make_user(account, "bob", statements=[allow("iam:ListSSHPublicKeys")]))
    upload(root, user="bob")

    assert len(perform(bob, "ListSSHPublicKeys")["SSHPublicKeys"]) == 1
    error = refusal_of(root, "ListSSHPublicKeys")
    assert (error.code, error.message) == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


def test_user_with_a_key_is_not_deleted(root):
    upload(root)

    error = refusal_of(root, "DeleteUser", UserName="alice")

    assert (error.code, error.message) == (
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    )


@given(
    st.sampled_from(["", "ssh-rsa ", "ssh-rsa AAAAB3NzaC1yc2E", "-----BEGIN PUBLIC KEY-----\n"]), st.text(max_size=200)
)
def test_reader_raises_nothing_but_its_own_errors(begin, rest):
    with pytest.raises(IamError) as refused:
        read_key(begin + rest)

    assert refused.value.code in {"UnrecognizedPublicKeyEncoding", "InvalidPublicKey"}
