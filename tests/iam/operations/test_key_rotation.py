"""A new sealing key reaches every sealed value and every running process, and loses none."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import AccessKey, Draft, MfaDevice
from iam.operations import key_rotation, perform, session_tokens
from iam.operations.drafts import create_draft, load_draft, save_step
from tests.factories import SOURCE, make_account, make_mfa_device, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    """Keys in a file, as an installation has them without SEALING_KEYS."""
    settings.SEALING_KEYS = []
    settings.SEALING_KEYS_FILE = tmp_path / "keys" / "sealing.keys"
    sealing.keys_in(settings.SEALING_KEYS_FILE)
    return settings.SEALING_KEYS_FILE


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def test_everything_sealed_opens_with_the_new_key_alone(keys):
    user = make_user(make_account())
    root = root_of(user.account)
    made = perform(root, "CreateAccessKey", UserName=user.name)["AccessKey"]
    seed = sealing.unseal(make_mfa_device(user).sealed_seed)
    draft = create_draft(root, "create-user")
    save_step(root, "create-user", draft, "details", {"password": ["Correct-Horse-9"]})

    assert rotate() == "Sealed anew: 3 of 3 values.\n"
    assert rotate("--retire", "--now") == "Old keys forgotten: 1.\n"

    assert len(keys.read_text().split()) == 1
    assert sealing.unseal(AccessKey.objects.get().sealed_secret) == made["SecretAccessKey"]
    assert sealing.unseal(MfaDevice.objects.get().sealed_seed) == seed
    assert load_draft(root, "create-user", draft) == {"details": {"password": ["Correct-Horse-9"]}}


def test_running_processes_need_no_restart(keys):
    before = sealing.seal("before")
    rotate()
    after = sealing.seal("after")

    assert sealing.unseal(before) == "before"
    assert sealing.is_newest(after)
    assert not sealing.is_newest(before)
    assert keys.stat().st_mode & 0o777 == 0o600


def test_session_tokens_live_until_old_keys_are_retired():
    user = make_user(make_account())
    token = perform(principal_of(user), "GetSessionToken")["Credentials"]["SessionToken"]
    rotate()
    assert session_tokens.read(token, SOURCE).principal.name == user.name

    rotate("--retire", "--now")
    with pytest.raises(IamError, match="invalid"):
        session_tokens.read(token, SOURCE)


def test_old_keys_are_kept_for_as_long_as_tokens_live(keys):
    rotate()
    with pytest.raises(CommandError, match="may be in use until"):
        rotate("--retire")

    long_ago = (timezone.now() - timedelta(hours=36, seconds=1)).timestamp()
    os.utime(keys, (long_ago, long_ago))
    assert rotate("--retire") == "Old keys forgotten: 1.\n"


def test_rotation_can_be_repeated():
    make_mfa_device(make_user(make_account()))
    key_rotation.add_key()

    assert key_rotation.reseal().changed == 1
    assert key_rotation.reseal() == key_rotation.Resealed(values=1, changed=0, lost=[])


def test_more_rows_than_one_batch_holds(monkeypatch):
    monkeypatch.setattr(key_rotation, "_AT_ONCE", 2)
    root = root_of(make_account())
    for _ in range(5):
        create_draft(root, "create-user")
    key_rotation.add_key()

    assert key_rotation.reseal().changed == 5
    assert all(sealing.is_newest(draft.sealed_answers) for draft in Draft.objects.all())


def test_what_opens_with_no_key_is_named_and_keeps_the_old_keys(keys):
    device = make_mfa_device(make_user(make_account()))
    MfaDevice.objects.update(sealed_seed=b"damaged")

    with pytest.raises(CommandError, match=f"open with no key: MfaDevice {device.pk}"):
        rotate()
    with pytest.raises(CommandError, match="open with no key"):
        rotate("--retire", "--now")
    assert len(keys.read_text().split()) == 2


def test_keys_of_the_settings_are_rotated_there(settings):
    make_mfa_device(make_user(make_account()))
    old = sealing.current_keys()
    settings.SEALING_KEYS = list(old)
    with pytest.raises(CommandError, match="SEALING_KEYS says the keys"):
        rotate("--retire", "--now")

    settings.SEALING_KEYS = [sealing.new_key(), *old]
    assert rotate() == "Sealed anew: 1 of 1 values.\n"


def test_two_rotations_at_once_lose_no_key(keys):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: key_rotation.add_key(), range(8)))

    assert len(set(keys.read_text().split())) == 9


def test_now_is_for_retiring():
    with pytest.raises(CommandError, match="goes with --retire"):
        rotate("--now")


def test_every_binary_column_that_holds_a_secret_is_found():
    # Public keys, challenges that are used up, and hashes.
    public = {"public_key", "credential_id", "last_challenge", "hash"}
    binary = {
        field.name
        for model in apps.get_app_config("iam").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }

    assert binary - public == {field.name for field in key_rotation.sealed_fields()}
