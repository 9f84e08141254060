"""The pages of access analyzers: what they show, what they change, and who may."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iam.models import Analyzer, ArchiveRule, Event, Finding, Role, User
from iam.operations import perform
from iam.sync.analyzing import scan
from tests.factories import allow, deny, give_password, make_role, make_user, trust_document

FRAGMENT = {"HX-Request": "true"}
MOST_QUERIES = 14
OPERATORS = {f"operator_{number}": "eq" for number in (1, 2, 3)}


def url(page, *args):
    return reverse(f"analyzer:{page}", args=args)


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def outside(account, root):
    """An analyzer that found that everyone may assume the role Public."""
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    perform(root, "CreateAnalyzer", analyzerName="outside", type="ACCOUNT")
    scan()
    return Analyzer.objects.get()


@pytest.fixture
def idle(account, root):
    """An analyzer that found what alice and the role Idle do not use."""
    alice = make_user(account, "alice", statements=[allow("iam:ListUsers", "s3:GetObject")])
    give_password(alice)
    perform(root, "CreateAccessKey", UserName="alice")
    make_role(account, "Idle")
    moment = timezone.now() - timedelta(days=100)
    User.objects.update(created_at=moment)
    Role.objects.update(created_at=moment)
    alice.access_keys.update(created_at=moment)
    type(alice.login_profile).objects.update(created_at=moment)
    perform(root, "CreateAnalyzer", analyzerName="idle", type="ACCOUNT_UNUSED_ACCESS")
    scan()
    return Analyzer.objects.get()


def test_no_analyzer_has_nul_in_its_name(root, client):
    assert client.get("/access-analyzer/details/%00/").status_code == 404


def finding_url(analyzer, kind):
    return url("finding", analyzer.name, analyzer.findings.get(type=kind).pk)


def test_analyzer_is_created_and_shows_its_first_scan(root, client):
    answers = {"type": "ACCOUNT_UNUSED_ACCESS", "analyzer_name": "idle", "age": "30"}

    made = client.post(url("create"), answers)
    waiting = text(client.get(url("findings", "idle")))
    scan()

    assert made["Location"] == url("findings", "idle")
    assert Analyzer.objects.get().unused_access_age == 30
    assert "Waiting for a worker" in waiting
    assert "No active findings" in text(client.get(url("findings", "idle")))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"type": "ACCOUNT", "analyzer_name": "1"}, "analyzerName"),
        ({"type": "ACCOUNT_UNUSED_ACCESS", "analyzer_name": "x", "age": "366"}, "less than or equal to 365"),
        ({"type": "ORGANIZATION", "analyzer_name": "x"}, "not in an organization"),
        ({"type": "ACCOUNT", "analyzer_name": "more"}, "Cannot exceed quota"),
    ],
)
def test_refused_analyzer_says_why(outside, client, answers, message):
    answer = client.post(url("create"), answers)

    assert answer.status_code == 422
    assert message in text(answer)


def test_list_counts_active_findings(outside, client):
    page = text(client.get(url("list")))

    assert url("findings", "outside") in page
    assert [analyzer.active for analyzer in client.get(url("list")).context["analyzers"]] == [1]


def test_finding_of_external_access_leads_to_the_trust_policy(outside, client):
    listed = client.get(url("findings", "outside"))
    page = text(client.get(finding_url(outside, "ExternalAccess")))

    assert "Everyone (*)" in text(listed)
    assert reverse("roles:edit-trust", args=["Public"]) in page


@pytest.mark.parametrize(
    ("kind", "page", "args"),
    [
        ("UnusedIAMRole", "roles:delete", ["Idle"]),
        ("UnusedIAMUserPassword", "users:console-access", ["alice"]),
        ("UnusedPermission", "users:last-accessed", ["alice"]),
    ],
)
def test_finding_of_unused_access_has_the_fix_at_hand(idle, client, kind, page, args):
    assert reverse(page, args=args) in text(client.get(finding_url(idle, kind)))


def test_unused_key_is_deactivated_from_its_finding_and_resolved(idle, root, client):
    finding = idle.findings.get(type="UnusedIAMUserAccessKey")
    fix = reverse("users:deactivate-access-key", args=["alice", finding.details["access_key_id"]])
    assert fix in text(client.get(url("finding", "idle", finding.pk)))

    client.post(fix)
    client.post(url("scan", "idle"))
    scan()

    finding.refresh_from_db()
    assert finding.status == "RESOLVED"
    assert fix not in text(client.get(url("finding", "idle", finding.pk)))


def test_unused_permission_becomes_a_draft_in_the_policy_editor(idle, client):
    (draft,) = client.get(finding_url(idle, "UnusedPermission")).context["drafts"]

    editor = client.post(reverse("policies:create"), {"document": draft.text}, follow=True)

    assert draft.removed == ("iam:ListUsers",)
    assert "s3:GetObject" in text(editor)
    assert "iam:ListUsers" not in editor.context["form"].document


def test_draft_is_for_those_who_may_read_the_policy(idle, signed_in_as, client):
    signed_in_as(allow("*"), deny("iam:GetUserPolicy"))

    page = client.get(finding_url(idle, "UnusedPermission"))

    assert "iam:GetUserPolicy" in text(page)
    assert not any(draft.text for draft in page.context["drafts"])


def test_findings_are_archived_and_taken_out_again(outside, client):
    ids = {"finding": str(outside.findings.get().pk)}

    client.post(url("update-findings", "outside"), {**ids, "status": "ARCHIVED"})
    active, archived = (
        client.get(url("findings", "outside")),
        client.get(url("findings", "outside"), {"status": "archived"}),
    )
    client.post(url("update-findings", "outside"), {**ids, "status": "ACTIVE"})

    assert [len(page.context["page"].rows) for page in (active, archived)] == [0, 1]
    assert outside.findings.get().status == "ACTIVE"


def test_nothing_ticked_changes_nothing(outside, client):
    answer = client.post(url("update-findings", "outside"), {"status": "ARCHIVED"}, follow=True)

    assert "Nothing was selected." in text(answer)


def test_findings_are_filtered_and_searched(idle, client):
    keys = client.get(url("findings", "idle"), {"type": "UnusedIAMUserAccessKey"})
    roles = client.get(url("findings", "idle"), {"q": "role/Idle"})

    assert [row.finding.label for row in keys.context["page"].rows] == ["Unused access key"]
    assert [row.finding.name for row in roles.context["page"].rows] == ["Idle"]


@pytest.mark.parametrize("sort", ["resource", "-resource", "updated", "-updated", "principal"])
def test_findings_go_forth_and_back(account, root, outside, client, sort):
    for number in range(24):
        make_role(account, f"role-{number}", trust=trust_document({"AWS": "*"}))
    client.post(url("scan", "outside"))
    scan()

    first = client.get(url("findings", "outside"), {"sort": sort}).context["page"]
    second = client.get(first.next_url).context["page"]
    back = client.get(second.previous_url).context["page"]

    names = [row.finding.name for page in (first, second) for row in page.rows]
    assert len(set(names)) == len(names) == 25
    assert [row.id for row in back.rows] == [row.id for row in first.rows]


@pytest.mark.parametrize("count", [1, 15])
def test_list_of_findings_costs_the_same_for_any_number(account, root, outside, client, count):
    for number in range(count):
        make_role(account, f"role-{number}", trust=trust_document({"AWS": "*"}))
    client.post(url("scan", "outside"))
    scan()

    with CaptureQueriesContext(connection) as queries:
        page = client.get(url("findings", "outside")).context["page"]

    assert len(page.rows) == count + 1
    assert len(queries) <= MOST_QUERIES, [query["sql"][:100] for query in queries]


def test_scan_shows_progress_and_ends(outside, client):
    client.post(url("scan", "outside"))
    Analyzer.objects.update(scan_started_at=timezone.now(), scan_position="role:0", scan_done=3, scan_total=8)
    moving = client.get(url("progress", "outside"), headers=FRAGMENT)
    before = Event.objects.count()
    client.get(url("progress", "outside"), {"poll": 2}, headers=FRAGMENT)
    traces = Event.objects.count() - before
    Analyzer.objects.update(scan_position="role:0")
    scan()
    done = client.get(url("progress", "outside"), headers=FRAGMENT)

    assert "3 of 8 users and roles" in text(moving)
    assert traces == 0
    assert done.status_code == 286
    assert client.get(url("progress", "outside"))["Location"] == url("findings", "outside")


def test_rule_is_created_applied_and_deleted(outside, client):
    criterion = {"property_1": "principal.AWS", "value_1": "*", **OPERATORS}

    made = client.post(url("create-rule", "outside"), {"rule_name": "known", **criterion, "apply": "1"})

    assert made["Location"] == url("rules", "outside")
    assert outside.findings.get().status == "ARCHIVED"
    assert "AWS principal equals *" in text(client.get(url("rules", "outside")))
    assert client.post(url("delete-rule", "outside", "known"), {"confirm": "known"}).status_code == 422
    client.post(url("delete-rule", "outside", "known"), {"confirm": "delete"})
    assert not ArchiveRule.objects.exists()


def test_rule_without_criteria_is_refused(outside, client):
    assert client.post(url("create-rule", "outside"), {"rule_name": "known", **OPERATORS}).status_code == 422


def test_age_is_changed_and_analyzer_deleted(idle, client):
    client.post(url("edit", "idle"), {"age": "7"})
    assert Analyzer.objects.get().unused_access_age == 7

    assert client.post(url("delete", "idle"), {"confirm": "idle"}).status_code == 422
    client.post(url("delete", "idle"), {"confirm": "delete"})

    assert not Analyzer.objects.exists()


PAGES = ("findings", "preferences", "edit", "delete", "rules", "create-rule")


@pytest.mark.parametrize("page", PAGES)
def test_page_of_an_unknown_analyzer_is_not_found(root, client, page):
    assert client.get(url(page, "nobody")).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_page_without_permission_says_which_is_missing(outside, signed_in_as, client, page):
    signed_in_as()

    answer = client.get(url(page, "outside"))

    assert answer.status_code == 403
    assert "access-analyzer:GetAnalyzer" in text(answer)


def test_findings_are_for_those_who_may_list_them(outside, signed_in_as, client):
    signed_in_as(allow("access-analyzer:GetAnalyzer"))

    listed, finding = client.get(url("findings", "outside")), client.get(finding_url(outside, "ExternalAccess"))

    assert "access-analyzer:ListFindings" in text(listed)
    assert "access-analyzer:GetFinding" in text(finding)
    assert "Public" not in text(listed) + text(finding)


def test_reader_changes_nothing(outside, signed_in_as, client):
    signed_in_as(allow("access-analyzer:Get*", "access-analyzer:List*"))
    ids = {"finding": str(outside.findings.get().pk), "status": "ARCHIVED"}
    criterion = {"rule_name": "known", "property_1": "resource", "value_1": "x", **OPERATORS}

    for page, answers in (
        ("update-findings", ids),
        ("scan", {}),
        ("create-rule", criterion),
        ("delete", {"confirm": "delete"}),
    ):
        answer = client.post(url(page, "outside"), answers, follow=True)
        assert "is not authorized to perform: access-analyzer:" in text(answer), page

    assert Finding.objects.get().status == "ACTIVE"
    assert Analyzer.objects.get().scan_requested_at is None
    assert not ArchiveRule.objects.exists()


def test_unknown_finding_is_not_found(outside, client):
    assert client.get(url("finding", "outside", uuid4())).status_code == 404


@pytest.mark.parametrize("page", ["scan", "update-findings"])
def test_changes_need_a_post(outside, client, page):
    assert client.get(url(page, "outside")).status_code == 405
