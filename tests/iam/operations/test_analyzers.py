"""Access analyzers: their life, their rules, their scans and what these find."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iam.errors import IamError
from iam.models import AccessKey, Analyzer, Finding, LastAccess, LoginProfile, Organization, Role, User
from iam.operations import analysis, perform
from iam.operations.accounts import reset_account
from iam.operations.analysis import request_due_scans, scan_next_batch
from iam.operations.last_accesses import follow_events
from iam.sync.analyzing import scan
from tests.factories import (
    allow,
    give_password,
    make_account,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def code_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value.code


def external(principal, name="outside"):
    perform(principal, "CreateAnalyzer", analyzerName=name, type="ACCOUNT")
    return Analyzer.objects.get(account=principal.account_id, name=name)


def unused(principal, age=90, name="unused"):
    configuration = {"unusedAccess": {"unusedAccessAge": age}}
    perform(principal, "CreateAnalyzer", analyzerName=name, type="ACCOUNT_UNUSED_ACCESS", configuration=configuration)
    return Analyzer.objects.get(account=principal.account_id, name=name)


def found(analyzer):
    scan()
    return {(row.type, row.name) for row in analyzer.findings.filter(status="ACTIVE")}


def grow_old():
    """Let everything that there is have been made long ago."""
    moment = timezone.now() - LONG_AGO
    User.objects.update(created_at=moment)
    Role.objects.update(created_at=moment)
    AccessKey.objects.update(created_at=moment)
    LoginProfile.objects.update(created_at=moment)


# ---- analyzers


def test_analyzer_is_created_changed_and_deleted(account, root):
    made = perform(root, "CreateAnalyzer", analyzerName="unused", type="ACCOUNT_UNUSED_ACCESS")
    age = Analyzer.objects.get().unused_access_age
    perform(root, "UpdateAnalyzer", analyzerName="unused", configuration={"unusedAccess": {"unusedAccessAge": 7}})
    changed = Analyzer.objects.get().unused_access_age
    perform(root, "DeleteAnalyzer", analyzerName="unused")

    assert made == {"arn": f"arn:aws:access-analyzer:us-east-1:{account.pk}:analyzer/unused"}
    assert (age, changed) == (90, 7)
    assert not Analyzer.objects.exists()


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"analyzerName": "outside", "type": "ACCOUNT_UNUSED_ACCESS"}, "ConflictException"),
        ({"analyzerName": "more", "type": "ACCOUNT"}, "ServiceQuotaExceededException"),
        ({"analyzerName": "more", "type": "ACCOUNT_INTERNAL_ACCESS"}, "ValidationException"),
        ({"analyzerName": "more", "type": "ORGANIZATION"}, "ValidationException"),
        ({"analyzerName": "1", "type": "ACCOUNT_UNUSED_ACCESS"}, "ValidationError"),
        ({"analyzerName": "more", "type": "ACCOUNT", "configuration": {"unusedAccess": {}}}, "ValidationException"),
        (
            {
                "analyzerName": "more",
                "type": "ACCOUNT_UNUSED_ACCESS",
                "configuration": {"unusedAccess": {"unusedAccessAge": 366}},
            },
            "ValidationException",
        ),
    ],
)
def test_analyzer_is_refused(root, parameters, code):
    external(root)

    assert code_of(root, "CreateAnalyzer", **parameters) == code


def test_analyzer_of_another_account_cannot_be_found(root):
    analyzer = external(root)
    stranger = root_of(make_account())

    assert code_of(stranger, "DeleteAnalyzer", analyzerName="outside") == "ResourceNotFoundException"
    assert (
        code_of(stranger, "UpdateFindings", analyzerArn=analyzer.arn, status="ARCHIVED", ids=["x"])
        == "ResourceNotFoundException"
    )


def test_user_needs_the_permission_on_the_analyzer(account):
    arn = f"arn:aws:access-analyzer:us-east-1:{account.pk}:analyzer/mine"
    alice = principal_of(make_user(account, statements=[allow("access-analyzer:CreateAnalyzer", resource=arn)]))

    assert code_of(alice, "CreateAnalyzer", analyzerName="other", type="ACCOUNT") == "AccessDenied"
    assert perform(alice, "CreateAnalyzer", analyzerName="mine", type="ACCOUNT")


def test_reset_account_forgets_analyzers(account, root):
    external(root)

    reset_account(account.pk)

    assert not Analyzer.objects.exists()


# ---- external access


def test_trust_that_lets_outsiders_in_is_found(account, root):
    make_role(account, "Inside")
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    make_role(account, "Partner", trust=trust_document({"AWS": "123456789012"}))
    analyzer = external(root)

    assert found(analyzer) == {("ExternalAccess", "Public"), ("ExternalAccess", "Partner")}
    public = analyzer.findings.get(name="Public")
    assert (public.principal, public.is_public, public.details["actions"]) == ("*", True, ["sts:AssumeRole"])
    assert analyzer.findings.get(name="Partner").principal == "arn:aws:iam::123456789012:root"


def test_finding_is_resolved_once_the_trust_is_gone_and_active_when_it_is_back(account, root):
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)
    scan()
    finding = analyzer.findings.get()

    for document, status in (
        (trust_document({"AWS": account.pk}), "RESOLVED"),
        (trust_document({"AWS": "*"}), "ACTIVE"),
    ):
        perform(root, "UpdateAssumeRolePolicy", RoleName="Public", PolicyDocument=document)
        scan()
        finding.refresh_from_db()
        assert finding.status == status
    assert analyzer.findings.count() == 1


def test_role_of_the_same_name_has_a_finding_of_its_own(account, root):
    trust = trust_document({"AWS": "*"})
    make_role(account, "Public", trust=trust)
    analyzer = external(root)
    scan()
    perform(root, "DeleteRole", RoleName="Public")
    make_role(account, "Public", trust=trust)

    scan()

    assert sorted(analyzer.findings.values_list("status", flat=True)) == ["ACTIVE", "RESOLVED"]


def test_organization_is_trusted_by_an_analyzer_of_it(account, root):
    sister = make_account()
    _organize(account, sister)
    make_role(account, "Sister", trust=trust_document({"AWS": sister.pk}))
    alone = external(root)
    perform(root, "CreateAnalyzer", analyzerName="wide", type="ORGANIZATION")
    wide = Analyzer.objects.get(name="wide")

    assert found(alone) == {("ExternalAccess", "Sister")}
    assert found(wide) == set()


def _organize(manager, *others):
    organization = Organization.objects.create(management_account=manager)
    for each in (manager, *others):
        organization.members.create(account=each)


# ---- unused access


def test_unused_credentials_roles_and_permissions_are_found(account, root):
    alice = make_user(account, "alice", statements=[allow("iam:ListUsers", "s3:*")])
    give_password(alice)
    perform(root, "CreateAccessKey", UserName="alice")
    make_role(account, "Idle")
    grow_old()
    analyzer = unused(root)

    assert found(analyzer) == {
        ("UnusedIAMRole", "Idle"),
        ("UnusedIAMUserAccessKey", "alice"),
        ("UnusedIAMUserPassword", "alice"),
        ("UnusedPermission", "alice"),
    }
    permissions = analyzer.findings.get(type="UnusedPermission")
    assert permissions.details == {"services": [{"prefix": "iam", "last_used": None}], "actions": {}}


def test_what_is_new_is_not_unused(account, root):
    alice = make_user(account, "alice", statements=[allow("iam:ListUsers")])
    give_password(alice)
    perform(root, "CreateAccessKey", UserName="alice")
    make_role(account, "New")

    assert found(unused(root)) == set()


def test_what_is_used_is_not_unused(account, root):
    alice = make_user(account, "alice", statements=[allow("iam:ListUsers", "iam:ListRoles")])
    give_password(alice)
    perform(root, "CreateAccessKey", UserName="alice")
    make_role(account, "Busy")
    grow_old()
    now = timezone.now()
    User.objects.update(password_last_used_at=now)
    AccessKey.objects.update(last_used_at=now)
    Role.objects.update(last_used_at=now)
    perform(principal_of(alice), "ListUsers")
    analyzer = unused(root)

    assert found(analyzer) == {("UnusedPermission", "alice")}
    assert analyzer.findings.get().details == {"services": [], "actions": {"iam": ["ListRoles"]}}


def test_inactive_keys_and_service_linked_roles_are_no_findings(account, root):
    make_user(account, "alice")
    key = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    perform(root, "UpdateAccessKey", UserName="alice", AccessKeyId=key, Status="Inactive")
    make_role(account, "Linked")
    Role.objects.update(path="/aws-service-role/ec2.amazonaws.com/")
    grow_old()

    assert found(unused(root)) == set()


@pytest.mark.parametrize(("age", "is_found"), [(99, True), (101, False)])
def test_age_of_the_analyzer_decides(account, root, age, is_found):
    make_role(account, "Idle")
    grow_old()

    assert bool(found(unused(root, age))) == is_found


# ---- scans


def test_scan_goes_on_where_a_dead_worker_left_it(account, root, monkeypatch):
    monkeypatch.setattr(analysis, "BATCH", 2)
    for number in range(5):
        make_role(account, f"role-{number}", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)
    scan_next_batch()
    scan_next_batch()
    analyzer.refresh_from_db()
    begun = (analyzer.scan_done, analyzer.scan_total, analyzer.findings.count())

    # Another worker takes over.
    while scan_next_batch():
        pass

    analyzer.refresh_from_db()
    assert begun == (4, 5, 4)
    assert (analyzer.findings.count(), analyzer.scan_requested_at) == (5, None)
    assert analyzer.scanned_at


def test_scan_that_is_asked_for_meanwhile_follows(account, root, monkeypatch):
    monkeypatch.setattr(analysis, "BATCH", 1)
    make_role(account, "one")
    analyzer = external(root)
    scan_next_batch()
    arn = f"arn:aws:iam::{account.pk}:role/one"
    perform(root, "StartResourceScan", analyzerArn=analyzer.arn, resourceArn=arn)
    scan_next_batch()

    analyzer.refresh_from_db()
    assert analyzer.scanned_at
    assert analyzer.scan_requested_at


def test_scan_that_fails_says_so_and_stops(account, root, monkeypatch):
    analyzer = external(root)
    make_role(account, "one")
    monkeypatch.setattr(analysis.analysis, "zone_of", lambda analyzer: 1 / 0)

    scan()

    analyzer.refresh_from_db()
    assert "could not be finished" in analyzer.failure
    assert analyzer.scan_requested_at is None


def test_scan_is_due_after_a_change_and_after_a_day(account, root):
    outside, idle = external(root), unused(root)
    scan()

    def due():
        request_due_scans()
        waiting = set(Analyzer.objects.filter(scan_requested_at__isnull=False).values_list("name", flat=True))
        scan()
        return waiting

    assert due() == set()
    make_user(account, "alice")
    assert due() == {outside.name}
    Analyzer.objects.update(scanned_at=timezone.now() - timedelta(days=1, minutes=1))
    assert due() == {outside.name, idle.name}


def test_resolved_findings_are_forgotten_after_ninety_days(account, root):
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)
    scan()
    perform(root, "DeleteRole", RoleName="Public")
    scan()
    Finding.objects.update(updated_at=timezone.now() - timedelta(days=91))

    perform(root, "StartResourceScan", analyzerArn=analyzer.arn, resourceArn=f"arn:aws:iam::{account.pk}:root")
    scan()

    assert not analyzer.findings.exists()


@pytest.mark.parametrize("count", [3, 30])
def test_batch_of_an_external_scan_costs_the_same_for_any_number_of_roles(account, root, count):
    for number in range(count):
        make_role(account, f"role-{number}", trust=trust_document({"AWS": "*"}))
    external(root)

    with CaptureQueriesContext(connection) as queries:
        scan_next_batch()

    assert Finding.objects.count() == count
    assert len(queries) <= 14


@pytest.mark.django_db(transaction=True)
def test_two_workers_find_everything_once(account, root):
    for number in range(4):
        make_role(account, f"role-{number}", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)

    def work(_number):
        try:
            while scan_next_batch():
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    scan()

    assert analyzer.findings.count() == 4


# ---- archiving


def test_findings_are_archived_and_taken_out_again(account, root):
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)
    scan()
    finding = analyzer.findings.get()

    for status in ("ARCHIVED", "ACTIVE"):
        perform(root, "UpdateFindings", analyzerArn=analyzer.arn, status=status, ids=[str(finding.pk)])
        perform(root, "StartResourceScan", analyzerArn=analyzer.arn, resourceArn=finding.resource)
        scan()
        finding.refresh_from_db()
        assert finding.status == status


def test_rule_archives_what_comes_and_when_applied_what_is_there(account, root):
    make_role(account, "Public", trust=trust_document({"AWS": "*"}))
    analyzer = external(root)
    scan()
    rule = {"principal.AWS": {"eq": ["*"]}, "resource": {"contains": [":role/"]}}
    perform(root, "CreateArchiveRule", analyzerName="outside", ruleName="known", filter=rule)
    before = analyzer.findings.get().status

    perform(root, "ApplyArchiveRule", analyzerArn=analyzer.arn, ruleName="known")
    make_role(account, "Later", trust=trust_document({"AWS": "*"}))
    make_role(account, "Partner", trust=trust_document({"AWS": "123456789012"}))
    scan()

    assert before == "ACTIVE"
    assert dict(analyzer.findings.values_list("name", "status")) == {
        "Public": "ARCHIVED",
        "Later": "ARCHIVED",
        "Partner": "ACTIVE",
    }


@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"colour": {"eq": ["x"]}},
        {"resource": {"like": ["x"]}},
        {"resource": {"eq": ["x" * 2049]}},
    ],
)
def test_rule_that_can_archive_nothing_is_refused(root, criteria):
    external(root)

    with pytest.raises(IamError) as refused:
        perform(root, "CreateArchiveRule", analyzerName="outside", ruleName="rule", filter=criteria)

    assert refused.value.code == "ValidationException"


def test_rules_are_deleted_and_their_names_are_unique(root):
    external(root)
    rule = {"analyzerName": "outside", "ruleName": "rule"}
    criteria = {"isPublic": {"eq": ["false"]}}
    perform(root, "CreateArchiveRule", **rule, filter=criteria)

    assert code_of(root, "CreateArchiveRule", **rule, filter=criteria) == "ConflictException"
    perform(root, "DeleteArchiveRule", **rule)
    assert code_of(root, "DeleteArchiveRule", **rule) == "ResourceNotFoundException"


@pytest.mark.parametrize("ids", [[], ["x"], ["00000000-0000-0000-0000-000000000000"] * 101])
def test_ids_that_are_none_are_refused(root, ids):
    analyzer = external(root)

    assert (
        code_of(root, "UpdateFindings", analyzerArn=analyzer.arn, status="ARCHIVED", ids=ids) == "ValidationException"
    )


def test_use_in_another_account_is_no_use_here(account, root):
    alice = make_user(account, "alice", statements=[allow("iam:ListUsers")])
    grow_old()
    LastAccess.objects.create(
        account_id="123456789012", principal_id=alice.unique_id, service="iam", action="ListUsers", at=timezone.now()
    )
    follow_events()

    assert found(unused(root)) == {("UnusedPermission", "alice")}


def test_policy_of_a_group_counts(account, root):
    alice = make_user(account, "alice")
    perform(root, "CreateGroup", GroupName="Readers")
    perform(root, "AddUserToGroup", GroupName="Readers", UserName=alice.name)
    document = policy_document(allow("iam:ListUsers"))
    perform(root, "PutGroupPolicy", GroupName="Readers", PolicyName="read", PolicyDocument=document)
    grow_old()

    assert found(unused(root)) == {("UnusedPermission", "alice")}
