"""Policy summaries: IAM User Guide, "Understand permissions granted by a policy"."""

import pytest

from iam.policy import parse_tree, read_policy
from iam.policy.arn_formats import can_mean
from iam.policy.summary import (
    ACTION_WITHOUT_CONDITION,
    ACTION_WITHOUT_RESOURCE,
    CONDITION_WITHOUT_ACTION,
    GRANTS_IN_PART,
    GRANTS_NOTHING,
    NEEDS_STAR,
    NO_ACTIONS,
    NO_RESOURCE,
    NO_RESOURCES,
    RESOURCE_WITHOUT_ACTION,
    summarize,
)
from tests.iam.policy.documents import allow, deny, text

BUCKET, OBJECTS = "arn:aws:s3:::data", "arn:aws:s3:::data/*"


def summary_of(*statements):
    return summarize([read_policy(parse_tree(text(*statements)))])


def row(*statements, service="s3"):
    """Return the row of one service among those allowed."""
    return next(found for found in summary_of(*statements).allowed if found.prefix == service)


@pytest.mark.parametrize(
    ("actions", "level"),
    [
        ("s3:*", "Full access"),
        (["s3:List*", "s3:Get*", "s3:Describe*"], "Full: List Limited: Read"),
        ("s3:PutObject", "Limited: Write"),
        (["s3:PutObject", "s3:GetObject", "s3:PutObjectAcl"], "Limited: Read, Write, Permissions management"),
    ],
)
def test_access_level_says_what_is_covered(actions, level):
    assert row(allow(actions)).access_level == level


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("*", "All resources"),
        (OBJECTS, "BucketName | string like | data, ObjectName | string like | All"),
        (BUCKET, "BucketName | string like | data"),
        ([BUCKET, OBJECTS], "Multiple"),
    ],
)
def test_resource_is_shown_by_the_fields_of_its_arn(resource, shown):
    assert row(allow(["s3:GetObject", "s3:ListBucket"], resource)).resource == shown


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ({}, "None"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "aws:SourceIp | IP address | 203.0.113.0/24"),
        ({"StringNotLike": {"aws:userid": ["a*"]}}, "aws:userid | string not like | a*"),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, "aws:TagKeys | ForAnyValue: string equals | a"),
        ({"Bool": {"aws:SecureTransport": True}, "Null": {"aws:TagKeys": False}}, "Multiple"),
    ],
)
def test_condition_is_shown_as_key_operator_and_value(condition, shown):
    assert row(allow(Condition=condition)).condition == shown


def test_sections_keep_services_apart_and_count_the_rest():
    summary = summary_of(allow(["s3:GetObject", "nosuch:Thing"]), deny("ec2:TerminateInstances"))

    assert [found.name for found in summary.uncategorized] == ["nosuch"]
    assert [found.prefix for found in summary.denied] == ["ec2"]
    assert [found.prefix for found in summary.allowed] == ["s3"]
    assert len(summary.remaining) == summary.service_count - 2
    assert summary.banner is None


def test_service_with_statements_of_both_effects_is_in_both_sections():
    summary = summary_of(allow("s3:*"), deny("s3:DeleteObject"))

    assert summary.allowed[0].access_level == "Full access"
    assert summary.denied[0].access_level == "Limited: Write"


@pytest.mark.parametrize("actions", ["*", "*:*"])
def test_every_action_covers_every_service(actions):
    summary = summary_of(allow(actions))

    assert (len(summary.allowed), summary.remaining, summary.uncategorized) == (summary.service_count, (), ())


def test_not_action_covers_every_other_service():
    summary = summary_of(allow(None, NotAction=["iam:*", "s3:Put*"]))

    assert "iam" not in {found.prefix for found in summary.allowed}
    assert len(summary.allowed) == summary.service_count - 1
    assert "PutObject" in next(found for found in summary.allowed if found.prefix == "s3").remaining


@pytest.mark.parametrize(
    ("statements", "service", "warning"),
    [
        ([allow(["s3:GetObject", "s3:ListAllMyBuckets"], OBJECTS)], "s3", ACTION_WITHOUT_RESOURCE),
        ([allow("s3:GetObject", [OBJECTS, BUCKET])], "s3", RESOURCE_WITHOUT_ACTION),
        ([allow(), allow("ec2:RunInstances", OBJECTS)], "ec2", NO_RESOURCES),
        ([allow("s3:GetObject", [OBJECTS, "arn:aws:sqs:*:*:q"])], "sqs", NO_ACTIONS),
        (
            [allow("s3:GetObject", Condition={"StringEquals": {"s3:prefix": "a"}})],
            "s3",
            CONDITION_WITHOUT_ACTION,
        ),
        (
            [allow(["s3:GetObject", "s3:ListBucket"], Condition={"StringEquals": {"s3:prefix": "a"}})],
            "s3",
            ACTION_WITHOUT_CONDITION,
        ),
    ],
)
def test_row_warns_of_what_grants_nothing(statements, service, warning):
    summary = summary_of(*statements)
    found = next(found for found in summary.allowed if found.prefix == service)

    assert found.warnings == (warning,)
    assert summary.banner == GRANTS_IN_PART


def test_actions_say_why_they_are_not_granted():
    actions = {action.name: action for action in row(allow(["s3:List*", "s3:GetObject"], OBJECTS)).actions}

    assert actions["GetObject"].is_granted
    assert actions["GetObject"].lines[0].account == "All accounts"
    assert (actions["ListAllMyBuckets"].is_granted, actions["ListAllMyBuckets"].warning) == (False, NEEDS_STAR)
    assert (actions["ListBucket"].is_granted, actions["ListBucket"].warning) == (False, NO_RESOURCE)


def test_resource_lines_name_region_and_account():
    queue = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    line = row(allow("sqs:SendMessage", queue), service="sqs").actions[0].lines[0]

    assert (line.resource, line.region, line.account, line.condition) == (
        "QueueName | string like | jobs",
        "eu-west-1",
        "111122223333",
        "None",
    )


def test_unknown_actions_of_a_known_service_are_listed_without_a_level():
    found = row(allow(["s3:GetObject", "s3:Nonsense"]))

    assert next((action.name, action.access_level) for action in found.actions) == ("Nonsense", None)


def test_counts_are_given_for_each_level():
    counts = {count.level: count for count in row(allow("s3:ListBucket")).levels}

    assert (counts["List"].granted, counts["List"].total > 1) == (1, True)


@pytest.mark.parametrize(
    "statement",
    [allow(Principal="*"), allow(NotPrincipal={"AWS": "1"}), allow(resource=None, NotResource="arn:aws:s3:::a")],
)
def test_summary_cannot_be_generated_for_every_element(statement):
    assert "cannot be generated" in (summary_of(statement).problem or "")


def test_summary_says_when_nothing_is_granted():
    assert summary_of(allow("s3:ListAllMyBuckets", BUCKET)).problem == GRANTS_NOTHING


def test_summary_takes_the_policies_of_a_principal_together():
    policies = [read_policy(parse_tree(text(allow(action)))) for action in ("s3:GetObject", "s3:PutObject")]

    assert summarize(policies).allowed[0].access_level == "Limited: Read, Write"


@pytest.mark.parametrize(
    ("pattern", "arn_format", "expected"),
    [
        ("arn:aws:s3:::data", "arn:${Partition}:s3:::${BucketName}", True),
        ("arn:aws:s3:::data/x", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:aws:s3:::da*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:::*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:us-east-1::data", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:aws:iam::*:r*/x", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", True),
        ("arn:aws:iam::*:role/a/b", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", True),
        ("arn:aws:iam::*:user/x", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", False),
        ("arn:aws:iam::*:user/${aws:username}", "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}", True),
        ("arn:aws:sqs:*", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True),
        ("arn:aws:s?s:*:*:*", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True),
        (f"arn:aws:sqs:*:*:{'*a' * 2000}", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", False),
        ("*", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", True),
    ],
)
def test_arn_pattern_can_mean_a_resource_of_a_format(pattern, arn_format, expected):
    assert can_mean(pattern, arn_format) is expected
