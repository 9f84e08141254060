"""A hundred clients of the running product at once: nothing is lost, no limit is passed, no failure is ours."""

import http.client
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

import pytest
from botocore.credentials import Credentials

from tests.factories import allow, policy_document
from tests.iam.api.signing import signed
from tests.product import NewAccount, Product

CLIENTS = 100
DOCUMENT = policy_document(allow("s3:ListAllMyBuckets"))
# What a call may be told that came too early, too late or after somebody else's.
LOST_RACES = {"NoSuchEntity", "EntityAlreadyExists", "DeleteConflict", "LimitExceeded"}
NAMES = [f"contested-{number}" for number in range(6)]


@dataclass(frozen=True)
class Answer:
    """What a client was answered."""

    status: int
    text: str

    @property
    def code(self) -> str:
        """The code of a refusal; empty for success."""
        return "" if self.status == 200 else self.values("Code")[0]

    def values(self, element: str) -> list[str]:
        """Return what elements of a name hold."""
        return re.findall(f"<{element}>([^<]*)</{element}>", self.text)


class Api:
    """The Query API of the product, called as one account's root user."""

    def __init__(self, product: Product, account: NewAccount) -> None:
        self.port = product.port
        self.account_id = account.account_id
        self.key = Credentials(account.access_key_id, account.secret_access_key)

    def __call__(self, action: str, **parameters: str) -> Answer:
        request = signed(self.key, "iam", action, headers={}, **parameters)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/", request.body, request.headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode())
        connection.close()
        return answer

    def all_at_once(self, calls: Sequence[Callable[[], Answer]]) -> Counter[str]:
        """Make calls at the same time, each from a client of its own; return how often each code was answered."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return Counter(answer.code for answer in pool.map(lambda call: call(), calls))

    def arn(self, resource: str) -> str:
        """Return the ARN of something in the account."""
        return f"arn:aws:iam::{self.account_id}:{resource}"

    def summary(self) -> dict[str, int]:
        """Return what the account's counters say."""
        answer = self("GetAccountSummary")
        return dict(zip(answer.values("key"), map(int, answer.values("value")), strict=True))


@pytest.fixture(scope="module")
def api(stack: Product) -> Api:
    """The API of an account that these tests share."""
    return Api(stack, stack.new_account())


def test_one_of_many_gets_a_name(api):
    codes = api.all_at_once(
        [lambda n=n: api("CreateUser", UserName="alice" if n % 2 else "ALICE") for n in range(CLIENTS)]
    )

    assert codes == {"": 1, "EntityAlreadyExists": CLIENTS - 1}
    assert api.summary()["Users"] == 1


def test_policy_is_attached_once_and_detached_once(api):
    api("CreateUser", UserName="bob")
    arn = api("CreatePolicy", PolicyName="shared", PolicyDocument=DOCUMENT).values("Arn")[0]

    attached = api.all_at_once([lambda: api("AttachUserPolicy", UserName="bob", PolicyArn=arn)] * CLIENTS)
    count = api("GetPolicy", PolicyArn=arn).values("AttachmentCount")
    detached = api.all_at_once([lambda: api("DetachUserPolicy", UserName="bob", PolicyArn=arn)] * CLIENTS)

    assert (attached, count) == ({"": CLIENTS}, ["1"])
    assert detached == {"": 1, "NoSuchEntity": CLIENTS - 1}
    assert api("GetPolicy", PolicyArn=arn).values("AttachmentCount") == ["0"]


def test_quotas_hold(api):
    api("CreateUser", UserName="carol")
    policy = {"PolicyDocument": DOCUMENT}
    arns = [api("CreatePolicy", PolicyName=f"p{n}", **policy).values("Arn")[0] for n in range(12)]
    for number in range(12):
        api("CreateGroup", GroupName=f"g{number}")

    keys = api.all_at_once([lambda: api("CreateAccessKey", UserName="carol")] * 20)
    versions = api.all_at_once([lambda: api("CreatePolicyVersion", PolicyArn=arns[0], **policy)] * 20)
    attached = api.all_at_once(
        [lambda arn=arn: api("AttachUserPolicy", UserName="carol", PolicyArn=arn) for arn in arns]
    )
    joined = api.all_at_once(
        [lambda n=n: api("AddUserToGroup", UserName="carol", GroupName=f"g{n}") for n in range(12)]
    )

    assert keys == {"": 2, "LimitExceeded": 18}
    assert versions == {"": 4, "LimitExceeded": 16}
    assert attached == joined == {"": 10, "LimitExceeded": 2}
    assert len(api("ListAccessKeys", UserName="carol").values("AccessKeyId")) == 2
    assert len(api("ListPolicyVersions", PolicyArn=arns[0]).values("VersionId")) == 5
    assert len(api("ListAttachedUserPolicies", UserName="carol").values("PolicyArn")) == 10
    assert len(api("ListGroupsForUser", UserName="carol").values("GroupName")) == 10


def test_nothing_is_lost_in_a_crowd(api):
    def client(number: int) -> list[str]:
        """Build a user of one's own, and between the steps quarrel with the others."""
        user, random = f"user-{number}", Random(number)
        steps = [
            lambda: api("CreateUser", UserName=user),
            lambda: api("TagUser", UserName=user, **{"Tags.member.1.Key": "n", "Tags.member.1.Value": str(number)}),
            lambda: api("AttachUserPolicy", UserName=user, PolicyArn=api.arn("policy/everybodys")),
            lambda: api("AddUserToGroup", UserName=user, GroupName="everybody"),
            lambda: api("PutUserPolicy", UserName=user, PolicyName="own", PolicyDocument=DOCUMENT),
        ]
        codes = []
        for step in steps:
            codes.append(step().code)
            quarrel = _quarrel(api, random).code
            if quarrel and quarrel not in LOST_RACES:
                codes.append(quarrel)
        return codes

    api("CreatePolicy", PolicyName="everybodys", PolicyDocument=DOCUMENT)
    api("CreateGroup", GroupName="everybody")

    with ThreadPoolExecutor(CLIENTS) as pool:
        codes = {code for codes in pool.map(client, range(CLIENTS)) for code in codes}

    assert codes == {""}
    members = api("GetGroup", GroupName="everybody", MaxItems="1000").values("UserName")
    attached = api("ListEntitiesForPolicy", PolicyArn=api.arn("policy/everybodys"), MaxItems="1000").values("UserName")
    assert sorted(members) == sorted(attached) == sorted(f"user-{number}" for number in range(CLIENTS))
    assert api("ListUserTags", UserName="user-42").values("Value") == ["42"]
    _check_counters(api)


def _quarrel(api: Api, random: Random) -> Answer:
    """Make a call about what all clients create, change and delete."""
    user, name = random.choice(NAMES), random.choice(NAMES)
    on_user: dict[str, dict[str, str]] = {
        "CreateUser": {},
        "DeleteUser": {},
        "TagUser": {"Tags.member.1.Key": name, "Tags.member.1.Value": "x"},
        "UntagUser": {"TagKeys.member.1": name},
        "AttachUserPolicy": {"PolicyArn": api.arn(f"policy/{name}")},
        "DetachUserPolicy": {"PolicyArn": api.arn(f"policy/{name}")},
        "AddUserToGroup": {"GroupName": name},
        "RemoveUserFromGroup": {"GroupName": name},
    }
    on_others: dict[str, dict[str, str]] = {
        "CreateGroup": {"GroupName": name},
        "DeleteGroup": {"GroupName": name},
        "CreatePolicy": {"PolicyName": name, "PolicyDocument": DOCUMENT},
        "DeletePolicy": {"PolicyArn": api.arn(f"policy/{name}")},
        "AttachGroupPolicy": {"GroupName": user, "PolicyArn": api.arn(f"policy/{name}")},
        "DetachGroupPolicy": {"GroupName": user, "PolicyArn": api.arn(f"policy/{name}")},
    }
    action = random.choice([*on_user, *on_others])
    return api(action, **({"UserName": user, **on_user[action]} if action in on_user else on_others[action]))


def _check_counters(api: Api) -> None:
    summary = api.summary()
    policies = api("ListPolicies", Scope="Local", MaxItems="1000")
    assert summary["Users"] == len(api("ListUsers", MaxItems="1000").values("UserName"))
    assert summary["Groups"] == len(api("ListGroups", MaxItems="1000").values("GroupName"))
    assert summary["Policies"] == len(policies.values("Arn"))
    for arn, count in zip(policies.values("Arn"), policies.values("AttachmentCount"), strict=True):
        entities = api("ListEntitiesForPolicy", PolicyArn=arn, MaxItems="1000")
        assert int(count) == len(entities.values("UserName") + entities.values("GroupName"))
