"""The page of the credential report: the file, its download, and the table of this moment."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iam.models import AccessKey, CredentialReport, Event
from iam.operations import perform
from iam.sync.reporting import write_reports
from tests.factories import allow, give_password, make_user

PAGE = reverse("reports:credentials")
FILE = reverse("reports:credential-file")
GENERATE = reverse("reports:generate-credentials")
DOWNLOAD = reverse("reports:download-credentials")
FRAGMENT = {"HX-Request": "true"}
MOST_QUERIES = 14


def text(response):
    return " ".join(response.content.decode().split())


def test_report_is_generated_waited_for_and_downloaded(account, root, client):
    make_user(account, "alice")

    assert "No report has been generated yet." in text(client.get(PAGE))
    assert client.post(GENERATE)["Location"] == PAGE
    assert "The report is being generated." in text(client.get(PAGE))
    assert client.get(FILE, headers=FRAGMENT).status_code == 200
    write_reports()
    done = client.get(FILE, headers=FRAGMENT)
    file = client.get(DOWNLOAD)

    assert done.status_code == 286
    assert DOWNLOAD in text(done)
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert file["Cache-Control"] == "no-store"
    assert 'attachment; filename="status_reports_' in file["Content-Disposition"]
    assert [row["user"] for row in csv.DictReader(io.StringIO(file.content.decode()))] == ["<root_account>", "alice"]


def test_file_that_is_not_there_leads_back_with_the_reason(root, client):
    answer = client.get(DOWNLOAD, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "There is no report yet. Generate one first." in text(answer)


def test_report_of_four_hours_is_not_offered(account, root, client):
    perform(root, "GenerateCredentialReport")
    write_reports()
    CredentialReport.objects.update(generated_at=timezone.now() - timedelta(hours=4))

    page = text(client.get(PAGE))

    assert "Expired" in page
    assert DOWNLOAD not in page


def test_names_are_no_formulas_in_a_spreadsheet_and_no_markup_on_the_page(account, root, client):
    make_user(account, "=1+1")
    perform(root, "GenerateCredentialReport")
    write_reports()

    assert b"\n'=1+1,arn:" in client.get(DOWNLOAD).content
    assert "&lt;root_account&gt;" in text(client.get(PAGE))


def test_waiting_panel_leads_to_the_page_without_script(root, client):
    assert client.get(FILE)["Location"] == PAGE


@pytest.mark.parametrize("url", [GENERATE, DOWNLOAD])
def test_other_methods_are_refused(root, client, url):
    method = client.get if url == GENERATE else client.post

    assert method(url).status_code == 405


def test_stranger_sees_which_actions_are_missing(account, signed_in_as, client):
    make_user(account, "victim")
    signed_in_as()

    page = client.get(PAGE)
    client.post(GENERATE)

    assert page.status_code == 200
    assert "iam:GetCredentialReport" in text(page)
    assert "victim" not in text(page)
    assert not CredentialReport.objects.exists()
    assert "iam:GetCredentialReport" in text(client.get(DOWNLOAD, follow=True))


def test_reader_of_the_file_alone_sees_no_table(account, signed_in_as, client):
    make_user(account, "victim")
    signed_in_as(allow("iam:GetCredentialReport"))

    page = client.get(PAGE)

    assert "iam:GenerateCredentialReport" in text(page)
    assert "victim" not in text(page)


def test_table_points_at_what_is_old(account, root, client):
    alice, bob = make_user(account, "alice"), make_user(account, "bob")
    give_password(alice)
    perform(root, "CreateAccessKey", UserName="alice")
    perform(root, "CreateAccessKey", UserName="bob")
    long_ago = timezone.now() - timedelta(days=91)
    AccessKey.objects.filter(user=bob).update(created_at=long_ago)

    rows = {row.name: row.cells for row in client.get(PAGE).context["page"].rows}

    assert "status-warning" in rows["bob"]
    assert "91 days" in rows["bob"]
    assert rows["alice"].count("status-warning") == 2  # Never signed in, and no MFA.


def test_table_is_searched_and_begins_with_root(account, root, client):
    make_user(account, "alice")
    make_user(account, "bob")

    everybody, found = client.get(PAGE), client.get(PAGE, {"q": "bo"})

    assert everybody.context["root"].is_root
    assert [row.name for row in everybody.context["page"].rows] == ["alice", "bob"]
    assert found.context["root"] is None
    assert [row.name for row in found.context["page"].rows] == ["bob"]


@pytest.mark.parametrize("count", [1, 30])
def test_page_costs_the_same_for_any_number_of_users(account, root, client, count):
    for number in range(count):
        make_user(account, f"user-{number}")

    with CaptureQueriesContext(connection) as queries:
        page = client.get(PAGE).context["page"]

    assert len(page.rows) == min(count, 20)
    assert len(queries) <= MOST_QUERIES, [query["sql"][:90] for query in queries]


def test_panel_that_asks_again_leaves_one_trace(account, signed_in_as, client):
    signed_in_as(allow("iam:GenerateCredentialReport", "iam:GetCredentialReport"))
    client.post(GENERATE)
    client.get(PAGE)
    before = Event.objects.count()

    client.get(FILE, {"poll": 1}, headers=FRAGMENT)
    client.get(FILE, {"poll": 2}, headers=FRAGMENT)

    assert Event.objects.count() == before
