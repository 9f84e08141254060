"""Entities are found again by id and by name, renamed, and left out where they do not fit."""

import pytest

from iam.models import Group, ManagedPolicy, Role, User, identifiers
from iam.operations.mirroring import remove_all_but, remove_entities, write_documents
from iam.operations.mirroring.writing import Note
from tests.factories import make_account, make_policy, make_user, perform, root_of
from tests.iam.operations.mirroring import documents
from tests.iam.operations.mirroring.conftest import as_mirror

pytestmark = pytest.mark.django_db


def notes(account, *given, **how) -> list[tuple[str, str, str]]:
    """Return kind, name and member of what was left out."""
    return [(note.kind, note.name, note.member) for note in write_documents(account.pk, given, **how).notes]


def renamed(entity, **members):
    kind, document = entity
    return kind, {**document, **members}


def test_user_renamed_in_the_backend_is_renamed_here(mirror):
    alice = documents.user(Tags=[{"Key": "team", "Value": "web"}])
    write_documents(mirror.pk, [alice])
    row = User.objects.get()

    write_documents(mirror.pk, [renamed(alice, UserName="alicia", Path="/staff/")])

    found = User.objects.get()
    assert (found.pk, found.name, found.path) == (row.pk, "alicia", "/staff/")


def test_row_found_by_name_gets_the_backend_s_identifiers(mirror):
    make_user(account := make_account(), "bob")
    account = as_mirror(account)
    row = User.objects.get(name="bob")
    bob = documents.user("Bob")

    assert notes(account, bob) == []

    found = User.objects.get(pk=row.pk)
    assert (found.name, found.unique_id) == ("Bob", bob[1]["UserId"])
    assert found.created_at.isoformat() == documents.DATE


def test_names_may_change_places(mirror):
    alice, bob, carol = documents.user("alice"), documents.user("bob"), documents.user("carol")
    write_documents(mirror.pk, [alice, bob, carol])
    rows = dict(User.objects.values_list("unique_id", "pk"))

    given = [renamed(alice, UserName="bob"), renamed(bob, UserName="carol"), renamed(carol, UserName="alice")]
    assert notes(mirror, *given) == []

    found = {user.unique_id: (user.pk, user.name) for user in User.objects.all()}
    assert found == {each["UserId"]: (rows[each["UserId"]], each["UserName"]) for _, each in given}


def test_who_has_a_name_that_the_backend_gives_to_another_is_gone(mirror):
    alice, bob = documents.user("alice"), documents.user("bob", AccessKeys=[documents.key()])
    write_documents(mirror.pk, [alice, bob])

    assert notes(mirror, renamed(alice, UserName="bob")) == []

    assert list(User.objects.values_list("unique_id", "name")) == [(alice[1]["UserId"], "bob")]


def test_only_members_that_are_there_are_written(mirror):
    alice = documents.user(Tags=[{"Key": "team", "Value": "web"}], AccessKeys=[documents.key()])
    write_documents(mirror.pk, [alice])

    write_documents(mirror.pk, [("user", {"UserName": "alice", "Tags": []})])

    user = User.objects.get()
    assert (user.tags.count(), user.access_keys.count(), user.unique_id) == (0, 1, alice[1]["UserId"])


def test_partial_document_makes_no_entity(mirror):
    assert notes(mirror, ("user", {"UserName": "alice", "Tags": []})) == [("user", "alice", "")]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "members",
    [
        {"UserName": "<script>"},
        {"UserName": "x" * 65},
        {"UserName": None},
        {"UserName": "a\0b"},
        {"Path": "staff"},
        {"Path": "/" + "x" * 600 + "/"},
        {"CreateDate": "yesterday"},
        {"CreateDate": "0001-01-01T00:00:00+14:00"},
        {"CreateDate": 5},
        {"UserId": "AIDA\0"},
        {"UserId": "A" * 22},
        {"UserId": ["AIDA"]},
        {"Arn": "arn:aws:iam::999999999999:user/alice"},
    ],
)
def test_entity_that_does_not_fit_is_left_out_and_told(mirror, members):
    written = write_documents(mirror.pk, [documents.user(**members), documents.user("bob")])

    assert [note.member for note in written.notes] == [""]
    assert [user.name for user in User.objects.all()] == ["bob"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Tags", [{"Key": "x" * 129, "Value": ""}]),
        ("Tags", [{"Key": "\ud800", "Value": ""}]),
        ("Tags", [{"Value": "x"}]),
        ("Tags", "team"),
        ("Tags", ["team"]),
        ("Tags", [{"Key": str(number), "Value": ""} for number in range(1001)]),
        ("UserPolicyList", [{"PolicyName": "p", "PolicyDocument": "x" * 200_001}]),
        ("UserPolicyList", [{"PolicyName": "p", "PolicyDocument": [1]}]),
        ("UserPolicyList", [{"PolicyName": "a b", "PolicyDocument": documents.POLICY}]),
        ("GroupList", ["Nobody"]),
        ("GroupList", [{}]),
        ("AttachedManagedPolicies", documents.attached("arn:aws:iam::aws:policy/NoSuch")),
        ("AttachedManagedPolicies", [{"PolicyArn": {}}]),
        ("PermissionsBoundary", {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/NoSuch"}),
        ("AccessKeys", [{"AccessKeyId": "AKIA", "Status": "Perhaps", "CreateDate": documents.DATE}]),
        ("LoginProfile", "yes"),
        ("MFADevices", [{"SerialNumber": "short", "Type": "Virtual", "EnableDate": documents.DATE}]),
    ],
)
def test_member_that_does_not_fit_is_left_out_and_told(mirror, member, value):
    assert notes(mirror, documents.user(**{member: value})) == [("user", "alice", member)]
    assert User.objects.get().name == "alice"


def test_policy_nested_too_deeply_is_left_out(mirror):
    nested: dict = {}
    for _ in range(5000):
        nested = {"a": nested}

    assert notes(mirror, documents.user(UserPolicyList=[{"PolicyName": "p", "PolicyDocument": nested}])) == [
        ("user", "alice", "UserPolicyList")
    ]


def test_what_the_tables_refuse_after_all_keeps_nothing_else_out(mirror):
    certificate = {"CertificateBody": "same", "Status": "Active", "UploadDate": documents.DATE}
    users = [
        documents.user(f"user-{number}", SigningCertificates=[{**certificate, "CertificateId": f"C{number}"}])
        for number in range(2)
    ]

    written = write_documents(mirror.pk, [*users, documents.user("bob")])

    assert written.notes == [
        Note("user", "user-1", "", "the tables do not take it: signing_certificate_unique"),
    ]
    assert sorted(User.objects.values_list("name", flat=True)) == ["bob", "user-0"]


def test_backend_cannot_take_what_other_accounts_have(mirror):
    victim = make_account()
    alice = make_user(victim)
    policy = make_policy(victim)
    key = perform(root_of(victim), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    perform(root_of(victim), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)

    told = notes(
        mirror,
        documents.user("thief", UserId=alice.unique_id),
        documents.policy("theft", PolicyId=policy.unique_id),
        documents.user("bob", AccessKeys=[documents.key(key)], AttachedManagedPolicies=documents.attached(policy.arn)),
        documents.user("carol", PermissionsBoundary={"PermissionsBoundaryArn": policy.arn}),
    )

    assert sorted(told) == [
        ("policy", "theft", ""),
        ("user", "bob", "AccessKeys"),
        ("user", "bob", "AttachedManagedPolicies"),
        ("user", "carol", "PermissionsBoundary"),
        ("user", "thief", ""),
    ]
    assert alice.access_keys.get().pk == key
    assert User.objects.get(unique_id=alice.unique_id).account == victim
    assert sorted(User.objects.filter(account=mirror).values_list("name", flat=True)) == ["bob", "carol"]


def test_remove_entities_takes_all_that_hangs_on_them_and_leaves_the_rest(mirror):
    given = [
        documents.policy(),
        documents.group(AttachedManagedPolicies=documents.attached(f"arn:aws:iam::{mirror.pk}:policy/ReadThings")),
        documents.role(PermissionsBoundary={"PermissionsBoundaryArn": f"arn:aws:iam::{mirror.pk}:policy/ReadThings"}),
        documents.user(GroupList=["Developers"], MFADevices=[documents.device(mirror.pk)]),
    ]
    write_documents(mirror.pk, given)
    other = make_user(make_account())

    assert remove_entities(mirror.pk, [("policy", "readthings"), ("user", "alice"), ("group", "Developers")]) == 3

    assert list(User.objects.all()) == [other]
    assert Role.objects.get().permissions_boundary is None
    assert not Group.objects.exists()
    assert not ManagedPolicy.objects.filter(account=mirror).exists()


def test_remove_all_but_spares_what_changes_under_way_are_about():
    account = make_account()
    for name in ("alice", "bob"):
        make_user(account, name)
    account.changes.update(state="verified")
    make_user(account, "carol")

    assert remove_all_but(account.pk, "user", {("user", "alice")}) == ["bob"]

    assert sorted(User.objects.values_list("name", flat=True)) == ["alice", "carol"]


def test_ids_are_followed_for_every_kind_that_has_one(mirror):
    write_documents(mirror.pk, [documents.role(), documents.group(), documents.policy()])
    fresh = identifiers.role_id()

    write_documents(mirror.pk, [("role", {"RoleName": "Auditor", "RoleId": fresh})])

    assert Role.objects.get().unique_id == fresh
