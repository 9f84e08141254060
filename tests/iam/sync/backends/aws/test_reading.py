import json
from collections import Counter
from typing import Any

import pytest

from iam.queries.document_parts import key_of
from iam.sync.backends.aws import calling, reading
from iam.sync.backends.aws.calling import Pace
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.entities import FAMILIES
from iam.sync.backends.aws.reading import read_account, read_entities
from iam.sync.backends.base import BackendError
from tests.aws_proxy import AwsProxy, Fault, Faults
from tests.factories import allow, policy_document
from tests.iam.api.world import client
from tests.iam.sync.backends.aws.filling import fill, plain

LAST_USED = {"PasswordLastUsed", "AccessKeyLastUsed", "RoleLastUsed"}
# What an API tells to nobody, or not in one account.
NOT_TOLD = {
    "AccountName",
    "CreateDate",
    "DelegationRequests",
    "IAMAccessToBilling",
    "InactiveSTSRegions",
    "Organization",
    "RootEmail",
}
DOCUMENTS = """
import json
from iam.queries.documents import documents_of, entities_of
found = documents_of("ACCOUNT", entities_of("ACCOUNT"))
print(json.dumps([[kind, name, document] for (kind, name), document in found.items()]))
"""


def read_all(clients: Clients, marker: dict[str, str] | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Return all documents by kind and name; one that comes twice fails."""
    found = {}
    for page in read_account(clients, marker or {}):
        for snapshot in page.snapshots:
            key = snapshot.kind, snapshot.document[FAMILIES[snapshot.kind].name]
            assert key not in found
            found[key] = snapshot.document
    return found


@pytest.fixture(scope="module")
def filled(moto, connect) -> Clients:
    """The clients of an account in moto with something of everything, which tests only read."""
    clients = Clients(connect(moto, role_arn="arn:aws:iam::555566667777:role/console"))
    clients.account_id = "555566667777"
    fill(clients.iam(), clients.account_id, has_everything=False)
    return clients


@pytest.fixture
def crowd(moto, connect, role_arn) -> Clients:
    """The clients of an account in moto with a few users."""
    clients = Clients(connect(moto, role_arn=role_arn))
    for number in range(5):
        clients.iam().create_user(UserName=f"user-{number}")
    return clients


@pytest.mark.parametrize("per_page", [100, 1])
def test_documents_of_our_own_api_are_those_of_the_account(stack, connect, monkeypatch, per_page):
    monkeypatch.setattr(reading, "ENTITIES_PER_PAGE", per_page)
    made = stack.new_account()
    root = {"AccessKeyId": made.access_key_id, "SecretAccessKey": made.secret_access_key}
    client(stack.url, "iam", root).create_user(UserName="console")
    iam = client(stack.url, "iam", root)
    iam.put_user_policy(UserName="console", PolicyName="all", PolicyDocument=policy_document(allow("iam:*")))
    key = iam.create_access_key(UserName="console")["AccessKey"]
    fill(iam, made.account_id)
    clients = Clients(connect(stack.url, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]))

    theirs = {key_of(*key): document for key, document in read_all(clients).items()}
    printed = stack.manage("shell", "-v", "0", "-c", DOCUMENTS.replace("ACCOUNT", made.account_id))
    ours = {(kind, name): document for kind, name, document in json.loads(printed.splitlines()[-1])}

    assert {_short(key) for key in theirs} == set(ours)
    for key, document in theirs.items():
        mine = ours[_short(key)]
        told = {member: value for member, value in document.items() if member not in LAST_USED}
        assert plain(told) == plain({member: mine[member] for member in told}), key
        lacking = mine.keys() - told.keys()
        assert lacking <= (NOT_TOLD | {"RootAccessKeys"} if key[0] == "account" else {"SourceRoleTemplate"})


def _short(key: tuple[str, str]) -> tuple[str, str]:
    kind, name = key
    return kind, name.partition(":mfa/")[2] if kind == "mfa" else name


def test_an_account_of_moto_is_read_whole(filled):
    found = read_all(filled)

    alice, auditor = found["user", "Alice"], found["role", "Auditor"]
    assert Counter(kind for kind, _ in found) == {
        "account": 1,
        "policy": 2,
        "group": 2,
        "mfa": 2,
        "user": 2,
        "role": 3,
        "instance-profile": 2,
        "oidc-provider": 1,
        "saml-provider": 1,
        "server-certificate": 1,
    }
    assert (alice["Path"], alice["GroupList"]) == ("/team/", ["Developers", "Empty"])
    assert [key["Status"] for key in alice["AccessKeys"]].count("Inactive") == 1
    assert len(alice["SSHPublicKeys"]) == len(alice["SigningCertificates"]) == 1
    assert alice["MFADevices"][0]["Type"] == "Virtual"
    assert found["user", "bob"]["LoginProfile"] is None
    assert (auditor["Description"], auditor["MaxSessionDuration"]) == ("Looks", 7200)


def test_both_ways_to_read_agree(filled):
    whole = read_all(filled)

    found = read_entities(filled, [(kind, name, None) for kind, name in whole])

    for key, document in whole.items():
        single = found[key_of(*key)] or {}
        common = document.keys() & single.keys()
        assert {member: document[member] for member in common} == {member: single[member] for member in common}
        assert document.keys() ^ single.keys() <= {*LAST_USED, "SourceRoleTemplate"}


@pytest.mark.parametrize(
    ("kind", "name", "members", "calls"),
    [
        ("user", "bob", {"GroupList"}, {"ListGroupsForUser": 1}),
        ("user", "bob", {"Tags", "Path"}, {"GetUser": 1}),
        ("user", "Alice", {"LoginProfile"}, {"GetLoginProfile": 1}),
        ("user", "bob", {"LoginProfile"}, {"GetLoginProfile": 1, "GetUser": 1}),
        ("user", "Alice", {"UserPolicyList"}, {"ListUserPolicies": 1, "GetUserPolicy": 2}),
        ("role", "Auditor", {"AssumeRolePolicyDocument"}, {"GetRole": 1}),
        ("group", "Empty", {"AttachedManagedPolicies"}, {"ListAttachedGroupPolicies": 1}),
        ("policy", "Plain", {"Tags"}, {"GetPolicy": 1}),
        ("policy", "Read", {"Tags"}, {"GetPolicy": 2, "ListPolicies": 1}),
    ],
)
def test_no_more_is_asked_than_the_members_need(filled, connect, kind, name, members, calls):
    with AwsProxy(filled.connection.endpoint_url) as proxy:
        clients = Clients(connect(proxy.url, role_arn=filled.connection.role_arn))
        clients.account_id = filled.account_id
        found = read_entities(clients, [(kind, name, frozenset(members))])

    document = found[key_of(kind, name)]
    assert document is not None
    assert document.keys() == members | {FAMILIES[kind].name}
    assert document[FAMILIES[kind].name] == name
    del proxy.calls["AssumeRole"]
    assert proxy.calls == calls


@pytest.mark.parametrize("kind", sorted(FAMILIES.keys() - {"account"}))
def test_what_is_gone_is_told(crowd, kind):
    name = {"oidc-provider": "nothing.example.com/path"}.get(kind, "Nothing")

    assert read_entities(crowd, [(kind, name, None), ("user", "user-1", frozenset({"Path"}))]) == {
        key_of(kind, name): None,
        ("user", "user-1"): {"UserName": "user-1", "Path": "/"},
    }


def test_a_user_who_is_gone_has_no_login_profile_to_tell_of(crowd):
    assert read_entities(crowd, [("user", "Nobody", frozenset({"LoginProfile"}))]) == {("user", "nobody"): None}


def test_reading_goes_on_where_it_was_interrupted(filled):
    whole = read_all(filled)
    pages = list(read_account(filled, {}))
    taken = [snapshot for page in pages[:4] for snapshot in page.snapshots]

    rest = read_all(filled, json.loads(json.dumps(pages[3].marker)))

    assert len(taken) + len(rest) == len(whole)
    assert read_all(filled, pages[-1].marker) == {}


def test_a_position_that_is_lost_leads_to_the_start_of_its_kind(stack, connect):
    made = stack.new_account()
    clients = Clients(connect(stack.url, access_key_id=made.access_key_id, secret_access_key=made.secret_access_key))
    clients.iam().create_user(UserName="alice")

    found = read_all(clients, {"stage": "users", "position": "no-such-marker"})

    assert ("user", "alice") in found


def test_faults_are_gone_through(crowd, connect, role_arn, monkeypatch):
    monkeypatch.setattr(calling, "FIRST_DELAY", 0.001)
    faults = Faults(throttle=0.2, drop_before=0.05, drop_after=0.05, error_before=0.05, error_after=0.05)
    whole = read_all(crowd)
    with AwsProxy(crowd.connection.endpoint_url, faults, seed=1) as proxy:
        clients = Clients(connect(proxy.url, role_arn=role_arn))
        proxy.next("AssumeRole", None)
        proxy.next("GetCallerIdentity", None)
        found = read_all(clients)

    assert found == whole
    assert proxy.injected[Fault.THROTTLE] > 3


def test_what_may_not_be_read_is_unknown_and_told(stack, connect):
    made = stack.new_account()
    root = {"AccessKeyId": made.access_key_id, "SecretAccessKey": made.secret_access_key}
    iam = client(stack.url, "iam", root)
    iam.create_user(UserName="console")
    hidden = {"Effect": "Deny", "Action": ["iam:ListAccessKeys", "iam:ListServerCertificates"], "Resource": "*"}
    document = policy_document(allow("iam:*"), hidden)
    iam.put_user_policy(UserName="console", PolicyName="some", PolicyDocument=document)
    key = iam.create_access_key(UserName="console")["AccessKey"]
    clients = Clients(connect(stack.url, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]))

    pages = list(read_account(clients, {}))

    user = next(snapshot.document for page in pages for snapshot in page.snapshots if snapshot.kind == "user")
    notes = [note for page in pages for note in page.notes]
    assert "AccessKeys" not in user
    assert user["SSHPublicKeys"] == []
    assert [note.partition(":")[0] for note in notes] == ["ListAccessKeys", "ListServerCertificates"]
    assert [kind for page in pages for kind in page.unread] == ["server-certificate"]
    assert read_entities(clients, [("user", "console", frozenset({"AccessKeys"}))]) == {
        ("user", "console"): {"UserName": "console"}
    }


def test_nothing_is_read_without_the_right_to_read(stack, connect):
    made = stack.new_account()
    root = {"AccessKeyId": made.access_key_id, "SecretAccessKey": made.secret_access_key}
    iam = client(stack.url, "iam", root)
    iam.create_user(UserName="console")
    key = iam.create_access_key(UserName="console")["AccessKey"]
    clients = Clients(connect(stack.url, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]))

    with pytest.raises(BackendError, match="AccessDenied"):
        list(read_account(clients, {}))


def test_a_pace_halves_once_for_many_and_recovers():
    pace = Pace(100, slowest=40, fastest=101)

    for _ in range(8):
        pace.slow_down()
    halved = pace.rate
    for _ in range(500):
        pace.speed_up()

    assert halved == 50
    assert 55 < pace.rate < 70


def test_a_pace_keeps_to_its_limits(monkeypatch):
    monkeypatch.setattr(calling.time, "monotonic", iter(range(100)).__next__)
    pace = Pace(100, slowest=40, fastest=41)

    for _ in range(8):
        pace.slow_down()
    slowest = pace.rate
    for _ in range(500):
        pace.speed_up()

    assert (slowest, pace.rate) == (40, 41)
