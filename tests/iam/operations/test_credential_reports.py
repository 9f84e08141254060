"""The credential report through the API: its states, its rows and its cells."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iam.errors import IamError
from iam.models import AccessKey, CredentialReport, LoginProfile, MfaDevice, RootUser, SigningCertificate, User
from iam.operations import perform
from iam.operations.credential_reports import forget_old_credential_reports
from iam.queries.credential_report import COLUMNS, credential_report
from iam.sync.reporting import write_reports
from tests.factories import (
    allow,
    give_password,
    make_account,
    make_many_users,
    make_mfa_device,
    make_user,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def code_of(principal, operation):
    with pytest.raises(IamError) as refused:
        perform(principal, operation)
    return refused.value.code


def rows_of(account):
    return {row["user"]: row for row in csv.DictReader(io.StringIO(credential_report(account.pk)))}


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def age_report(**age):
    CredentialReport.objects.update(generated_at=timezone.now() - timedelta(**age))


def test_report_is_started_then_in_progress_then_complete(root):
    started = perform(root, "GenerateCredentialReport")
    again = perform(root, "GenerateCredentialReport")
    write_reports()
    complete = perform(root, "GenerateCredentialReport")

    assert started == {
        "State": "STARTED",
        "Description": "No report exists. Starting a new report generation task",
    }
    assert again == {"State": "INPROGRESS"}
    assert complete == {"State": "COMPLETE"}


def test_report_is_refused_until_it_is_there(root):
    absent = code_of(root, "GetCredentialReport")
    perform(root, "GenerateCredentialReport")
    waiting = code_of(root, "GetCredentialReport")
    write_reports()

    answer = perform(root, "GetCredentialReport")

    assert (absent, waiting) == ("ReportNotPresent", "ReportInProgress")
    assert answer["ReportFormat"] == "text/csv"
    assert answer["Content"].decode() == credential_report(root.account_id)
    assert abs(answer["GeneratedTime"] - timezone.now()) < timedelta(minutes=1)


def test_report_stays_as_it_was_written_for_four_hours(account, root):
    perform(root, "GenerateCredentialReport")
    write_reports()
    age_report(hours=3, minutes=59)
    make_user(account, "late")

    assert perform(root, "GenerateCredentialReport")["State"] == "COMPLETE"
    assert b"late" not in perform(root, "GetCredentialReport")["Content"]


def test_report_of_four_hours_expires_and_is_written_anew(account, root):
    perform(root, "GenerateCredentialReport")
    write_reports()
    age_report(hours=4)
    make_user(account, "late")

    expired = code_of(root, "GetCredentialReport")
    restarted = perform(root, "GenerateCredentialReport")["State"]
    write_reports()

    assert (expired, restarted) == ("ReportExpired", "STARTED")
    assert b"late" in perform(root, "GetCredentialReport")["Content"]


def test_reports_that_expired_long_ago_are_forgotten(root):
    perform(root, "GenerateCredentialReport")
    write_reports()
    age_report(days=8)

    forget_old_credential_reports()

    assert code_of(root, "GetCredentialReport") == "ReportNotPresent"


def test_each_account_has_its_own_report(root):
    perform(root, "GenerateCredentialReport")
    write_reports()

    assert code_of(root_of(make_account()), "GetCredentialReport") == "ReportNotPresent"


def test_both_operations_need_a_permission(account):
    asker = principal_of(make_user(account, "asker", statements=[allow("iam:GenerateCredentialReport")]))

    assert perform(asker, "GenerateCredentialReport")["State"] == "STARTED"
    assert code_of(asker, "GetCredentialReport") == "AccessDenied"


def test_root_comes_first_and_users_follow_by_name(account):
    for name in ("carol", "Bob", "alice"):
        make_user(account, name)

    text = credential_report(account.pk)

    header, first, *_ = text.split("\n")
    assert header == ",".join(COLUMNS)
    assert len(COLUMNS) == 22
    assert first.startswith(f"<root_account>,arn:aws:iam::{account.pk}:root,")
    assert list(rows_of(account)) == ["<root_account>", "alice", "Bob", "carol"]
    assert not text.endswith("\n")


def test_root_row_says_what_root_does_not_support(account):
    used_at = timezone.now()
    device = make_mfa_device(account)
    MfaDevice.objects.update(enabled_at=None)
    never = rows_of(account)["<root_account>"]
    RootUser.objects.update(password_last_used_at=used_at)
    MfaDevice.objects.filter(pk=device.pk).update(enabled_at=used_at)

    row = rows_of(account)["<root_account>"]

    assert never["password_last_used"] == "no_information"
    assert never["mfa_active"] == "false"
    assert row["password_last_used"] == at(used_at)
    assert row["mfa_active"] == "true"
    assert {row[f"password_{cell}"] for cell in ("enabled", "last_changed", "next_rotation")} == {"not_supported"}


def test_user_without_credentials_has_none_of_their_cells(account):
    user = make_user(account)

    row = rows_of(account)["alice"]

    assert list(row.values()) == [
        *("alice", user.arn, at(user.created_at), "false", "N/A", "N/A", "N/A", "false"),
        *("false", "N/A", "N/A", "N/A", "N/A") * 2,
        *("false", "N/A") * 2,
    ]


def test_password_cells_follow_the_password_and_the_policy(account, root):
    user = make_user(account)
    give_password(user)
    perform(root, "UpdateAccountPasswordPolicy", MaxPasswordAge=90)
    changed_at = LoginProfile.objects.get().password_changed_at
    unused = rows_of(account)["alice"]
    User.objects.update(password_last_used_at=changed_at)
    make_mfa_device(user)

    row = rows_of(account)["alice"]

    assert unused["password_last_used"] == "no_information"
    assert row["password_enabled"] == "true"
    assert row["password_last_used"] == row["password_last_changed"] == at(changed_at)
    assert row["password_next_rotation"] == at(changed_at + timedelta(days=90))
    assert row["mfa_active"] == "true"


def test_keys_stand_by_their_ids_with_their_last_use(account, root):
    make_user(account)
    ids = sorted(perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"] for _ in range(2))
    perform(root, "UpdateAccessKey", UserName="alice", AccessKeyId=ids[1], Status="Inactive")
    used_at = timezone.now()
    AccessKey.objects.filter(pk=ids[1]).update(
        last_used_at=used_at, last_used_region="us-east-1", last_used_service="iam"
    )

    row = rows_of(account)["alice"]

    created = AccessKey.objects.get(pk=ids[1]).created_at
    assert (row["access_key_1_active"], row["access_key_1_last_used_date"]) == ("true", "N/A")
    assert [row[f"access_key_2_{cell}"] for cell in ("active", "last_rotated", "last_used_date")] == [
        *("false", at(created), at(used_at))
    ]
    assert (row["access_key_2_last_used_region"], row["access_key_2_last_used_service"]) == ("us-east-1", "iam")


@pytest.mark.parametrize("name", ["=1", "+1", "-1", "@a"])
def test_no_cell_is_a_formula(account, name):
    user = make_user(account, name)

    rows = rows_of(account)

    assert rows[f"'{name}"]["arn"] == user.arn


def test_names_with_commas_stay_one_cell(account):
    make_user(account, "a,b")

    assert "a,b" in rows_of(account)


def test_report_takes_the_same_queries_however_many_users(account):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            credential_report(account.pk)
        return len(captured)

    make_user(account)
    few = queries()
    make_many_users(account, 1200)

    assert queries() == few <= 5


def test_certificates_stand_with_the_inactive_one_first(account):
    user = make_user(account)
    now = timezone.now()
    for owner, status, fingerprint in ((user, "Active", "a"), (user, "Inactive", "b"), (None, "Active", "c")):
        SigningCertificate.objects.create(
            account=account, user=owner, body="…", fingerprint=fingerprint, status=status, uploaded_at=now
        )

    rows = rows_of(account)

    certificates = [
        [row[f"cert_{number}_{cell}"] for number in (1, 2) for cell in ("active", "last_rotated")]
        for row in (rows["<root_account>"], rows["alice"])
    ]
    assert certificates == [["true", at(now), "false", "N/A"], ["false", at(now), "true", at(now)]]


def test_root_without_a_password_has_none_of_its_cells(account):
    RootUser.objects.update(password="")

    row = rows_of(account)["<root_account>"]

    assert [row[f"password_{cell}"] for cell in ("enabled", "last_used", "last_changed", "next_rotation")] == [
        *("false", "N/A", "N/A", "not_supported")
    ]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_starts_the_report():
    root = root_of(make_account())

    def ask(_number):
        try:
            return perform(root, "GenerateCredentialReport")["State"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(ask, range(8)))

    assert sorted(states) == ["INPROGRESS"] * 7 + ["STARTED"]


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_worker_that_writes():
    root = root_of(make_account())
    perform(root, "GenerateCredentialReport")

    def ask():
        try:
            return perform(root, "GenerateCredentialReport")["State"]
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        CredentialReport.objects.select_for_update().get()
        state = pool.submit(ask).result(timeout=90)

    assert state == "INPROGRESS"
