import json

import pytest

from iam.policy import catalog
from iam.policy.service_data import archive, build


def test_services_are_all_there() -> None:
    assert len(catalog.services()) == 457
    assert catalog.find_service("S3") == catalog.Service("s3", "Amazon S3", "Storage", True)
    assert catalog.find_service("nothing") is None


@pytest.mark.parametrize("name", ["iam:CreateUser", "IAM:createuser"])
def test_find_action_ignores_case(name: str) -> None:
    action = catalog.find_action(name)

    assert action is not None
    assert action.full_name == "iam:CreateUser"
    assert action.access_level is catalog.AccessLevel.WRITE
    assert [resource.name for resource in action.resource_types] == ["user"]
    assert "iam:PermissionsBoundary" in action.all_condition_keys


@pytest.mark.parametrize("name", ["", "*", "s3", "s3:", "nothing:Get", "s3:GetNothing", "s3:Get*"])
def test_find_action_is_none_for_what_is_no_action(name: str) -> None:
    assert catalog.find_action(name) is None


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("s3:ListBucket", "List"),
        ("s3:GetObject", "Read"),
        ("ec2:CreateTags", "Tagging"),
        ("iam:AttachUserPolicy", "Permissions management"),
    ],
)
def test_access_level_is_the_most_telling_one(name: str, level: str) -> None:
    action = catalog.find_action(name)

    assert action is not None
    assert action.access_level == level


def test_dependent_actions_are_merged_in() -> None:
    action = catalog.find_action("ec2:RunInstances")

    assert action is not None
    assert "iam:PassRole" in action.dependent_actions


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("sts:GetCaller*", ["sts:GetCallerIdentity"]),
        ("STS:*caller?dentity", ["sts:GetCallerIdentity"]),
        ("sts:AssumeRoleWith*", ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]),
        ("sts:DecodeAuthorizationMessage", ["sts:DecodeAuthorizationMessage"]),
        ("sts:Nothing*", []),
        ("s*:Get*", []),
    ],
)
def test_expand(pattern: str, expected: list[str]) -> None:
    assert [action.full_name for action in catalog.expand(pattern)] == expected


def test_expand_star_gives_every_action() -> None:
    assert len(catalog.expand("*")) == sum(len(catalog.actions_of(service.prefix)) for service in catalog.services())


def test_search_actions_puts_prefixes_first() -> None:
    names = [action.name for action in catalog.search_actions("iam:user", limit=500)]

    assert "CreateUser" in names
    assert catalog.search_actions("iam:createu")[0].name == "CreateUser"
    assert {action.service for action in catalog.search_actions("s3", limit=5)} == {"s3"}


def test_resource_types_carry_arn_formats() -> None:
    bucket = catalog.find_resource_type("s3", "bucket")

    assert bucket is not None
    assert bucket.arn == "arn:${Partition}:s3:::${BucketName}"
    assert catalog.resource_types("nothing") == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AWS:sourceip", "aws:SourceIp"),
        ("aws:ResourceTag/team", "aws:ResourceTag/${TagKey}"),
        ("s3:Prefix", "s3:prefix"),
        ("kms:EncryptionContext:AppName", "kms:EncryptionContext:${EncryptionContextKey}"),
        ("s3:ExistingObjectTag/a/b", "s3:ExistingObjectTag/<key>"),
        ("saml:AUD", "saml:aud"),
        ("token.actions.githubusercontent.com:sub", None),
        ("aws:Nothing", None),
        ("s3:nothing", None),
        ("aws:ResourceTag/", None),
    ],
)
def test_find_condition_key(name: str, expected: str | None) -> None:
    key = catalog.find_condition_key(name)

    assert (key.name if key else None) == expected


def test_condition_keys_tell_their_plurality() -> None:
    key = catalog.find_condition_key("aws:TagKeys")

    assert key is not None
    assert key.is_multivalued
    assert key.value_type == "String"


def test_arn_formats_go_by_the_arns_service_field() -> None:
    assert catalog.ArnFormat("", "", "${BucketName}", "s3", "bucket") in catalog.arn_formats("s3")
    assert catalog.arn_formats("nothing") == ()
    assert "elasticloadbalancing" in catalog.arn_namespaces()


def test_build_gives_the_committed_file() -> None:
    for name, content in build.build().items():
        assert archive.read(name.removesuffix(".json")) == json.loads(content)
