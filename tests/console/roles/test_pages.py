"""The pages of a role: what they show, what they change, and who may."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iam.errors import IamError
from iam.models import Change, InstanceProfile, ManagedPolicy, Role
from iam.operations import perform, session_tokens
from tests.console.roles.conftest import trust_of
from tests.factories import allow, make_policy, make_user, policy_document, principal_of

PAGES = (
    "details",
    "trust",
    "tags",
    "access",
    "last-accessed",
    "revoke-sessions",
    "edit",
    "edit-trust",
    "attach-policies",
)
# What the design allows a list page.
MOST_QUERIES = 12


def url(page, *args):
    return reverse(f"roles:{page}", args=args)


@pytest.fixture
def role(make_role, alice, root):
    """A role that alice may assume."""
    make_role("Support", trust_of(alice.arn), Description="Open cases")
    return Role.objects.get(name="Support")


def test_list_shows_roles_and_whom_they_trust(make_role, role, root, client):
    make_role("ec2-role")

    page = client.get(url("list")).context["page"]

    assert [row.role.name for row in page.rows] == ["ec2-role", "Support"]
    assert page.rows[0].role.trusted_summary == "AWS Service: ec2"


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number_of_roles(root, make_role, client, count):
    for number in range(count):
        make_role(f"role-{number}")

    with CaptureQueriesContext(connection) as queries:
        client.get(url("list"))

    assert len(queries) <= MOST_QUERIES


@pytest.mark.parametrize(("search", "expected"), [("supp", ["Support"]), ("ec2", ["Deploy"])])
def test_list_is_searched_by_name_and_trusted_entity(make_role, role, root, client, search, expected):
    make_role("Deploy")

    rows = client.get(url("list"), {"q": search}).context["page"].rows

    assert [row.role.name for row in rows] == expected


def test_list_tells_use_only_to_those_who_may_read_it(role, signed_in_as, client):
    signed_in_as(allow("iam:ListRoles"))

    assert client.get(url("list")).context["page"].rows[0].is_use_denied
    assert client.get(url("list"), {"sort": "last_activity"}).context["refusal"]


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_role_is_shown(role, root, client, page):
    answer = client.get(url(page, "Support"))

    assert answer.status_code == 200
    assert "Support" in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_page_of_an_unknown_role_is_not_found(root, client, page):
    assert client.get(url(page, "Nobody")).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_page_without_permission_says_which_is_missing(role, signed_in_as, client, page):
    signed_in_as(allow("iam:ListRoles"))

    answer = client.get(url(page, "Support"))

    assert answer.status_code == 403
    assert "iam:GetRole" in answer.content.decode()


def test_summary_has_the_link_to_switch(role, root, client):
    page = client.get(url("details", "Support")).content.decode()

    assert "roleName=Support" in page


def test_role_of_a_service_has_no_link_to_switch(make_role, root, client):
    make_role("Deploy")

    assert not client.get(url("details", "Deploy")).context["switch_url"]


def test_trust_tab_says_who_may_what(role, root, client):
    (row,) = client.get(url("trust", "Support")).context["rows"]

    assert (row.who, row.actions) == ("alice", ("sts:AssumeRole",))


def test_trust_policy_is_changed(role, root, client, account):
    answer = client.post(url("edit-trust", "Support"), {"trust_policy": trust_of(account.pk)})

    assert answer.status_code == 302
    assert f"{account.pk}:root" in client.get(url("trust", "Support")).content.decode()


@pytest.mark.parametrize("document", ["{", trust_of("nobody")])
def test_trust_policy_with_errors_is_not_saved(role, root, client, document):
    before = role.assume_role_policy_document

    assert client.post(url("edit-trust", "Support"), {"trust_policy": document}).status_code == 422

    role.refresh_from_db()
    assert role.assume_role_policy_document == before


@pytest.mark.parametrize(
    ("answers", "expected"),
    [({"duration": "14400"}, 14400), ({"duration": "custom", "custom_duration": "5000"}, 5000)],
)
def test_role_is_edited(role, root, client, answers, expected):
    client.post(url("edit", "Support"), {"description": "Changed", **answers})

    role.refresh_from_db()
    assert (role.description, role.max_session_duration) == ("Changed", expected)


@pytest.mark.parametrize("seconds", ["", "3599", "43201", "abc"])
def test_duration_out_of_range_is_refused(role, root, client, seconds):
    answer = client.post(url("edit", "Support"), {"duration": "custom", "custom_duration": seconds})

    assert answer.status_code == 422


def test_policies_are_attached_and_removed(role, root, client, account):
    policy = make_policy(account)
    client.post(url("attach-policies", "Support"), {"policy": policy.arn})
    perform(root, "PutRolePolicy", RoleName="Support", PolicyName="own", PolicyDocument=policy.versions.get().document)
    assert len(client.get(url("details", "Support")).context["page"].rows) == 2

    query = f"?policy=managed%7C{policy.arn}&policy=inline%7Cown"
    client.post(url("remove-policies", "Support") + query)

    assert not client.get(url("details", "Support")).context["page"].rows


def test_boundary_is_set_and_removed(role, root, client, account):
    client.post(url("set-boundary", "Support"), {"boundary": make_policy(account).arn})
    role.refresh_from_db()
    assert role.permissions_boundary

    client.post(url("remove-boundary", "Support"))

    role.refresh_from_db()
    assert not role.permissions_boundary


def test_tags_are_changed(role, root, client):
    client.post(url("manage-tags", "Support"), {"tag-key": ["team"], "tag-value": ["support"]})

    assert client.get(url("tags", "Support")).context["tags"] == (("team", "support"),)


def test_sessions_are_revoked_by_a_policy(role, root, client):
    assert client.post(url("revoke", "Support")).status_code == 422
    client.post(url("revoke", "Support"), {"acknowledged": "on"})

    policy = role.inline_policies.get()
    (statement,) = json.loads(policy.document)["Statement"]
    assert (policy.name, statement["Effect"], statement["Action"]) == ("AWSRevokeOlderSessions", "Deny", ["*"])
    assert list(statement["Condition"]["DateLessThan"]) == ["aws:TokenIssueTime"]


def test_session_that_began_with_the_revocation_is_revoked(account, make_role, root, client, monkeypatch):
    make_role("Support", trust_of(account.pk))
    perform(
        root,
        "PutRolePolicy",
        RoleName="Support",
        PolicyName="read",
        PolicyDocument=policy_document(allow("iam:ListUsers")),
    )
    person = principal_of(make_user(account, statements=[allow("sts:AssumeRole")]))
    arn = Role.objects.get(name="Support").arn
    credentials = perform(person, "AssumeRole", RoleArn=arn, RoleSessionName="alice")["Credentials"]
    session = session_tokens.read(credentials["SessionToken"], person.source).principal
    assert perform(session, "ListUsers")
    monkeypatch.setattr(timezone, "now", lambda: session.session_issued_at)

    client.post(url("revoke", "Support"), {"acknowledged": "on"})

    with pytest.raises(IamError, match="explicit deny"):
        perform(session, "ListUsers")


def test_role_is_deleted_with_what_hangs_on_it(make_role, root, client, account):
    make_role("Deploy")
    perform(root, "AttachRolePolicy", RoleName="Deploy", PolicyArn=make_policy(account).arn)
    perform(root, "CreateInstanceProfile", InstanceProfileName="Deploy")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="Deploy", RoleName="Deploy")

    assert client.post(url("delete", "Deploy"), {"confirm": "deploy"}).status_code == 422
    assert client.post(url("delete", "Deploy"), {"confirm": "Deploy"}).status_code == 302

    assert not Role.objects.filter(account=account).exists()
    assert not InstanceProfile.objects.filter(account=account).exists()


def test_instance_profile_of_another_name_keeps_the_role(make_role, root, client, account):
    make_role("Deploy")
    perform(root, "CreateInstanceProfile", InstanceProfileName="Other")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="Other", RoleName="Deploy")

    answer = client.post(url("delete", "Deploy"), {"confirm": "Deploy"})

    assert "instance profile" in answer.content.decode()
    assert Role.objects.filter(account=account).exists()


def test_service_linked_role_is_deleted_by_its_own_operation(root, client, account):
    now = timezone.now()
    path, policy = "/aws-service-role/", "AutoScalingServiceRolePolicy"
    arn = f"arn:aws:iam::aws:policy{path}{policy}"
    ManagedPolicy.objects.create(arn=arn, name=policy, path=path, created_at=now, updated_at=now)
    perform(root, "CreateServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com")
    role = Role.objects.get(account=account)

    asked = client.get(url("delete", role.name))
    client.post(url("delete", role.name), {"confirm": role.name})

    assert "The service that owns a service-linked role" in asked.content.decode()
    assert not Role.objects.filter(account=account).exists()
    assert Change.objects.filter(account=account, operation="DeleteServiceLinkedRole").count() == 1


def test_several_roles_are_deleted_together(make_role, root, client, account):
    make_role("one")
    make_role("two")

    client.post(url("delete-many") + "?role=one&role=two", {"confirm": "delete"})

    assert not Role.objects.filter(account=account).exists()


def test_reader_changes_nothing(role, signed_in_as, client, account):
    signed_in_as(allow("iam:Get*", "iam:List*"))
    policy = make_policy(account)

    for page, answers in (
        ("edit", {"description": "Changed", "duration": "7200"}),
        ("edit-trust", {"trust_policy": trust_of(account.pk)}),
        ("attach-policies", {"policy": policy.arn}),
        ("set-boundary", {"boundary": policy.arn}),
        ("manage-tags", {"tag-key": ["a"], "tag-value": ["b"]}),
        ("revoke", {"acknowledged": "on"}),
        ("delete", {"confirm": "Support"}),
    ):
        answer = client.post(url(page, "Support"), answers)
        assert answer.status_code == 422, page
        assert "is not authorized to perform: iam:" in answer.content.decode(), page
