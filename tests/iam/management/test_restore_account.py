"""`manage.py restore_account` tells what is restored, what is not, and what to do next."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from iam.models import Account, Change, ChangeSet, User
from iam.operations import accounts, signin
from iam.sync import carrying
from tests.factories import SOURCE, give_password, make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def lost():
    """An account with an alice of which there are only the files."""
    account = make_account(email="owner@example.com")
    give_password(make_user(account))
    carrying.drain(account.pk)
    accounts.reset_account(account.pk)
    for model in (Change, ChangeSet):
        model.objects.all().delete()
    Account.objects.filter(pk=account.pk).delete()
    return account


def run(*arguments: str) -> dict:
    out = StringIO()
    call_command("restore_account", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_restore_account_tells_what_is_lost_and_how_root_gets_in(lost):
    told = run(lost.pk)

    assert told["restored"] == {"account": 1, "user": 1}
    assert told["not_restored"] == [
        {
            "kind": "account",
            "name": lost.pk,
            "member": "HasRootLoginProfile",
            "reason": "the root user's password is not in the backend",
        },
        {"kind": "user", "name": "alice", "member": "LoginProfile", "reason": "the password is not in the backend"},
    ]
    assert f"root_password {lost.pk}" in told["next"]


def test_restore_account_takes_a_root_password_and_never_repeats_it(lost, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", StringIO("Another-Horse-8\n"))

    told = run(lost.pk, "--root-password-stdin")

    assert "next" not in told
    assert "Another-Horse-8" not in json.dumps(told) + "".join(capsys.readouterr())
    assert "Another-Horse-8" not in str(list(Change.objects.values()))
    assert signin.sign_in_root("owner@example.com", "Another-Horse-8", SOURCE).principal.is_root


def test_restore_account_only_tells_where_asked_to(lost):
    assert run(lost.pk, "--dry-run")["restored"] == {"account": 1, "user": 1}
    assert not Account.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("account_id", ["999999999999", "../../etc", "", "99999999999x"])
def test_restore_account_refuses_what_has_no_files(account_id):
    with pytest.raises(CommandError):
        run(account_id)
