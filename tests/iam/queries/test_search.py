"""Finding identities and policies by what somebody typed."""

import pytest
from django.utils import timezone

from iam.models import Group, ManagedPolicy, PolicyVersion, Role, User
from iam.operations import perform
from iam.queries.search import Found, Kind, find_exactly, find_mentions, find_named
from tests.factories import allow, deny, make_account, make_group, make_policy, make_user, policy_document, root_of

pytestmark = pytest.mark.django_db
ALL = list(Kind)


@pytest.fixture
def account():
    return make_account()


def make_role(account, name, **columns):
    return Role.objects.create(account=account, name=name, created_at=timezone.now(), **columns)


def names(account, text, kinds=ALL, limit=5):
    return [found.name for found in find_named(account.pk, text, kinds, limit)]


def mentions(account, text):
    return [mention.name for mention in find_mentions(account.pk, text, 5)]


def test_names_are_found_in_any_case_of_every_kind(account):
    make_user(account, "EmergencyAccess")
    make_group(account, "EmergencyAccessGroup")
    make_role(account, "EmergencyAccessRole")
    make_policy(account, "EmergencyAccessPolicy")
    make_user(account, "alice")

    found = find_named(account.pk, "emergencyACCESS", ALL, 5)

    assert [(each.kind, each.name) for each in found] == [
        (Kind.USER, "EmergencyAccess"),
        (Kind.GROUP, "EmergencyAccessGroup"),
        (Kind.ROLE, "EmergencyAccessRole"),
        (Kind.POLICY, "EmergencyAccessPolicy"),
    ]


def test_names_that_begin_with_the_text_come_first(account):
    for name in ("a-zed", "zed", "b-zed"):
        make_user(account, name)

    assert names(account, "zed") == ["zed", "a-zed", "b-zed"]


def test_every_word_has_to_be_in_the_name(account):
    for name in ("alpha-beta", "alpha", "beta"):
        make_user(account, name)

    assert names(account, "BETA alp") == ["alpha-beta"]


def test_only_wanted_kinds_are_found_and_no_more_than_asked_for(account):
    for number in range(4):
        make_user(account, f"same-{number}")
        make_group(account, f"same-{number}")

    assert names(account, "same", [Kind.GROUP], limit=2) == ["same-0", "same-1"]
    assert names(account, "same", []) == []


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "a%e", "al_ce", "%' OR '1'='1", "[a-z]", ".*", "{kind}", "%(account)s"]
)
def test_signs_of_patterns_stand_for_themselves(account, text):
    make_user(account, "alice")

    assert names(account, text) == []
    assert mentions(account, text) == []


def test_underscore_in_a_name_is_found(account):
    make_user(account, "build_bot")
    make_user(account, "buildxbot")

    assert names(account, "d_b") == ["build_bot"]


def test_unique_ids_find_what_they_stand_for(account):
    make_user(account, "alice")
    make_group(account, "Developers")
    make_policy(account, "Things")
    ids = [model.objects.get(account=account).unique_id for model in (User, Group, ManagedPolicy)]

    assert [names(account, identifier.lower()) for identifier in ids] == [["alice"], ["Developers"], ["Things"]]


def test_arns_find_what_they_stand_for(account):
    make_user(account, "alice", Path="/team/")
    make_group(account, "alice")
    arn = f"arn:aws:iam::{account.pk}:user/team/alice"

    assert [found.arn for found in find_named(account.pk, arn, ALL, 5)] == [arn]
    assert names(account, arn[:-2]) == ["alice"]
    assert names(account, f"arn:aws:iam::{account.pk}:policy/alice") == []


def test_other_accounts_are_never_found(account):
    other = make_account()
    user = make_user(other, "alice", statements=[allow("s3:HiddenAction")])
    make_policy(other, "alice", allow("s3:HiddenAction"))

    assert names(account, "alice") == []
    assert names(account, user.unique_id) == []
    assert names(account, user.arn) == []
    assert mentions(account, "HiddenAction") == []
    assert find_exactly(account.pk, [(Kind.USER, "alice")]) == []


def test_aws_managed_policies_are_found_in_every_account(account):
    now = timezone.now()
    arn = "arn:aws:iam::aws:policy/SupportUser"
    policy = ManagedPolicy.objects.create(name="SupportUser", arn=arn, created_at=now, updated_at=now)
    document = policy_document(allow("support:*"))
    PolicyVersion.objects.create(policy=policy, number=1, document=document, is_default=True, created_at=now)

    assert find_named(account.pk, arn, ALL, 5) == [Found(Kind.POLICY, "SupportUser", arn, now, 0, True)]
    assert mentions(account, "support:") == ["SupportUser"]


def test_recent_things_are_found_exactly_while_they_exist(account):
    make_user(account, "alice")
    policy = make_policy(account, "Things")
    wanted = [(Kind.USER, "Alice"), (Kind.USER, "gone"), (Kind.POLICY, policy.arn), (Kind.GROUP, "alice")]

    assert [found.name for found in find_exactly(account.pk, wanted)] == ["alice", "Things"]
    assert find_exactly(account.pk, []) == []


@pytest.mark.parametrize(
    "text",
    ["s3:GetObject", "s3:geto", "object", "reports-bucket", "arn:aws:s3:::reports-bucket/*", "getobject reports"],
)
def test_policies_are_found_by_what_they_say(account, text):
    make_policy(account, "Reports", allow("s3:GetObject", resource="arn:aws:s3:::reports-bucket/*"))
    make_policy(account, "Queues", allow("sqs:SendMessage"))

    assert mentions(account, text) == ["Reports"]


def test_inline_policies_are_found_with_their_owner_and_its_tags(account):
    root = root_of(account)
    make_user(account, "alice", statements=[deny("s3:DeleteBucket")], Tags=[{"Key": "team", "Value": "blue"}])
    make_group(account, "Developers")
    inline = {"PolicyName": "of-group", "PolicyDocument": policy_document(deny("s3:DeleteBucket"))}
    perform(root, "PutGroupPolicy", GroupName="Developers", **inline)

    found = {mention.owner_kind: mention for mention in find_mentions(account.pk, "DeleteBucket", 5)}

    assert found[Kind.USER].resource == f"arn:aws:iam::{account.pk}:user/alice"
    assert found[Kind.USER].context == {"aws:ResourceTag/team": "blue"}
    assert (found[Kind.GROUP].name, found[Kind.GROUP].owner_name) == ("of-group", "Developers")


def test_only_default_versions_count(account):
    policy = make_policy(account, "Things", allow("s3:OldAction"))
    perform(
        root_of(account),
        "CreatePolicyVersion",
        PolicyArn=policy.arn,
        PolicyDocument=policy_document(allow("s3:NewAction")),
        SetAsDefault=True,
    )

    assert mentions(account, "OldAction") == []
    assert mentions(account, "NewAction") == ["Things"]


def test_document_with_a_huge_word_is_kept_and_found(account):
    make_policy(account, "Long", allow("s3:GetObject", resource="arn:aws:s3:::" + "x" * 4000))

    assert mentions(account, "x" * 300) == ["Long"]


@pytest.mark.parametrize("text", ["", "   ", "::", "'", "a" * 5000, "! & | ( ) <->", "'a':*b", "é", "x " * 400])
def test_any_text_is_searched_for_without_a_fault(account, text):
    make_policy(account, "Things")

    assert find_mentions(account.pk, text, 5) == []
    find_named(account.pk, text, ALL, 5)


@pytest.mark.parametrize("count", [3, 60])
def test_searches_are_one_query_each(account, django_assert_num_queries, count):
    now = timezone.now()
    User.objects.bulk_create(User(account=account, name=f"user-{n}", created_at=now) for n in range(count))
    Role.objects.bulk_create(Role(account=account, name=f"role-{n}", created_at=now) for n in range(count))

    with django_assert_num_queries(2):
        find_named(account.pk, "r", ALL, 5)
        find_mentions(account.pk, "s3", 5)
