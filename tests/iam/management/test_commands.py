"""The commands for people who script test environments, run as they run them."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from iam.models import AccessKey, Account, Event, Group, InstanceProfile, ManagedPolicy, MfaDevice, Role, User
from iam.operations import accounts, perform, signin
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    allow,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_security_key,
    make_user,
    principal_of,
    root_of,
)

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, **options) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def spawn(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run manage.py as a process of its own, on the test database."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        input=given,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.django_db
def test_create_account_prints_json_and_a_password_it_made():
    told = json.loads(run("create_account", "--alias", "acme", "--root-email", "owner@example.com"))

    account = Account.objects.get()
    assert told == {
        "account_id": account.pk,
        "sign_in_url": "http://localhost:8000/acme/console",
        "root_email": "owner@example.com",
        "root_password": told["root_password"],
        "access_key_id": "",
        "secret_access_key": "",
    }
    assert account.name == "acme"
    assert signin.sign_in_root("owner@example.com", told["root_password"], SOURCE).principal.account_id == account.pk


@pytest.mark.django_db
def test_create_account_takes_id_name_and_key():
    told = json.loads(
        run(
            "create_account",
            "--account-id=123456789012",
            "--name=Example Corp",
            "--root-email=owner@example.com",
            "--root-access-key",
        )
    )

    assert (told["account_id"], told["access_key_id"]) == ("123456789012", AccessKey.objects.get().pk)
    assert told["sign_in_url"].endswith("/123456789012/console")
    assert len(told["secret_access_key"]) == 40
    assert Account.objects.get().name == "Example Corp"


@pytest.mark.django_db(transaction=True)
def test_create_account_reads_the_password_from_standard_input():
    done = spawn(
        "create_account", "--root-email", "owner@example.com", "--root-password-stdin", given=f"{ROOT_PASSWORD}\n"
    )

    assert done.returncode == 0, done.stderr
    assert "root_password" not in json.loads(done.stdout)
    assert ROOT_PASSWORD not in done.stdout + done.stderr
    assert signin.sign_in_root("owner@example.com", ROOT_PASSWORD, SOURCE).principal.is_root


@pytest.mark.django_db(transaction=True)
def test_refusal_is_one_line_with_the_code_and_status_1():
    make_account(email="owner@example.com")

    done = spawn("create_account", "--root-email", "owner@example.com")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "CommandError: EntityAlreadyExists: The root email address owner@example.com already exists."
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--root-email=owner"], "ValidationError"),
        (["--root-email=owner@example.com", "--alias=Acme"], "ValidationError"),
        (["--root-email=owner@example.com", "--account-id=12"], "ValidationError"),
    ],
)
def test_create_account_refuses_with_the_api_code(arguments, code):
    with pytest.raises(CommandError, match=f"^{code}: "):
        run("create_account", *arguments)


@pytest.mark.django_db
def test_reset_account_asks_for_yes():
    account = make_account()
    make_user(account)

    with pytest.raises(CommandError, match="--yes"):
        run("reset_account", account.pk)

    assert User.objects.exists()


@pytest.mark.django_db
def test_reset_account_empties_the_account():
    account = make_account()
    root = root_of(account)
    policy = make_policy(account)
    user = make_user(account)
    make_group(account, members=[user])
    perform(root, "AttachUserPolicy", UserName=user.name, PolicyArn=policy.arn)
    make_role(account, "Worker")
    perform(root, "CreateInstanceProfile", InstanceProfileName="machine")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="machine", RoleName="Worker")

    run("reset_account", account.pk, "--yes")

    assert not any(model.objects.filter(account=account).exists() for model in (User, Group, Role, InstanceProfile))
    assert not ManagedPolicy.objects.filter(account=account).exists()


@pytest.mark.django_db
def test_reset_account_refuses_an_unknown_id():
    with pytest.raises(CommandError, match=r"^NoSuchEntity: "):
        run("reset_account", "999999999999", "--yes")


@pytest.mark.django_db
def test_root_password_is_set_to_what_standard_input_says(monkeypatch):
    account = make_account()
    monkeypatch.setattr("sys.stdin", StringIO("Another-Horse-8\n"))

    run("root_password", account.pk)

    assert signin.sign_in_root(account.root_user.email, "Another-Horse-8", SOURCE).principal.is_root


@pytest.mark.django_db
def test_root_without_its_devices_signs_in_with_the_password_alone():
    account = make_account()
    make_mfa_device(account)
    make_security_key(account)
    assert signin.sign_in_root(account.root_user.email, ROOT_PASSWORD, SOURCE).needs_code
    serial_numbers = set(MfaDevice.in_use.values_list("pk", flat=True))

    assert set(run("remove_root_mfa", account.pk).split()) == serial_numbers

    assert not signin.sign_in_root(account.root_user.email, ROOT_PASSWORD, SOURCE).needs_code
    assert Event.objects.filter(account_id=account.pk, name="DeactivateMFADevice").exists()


@pytest.mark.django_db
def test_remove_root_mfa_refuses_an_unknown_id():
    with pytest.raises(CommandError, match=r"^NoSuchEntity: "):
        run("remove_root_mfa", "999999999999")


@pytest.mark.django_db
def test_setup_link_is_printed_until_there_is_an_account():
    link = run("setup_link").strip()
    token = link.removeprefix("http://localhost:8000/setup/").removesuffix("/")

    assert accounts.is_setup_token(token)
    make_account()
    assert run("setup_link") == ""


@pytest.mark.django_db
def test_load_catalog_loads_once():
    first, second = run("load_catalog"), run("load_catalog")

    assert first == f"{ManagedPolicy.objects.count()} AWS managed policies loaded.\n"
    assert second == "0 AWS managed policies loaded.\n"


@pytest.mark.django_db
def test_organization_is_made_and_changed_from_the_command_line():
    management, member = make_account(), make_account()

    run("organization", "create", management.pk)
    run("organization", "add", management.pk, member.pk)
    told = json.loads(
        run(
            "organization",
            "configure",
            management.pk,
            "--trusted-access=on",
            f"--delegated-administrator={member.pk}",
        )
    )

    assert told == json.loads(run("organization", "show", member.pk))
    assert told["accounts"] == sorted([management.pk, member.pk])
    assert (told["trusted_access"], told["delegated_administrator"]) == (True, member.pk)
    assert json.loads(run("organization", "remove", member.pk)) == {"id": None}
    assert json.loads(run("organization", "delete", management.pk)) == {"id": None}
    with pytest.raises(CommandError, match="NoSuchEntity"):
        run("organization", "delete", management.pk)


@pytest.mark.django_db
def test_show_refuses_an_account_that_there_is_not():
    with pytest.raises(CommandError, match=r"^NoSuchEntity: "):
        run("organization", "show", "999999999999")


@pytest.mark.django_db
def test_delegation_notifications_are_a_line_each():
    partner, owner = make_account(), make_user(make_account(), statements=[allow("*")])
    make_policy(partner, "Deploy", allow("s3:GetObject"))
    request = perform(
        root_of(partner),
        "CreateDelegationRequest",
        Description="Deploys the product",
        Permissions={"PolicyTemplateArn": f"arn:aws:iam::{partner.pk}:policy/Deploy"},
        RequestorWorkflowId="workflow-1",
        NotificationChannel="arn:aws:sns:us-east-1:111122223333:partner",
        SessionDuration=3600,
    )
    perform(principal_of(owner), "AssociateDelegationRequest", DelegationRequestId=request["DelegationRequestId"])

    told = [json.loads(line) for line in run("delegation_notifications", partner.pk).splitlines()]

    assert [(message["TopicArn"], message["Message"]["State"]) for message in told] == [
        ("arn:aws:sns:us-east-1:111122223333:partner", "ASSIGNED")
    ]
    assert run("delegation_notifications", owner.account_id) == ""
    with pytest.raises(CommandError, match=r"^NoSuchEntity: "):
        run("delegation_notifications", "999999999999")


def rights_on(table):
    rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word WHERE has_table_privilege('iam_web', %s, word)",
            [rights, table],
        )
        return {word for (word,) in cursor.fetchall()}


@pytest.mark.django_db
def test_grant_web_leaves_the_event_history_alone():
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON iam_event, iam_user TO iam_web")

    run("grant_web", "iam_web")

    assert rights_on("iam_user") == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    for name in ("", "link", "resource", "chain", "cursor"):
        assert rights_on(f"iam_event{name}") == {"SELECT"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_column_privilege('iam_web', 'iam_event', 'name', 'INSERT')")
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["nobody", "iam", "postgres"])
def test_grant_web_refuses_who_is_not_there_and_who_owns_everything(role):
    with pytest.raises(CommandError, match=r"cannot be found|owns the tables"):
        run("grant_web", role)
