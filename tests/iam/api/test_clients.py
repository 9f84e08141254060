"""botocore's own client against the running product: every operation, and many clients at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape

from iam.operations.registry import OPERATIONS
from tests.iam.api.calls import CALLS, REFUSALS
from tests.iam.api.models import model_of
from tests.iam.api.world import READ_ONLY_ARN, client

CLIENTS = 24


def lacking(shape: Shape, value: Any, path: str = "") -> list[str]:
    """Return the members that the model requires and an answer lacks."""
    if shape.type_name == "list":
        return [fault for item in value for fault in lacking(shape.member, item, f"{path}[]")]
    if shape.type_name != "structure":
        return []
    absent = [f"{path}.{name}" for name in shape.required_members if name not in value]
    present = [(name, member) for name, member in shape.members.items() if name in value]
    return absent + [fault for name, member in present for fault in lacking(member, value[name], f"{path}.{name}")]


# Those of Access Analyzer, which the console performs, have no door of their own.
@pytest.mark.parametrize("name", sorted(each.name for each in OPERATIONS.values() if each.service in {"iam", "sts"}))
def test_every_operation_answers_a_real_client(world, name):
    service = OPERATIONS[name].service
    call = getattr(world.iam if service == "iam" else world.sts, xform_name(name))
    if name in REFUSALS:
        code, parameters = REFUSALS[name]
        with pytest.raises(ClientError) as refused:
            call(**parameters)
        assert refused.value.response["Error"]["Code"] == code
        return
    parameters = CALLS[name](world)

    answer = call(**parameters)

    metadata = answer.pop("ResponseMetadata")
    shape = model_of(service, name).output_shape
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert (lacking(shape, answer) if shape else list(answer)) == []


def test_pages_lead_to_the_end(world):
    names = {world.user() for _ in range(5)}

    pages = list(world.iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2}))

    found = [user["UserName"] for page in pages for user in page["Users"]]
    assert names <= set(found)
    assert len(found) == len(set(found))
    assert all(len(page["Users"]) <= 2 for page in pages)


def test_documents_come_back_decoded(world):
    inline = world.inline("user")

    answer = world.iam.get_user_policy(**inline)

    assert answer["PolicyDocument"]["Statement"][0]["Action"] == ["s3:GetObject"]


def test_many_clients_at_once_lose_nothing(world):
    clients = [client(world.url, "iam", world.key) for _ in range(CLIENTS)]
    group = world.group()

    def live(number: int) -> int:
        iam, user = clients[number], f"crowd-{number}"
        iam.create_user(UserName=user)
        iam.add_user_to_group(GroupName=group, UserName=user)
        iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY_ARN)
        iam.detach_user_policy(UserName=user, PolicyArn=READ_ONLY_ARN)
        return len(iam.list_groups_for_user(UserName=user)["Groups"])

    def die(number: int) -> None:
        iam, user = clients[number], f"crowd-{number}"
        iam.remove_user_from_group(GroupName=group, UserName=user)
        iam.delete_user(UserName=user)

    with ThreadPoolExecutor(CLIENTS) as crowd:
        groups = list(crowd.map(live, range(CLIENTS)))
        members = world.iam.get_group(GroupName=group)["Users"]
        list(crowd.map(die, range(CLIENTS)))

    assert groups == [1] * CLIENTS
    assert len(members) == CLIENTS
    assert world.iam.get_group(GroupName=group)["Users"] == []


def test_one_of_many_that_want_the_same_succeeds(world):
    clients = [client(world.url, "iam", world.key) for _ in range(CLIENTS)]
    user, name = world.user(), world.name()

    def outcomes(call) -> list[str]:
        def attempt(iam) -> str:
            try:
                call(iam)
            except ClientError as error:
                return error.response["Error"]["Code"]
            return "done"

        with ThreadPoolExecutor(CLIENTS) as crowd:
            return list(crowd.map(attempt, clients))

    created = outcomes(lambda iam: iam.create_user(UserName=name))
    keys = outcomes(lambda iam: iam.create_access_key(UserName=user))
    attached = outcomes(lambda iam: iam.attach_user_policy(UserName=name, PolicyArn=READ_ONLY_ARN))
    detached = outcomes(lambda iam: iam.detach_user_policy(UserName=name, PolicyArn=READ_ONLY_ARN))
    deleted = outcomes(lambda iam: iam.delete_user(UserName=name))

    assert sorted(created) == sorted(["done"] + ["EntityAlreadyExists"] * (CLIENTS - 1))
    assert sorted(keys) == sorted(["done"] * 2 + ["LimitExceeded"] * (CLIENTS - 2))
    assert set(attached) == {"done"}
    assert sorted(detached) == sorted(["done"] + ["NoSuchEntity"] * (CLIENTS - 1))
    assert sorted(deleted) == sorted(["done"] + ["NoSuchEntity"] * (CLIENTS - 1))
