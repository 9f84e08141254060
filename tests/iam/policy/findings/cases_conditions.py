"""Operators, keys and values of conditions, variables, and grants."""

from typing import Any

from tests.iam.policy.findings.documents import (
    ABSENT,
    IDENTITY,
    SCP,
    Case,
    Members,
    case,
    document,
    when,
)


def key(code: str, trigger: tuple[str, str, Any], neighbour: tuple[str, str, Any]) -> Case:
    """Return a case whose place is the key's name."""
    operator, name, _ = trigger
    return case(code, IDENTITY, when(*trigger), when(*neighbour), f"Statement.Condition.{operator}.~{name}")


def value(code: str, trigger: tuple[str, str, Any], neighbour: tuple[str, str, Any], place: str = "") -> Case:
    """Return a case whose place is the key's value."""
    operator, name, _ = trigger
    return case(code, IDENTITY, when(*trigger), when(*neighbour), f"Statement.Condition.{operator}.{name}{place}")


def operator(code: str, name: str, neighbour: str) -> Case:
    """Return a case whose place is the operator's name."""
    trigger = when(name, "aws:TagKeys", "true")
    return case(code, IDENTITY, trigger, when(neighbour, "aws:TagKeys", "true"), f"Statement.Condition.~{name}")


def resource(code: str, trigger: str, neighbour: str) -> Case:
    """Return a case about a variable in the name of an object."""
    return case(
        code,
        IDENTITY,
        {"Resource": f"arn:aws:s3:::bucket/{trigger}"},
        {"Resource": f"arn:aws:s3:::bucket/{neighbour}"},
        "Statement.Resource",
    )


PASS = "iam:PassRole"
CREATE = "iam:CreateServiceLinkedRole"


def grant(code: str, trigger: Members, neighbour: Members, *places: str) -> Case:
    return case(code, IDENTITY, {**trigger}, {**trigger, **neighbour}, *(f"Statement.{place}" for place in places))


def grants(code: str, action: str, limit: Members) -> list[Case]:
    """Return the cases for one of the two actions that should not be granted on everything."""
    any_resource = {"Resource": "*"}
    not_resource = {"Resource": ABSENT, "NotResource": "arn:aws:iam::111122223333:role/a"}
    not_action = {"Action": ABSENT, "NotAction": "s3:*"}
    deny = {"Effect": "Deny"}
    return [
        grant(f"{code}_WITH_STAR_IN_RESOURCE", {"Action": action, **any_resource}, limit, "Action", "Resource"),
        grant(
            f"{code}_WITH_STAR_IN_RESOURCE",
            {"Action": ["s3:GetObject", action.upper()], "Resource": ["*"]},
            deny,
            "Action.1",
            "Resource.0",
        ),
        grant(f"{code}_WITH_NOT_RESOURCE", {"Action": action, **not_resource}, deny, "Action", "NotResource"),
        grant(
            f"{code}_WITH_STAR_IN_ACTION_AND_RESOURCE", {"Action": "iam:*", **any_resource}, limit, "Action", "Resource"
        ),
        grant(
            f"{code}_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
            {"Action": "*", **not_resource},
            {"Action": "s3:*"},
            "Action",
            "NotResource",
        ),
        grant(
            f"{code}_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
            {**not_action, **any_resource},
            {"NotAction": "iam:*"},
            "NotAction",
            "Resource",
        ),
        grant(
            f"{code}_WITH_NOT_ACTION_AND_NOT_RESOURCE",
            {**not_action, **not_resource},
            {"NotAction": action},
            "NotAction",
            "NotResource",
        ),
    ]


TAGGED = when("StringEquals", "aws:ResourceTag/team", "a")
TAG_KEY = "Statement.Condition.StringEquals.~aws:ResourceTag/team"

CASES = [
    operator("INVALID_CONDITION_OPERATOR", "StringEqual", "ForAnyValue:StringEquals"),
    operator("INVALID_CONDITION_OPERATOR", "ForSomeValues:StringEquals", "ForAllValues:StringEquals"),
    operator("NULL_WITH_IF_EXISTS", "NullIfExists", "Null"),
    operator("NULL_WITH_QUALIFIER", "ForAllValues:Null", "Null"),
    case(
        "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
        IDENTITY,
        {"Condition": {"StringEquals": {"aws:username": "a", "aws:UserName": "b"}}},
        {"Condition": {"StringEquals": {"aws:username": "a"}, "StringLike": {"aws:UserName": "b"}}},
        "Statement.Condition.StringEquals.~aws:username",
        "Statement.Condition.StringEquals.~aws:UserName",
    ),
    key("INVALID_CONDITION_KEY_FORMAT", ("StringEquals", "username", "a"), ("StringEquals", "aws:username", "a")),
    key("INVALID_GLOBAL_CONDITION_KEY", ("StringEquals", "aws:user", "a"), ("StringEquals", "AWS:UserName", "a")),
    key("INVALID_SERVICE_CONDITION_KEY", ("StringEquals", "s3:prefixes", "a"), ("StringEquals", "s3:prefix", "a")),
    key("INVALID_SERVICE", ("StringEquals", "s33:prefix", "a"), ("StringEquals", "login.example.com:sub", "a")),
    key(
        "MISSING_TAG_KEY_IN_CONDITION",
        ("StringEquals", "aws:ResourceTag/", "a"),
        ("StringEquals", "aws:ResourceTag/a", "a"),
    ),
    key(
        "MISSING_TAG_KEY_IN_CONDITION",
        ("StringEquals", "ec2:ResourceTag", "a"),
        ("StringEquals", "ec2:ResourceTag/a", "a"),
    ),
    key(
        "DEPRECATED_GLOBAL_CONDITION_KEY",
        ("ArnLike", "aws:arn", "arn:aws:iam::111122223333:role/a"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/a"),
    ),
    key("MISSING_QUALIFIER", ("StringEquals", "aws:TagKeys", "a"), ("ForAllValues:StringEquals", "aws:TagKeys", "a")),
    key(
        "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
        ("ForAllValues:StringEquals", "aws:username", "a"),
        ("ForAnyValue:StringEquals", "aws:username", "a"),
    ),
    key("TYPE_MISMATCH", ("StringEquals", "aws:SecureTransport", "true"), ("Bool", "aws:SecureTransport", "true")),
    key(
        "TYPE_MISMATCH",
        ("NumericEquals", "aws:username", "1"),
        ("NumericLessThan", "aws:EpochTime", "1700000000"),
    ),
    key(
        "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        ("StringNotLikeIfExists", "aws:SourceArn", "arn:aws:s3:::a"),
        ("StringEquals", "aws:SourceArn", "arn:aws:s3:::a"),
    ),
    value("EMPTY_ARRAY_CONDITION", ("StringEquals", "aws:username", []), ("StringEquals", "aws:username", ["a"])),
    value(
        "EMPTY_ARRAY_CONDITION_FORALLVALUES",
        ("ForAllValues:StringEquals", "aws:TagKeys", []),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["a"]),
    ),
    value(
        "EMPTY_ARRAY_CONDITION_FORANYVALUE",
        ("ForAnyValue:StringEquals", "aws:TagKeys", []),
        ("ForAllValues:StringEquals", "aws:TagKeys", []),
    ),
    value(
        "EMPTY_ARRAY_CONDITION_IFEXISTS",
        ("StringEqualsIfExists", "aws:username", []),
        ("StringEquals", "aws:username", []),
    ),
    value(
        "INVALID_CONDITION_MULTIPLE_BOOLEAN",
        ("Bool", "aws:SecureTransport", ["true", "false"]),
        ("Bool", "aws:SecureTransport", ["true"]),
    ),
    value("TYPE_MISMATCH_BOOLEAN", ("Bool", "aws:SecureTransport", "yes"), ("Bool", "aws:SecureTransport", "True")),
    value(
        "TYPE_MISMATCH_DATE",
        ("DateLessThan", "aws:CurrentTime", ["soon"]),
        ("DateLessThan", "aws:CurrentTime", ["2026-11-23T10:00:00Z"]),
        ".0",
    ),
    value(
        "INVALID_DATE_VALUE",
        ("DateLessThan", "aws:CurrentTime", "1700000000"),
        ("DateLessThan", "aws:CurrentTime", "2026-11-23"),
    ),
    value(
        "TYPE_MISMATCH_NUMBER",
        ("NumericLessThan", "aws:MultiFactorAuthAge", "an hour"),
        ("NumericLessThan", "aws:MultiFactorAuthAge", 3600),
    ),
    value(
        "TYPE_MISMATCH_STRING",
        ("BinaryEquals", "aws:username", "no base64!"),
        ("BinaryEquals", "aws:username", "QmluYXJ5"),
    ),
    value(
        "TYPE_MISMATCH_IP_RANGE",
        ("IpAddress", "aws:SourceIp", "203.0.113.0/33"),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32"),
    ),
    value(
        "IMPROVE_IP_RANGE",
        ("IpAddress", "aws:SourceIp", ["203.0.113.7/24"]),
        ("IpAddress", "aws:SourceIp", ["203.0.113.7"]),
        ".0",
    ),
    value(
        "PRIVATE_IP_ADDRESS",
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
    ),
    value(
        "PRIVATE_NOT_IP_ADDRESS",
        ("NotIpAddress", "aws:SourceIp", ["10.1.0.0/16", "192.168.0.0/16"]),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ),
    value(
        "PRIVATE_IP_ADDRESS_SUBSET",
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"]),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24"]),
    ),
    value(
        "PRIVATE_NOT_IP_ADDRESS_SUBSET",
        ("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8", "203.0.113.0/24"]),
        ("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"]),
    ),
    value(
        "REDUNDANT_CONDITION_VALUE_NUM",
        ("NumericLessThan", "aws:MultiFactorAuthAge", ["2700", "3600"]),
        ("NumericEquals", "aws:MultiFactorAuthAge", ["2700", "3600"]),
    ),
    value(
        "WILDCARD_WITHOUT_LIKE_OPERATOR",
        ("StringEquals", "aws:username", ["a*"]),
        ("StringEquals", "aws:username", ["a${*}"]),
        ".0",
    ),
    value(
        "EQUIVALENT_TO_NULL_FALSE", ("StringLike", "aws:username", ["*"]), ("StringLike", "aws:username", "?*"), ".0"
    ),
    value("EQUIVALENT_TO_NULL_TRUE", ("StringNotLike", "aws:username", "*"), ("StringNotLike", "aws:username", "a*")),
    value(
        "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION",
        ("StringLikeIfExists", "aws:username", "*"),
        ("StringLike", "aws:username", "*"),
    ),
    value(
        "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION",
        ("ForAnyValue:StringNotLike", "aws:TagKeys", "*"),
        ("ForAnyValue:StringLike", "aws:TagKeys", "*"),
    ),
    value(
        "INVALID_REGION",
        ("StringEquals", "aws:RequestedRegion", "us-east-9"),
        ("StringLike", "aws:RequestedRegion", "us-*"),
    ),
    value(
        "INVALID_VPC_FORMAT",
        ("StringEquals", "aws:SourceVpc", "vpc-123"),
        ("StringEquals", "aws:SourceVpc", "vpc-11223344556677889"),
    ),
    value(
        "INVALID_VPCE_FORMAT",
        ("StringEquals", "aws:SourceVpce", "vpc-12345678"),
        ("StringEquals", "aws:SourceVpce", "vpce-12345678"),
    ),
    value(
        "INVALID_SERVICE_PRINCIPAL_FORMAT",
        ("ForAnyValue:StringEquals", "aws:CalledVia", ["ops.emr.amazonaws.com"]),
        ("ForAnyValue:StringEquals", "aws:CalledVia", ["emr.amazonaws.com"]),
        ".0",
    ),
    value(
        "INVALID_SERVICE_PRINCIPAL_FORMAT",
        ("StringEquals", "kms:ViaService", "s3.amazonaws.com"),
        ("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com"),
    ),
    value(
        "INVALID_KMS_KEY_VALUE",
        ("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "alias/key"),
        ("ArnLike", "s3:x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:*:111122223333:key/*"),
    ),
    value(
        "WILDCARD_USAGE_TOO_PERMISSIVE",
        ("StringLike", "aws:SourceVpce", "vpce-1*"),
        ("StringLike", "aws:PrincipalArn", "arn:*"),
    ),
    value(
        "WILDCARD_USAGE_TOO_PERMISSIVE",
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*/r-ab12/*"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*"),
    ),
    value(
        "WILDCARD_USAGE_TOO_PERMISSIVE",
        ("StringLike", "aws:userid", "AROA*:alice"),
        ("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE123:*"),
    ),
    value(
        "VARIABLE_USAGE_TOO_PERMISSIVE",
        ("StringEquals", "aws:SourceVpc", "${aws:PrincipalTag/vpc}"),
        ("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}"),
    ),
    value(
        "VARIABLE_USAGE_TOO_PERMISSIVE",
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-${aws:username}/"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/${aws:username}/"),
    ),
    value(
        "INVALID_VARIABLE_FOR_OPERATOR",
        ("Bool", "aws:SecureTransport", "${aws:username}"),
        ("StringEquals", "aws:username", "${aws:userid}"),
    ),
    resource("EMPTY_VARIABLE", "${ }", "${*}"),
    resource("MISSING_BRACE_IN_VARIABLE", "${aws:username", "${aws:username}"),
    resource("MISSING_QUOTE_IN_VARIABLE", "${aws:username, 'a}", "${aws:username, 'a b'}"),
    resource("UNSUPPORTED_SPACE_IN_VARIABLE", "${aws: username}", "${aws:username, 'a'}"),
    case(
        "VARIABLE_UNSUPPORTED_IN_ELEMENT",
        IDENTITY,
        {"Action": "s3:${aws:username}"},
        {"Resource": "arn:aws:s3:::${aws:username}"},
        "Statement.Action",
    ),
    case(
        "VARIABLE_UNSUPPORTED_IN_ELEMENT",
        IDENTITY,
        when("StringEquals", "aws:ResourceTag/${aws:username}", "a"),
        when("StringEquals", "aws:ResourceTag/a", "${aws:username}"),
        "Statement.Condition.StringEquals.~aws:ResourceTag/${aws:username}",
    ),
    case(
        "VARIABLE_UNSUPPORTED_IN_VERSION",
        IDENTITY,
        document(IDENTITY, {"Resource": "arn:aws:s3:::${aws:username}"}, Version="2008-10-17"),
        document(IDENTITY, {"Resource": "arn:aws:s3:::${aws:username}"}),
        "Statement.Resource",
    ),
    key("UNTRUSTWORTHY_CONDITION_KEY", ("StringLike", "aws:UserAgent", "a*"), ("StringLike", "aws:username", "a*")),
    case(
        "MISSING_PAIRED_CONDITION_KEYS",
        IDENTITY,
        when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
        when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8", StringEquals={"aws:SourceVpc": "vpc-12345678"}),
        "Statement.Condition.IpAddress.~aws:VpcSourceIp",
    ),
    case(
        "DYNAMODB_ATTRIBUTES_WITHOUT_SELECT",
        IDENTITY,
        {"Action": "dynamodb:Query", **when("ForAllValues:StringEquals", "dynamodb:Attributes", ["a"])},
        {
            "Action": "dynamodb:Query",
            **when(
                "ForAllValues:StringEquals",
                "dynamodb:Attributes",
                ["a"],
                StringEqualsIfExists={"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            ),
        },
        "Statement.Condition.ForAllValues:StringEquals.~dynamodb:Attributes",
    ),
    case(
        "S3_PREFIX_IN_NEGATIVE_CONTEXT",
        IDENTITY,
        {"Action": "s3:ListBucket", **when("StringNotLike", "s3:prefix", "a/*")},
        {"Action": "s3:ListBucket", "Effect": "Deny", **when("StringNotLike", "s3:prefix", "a/*")},
        "Statement.Condition.StringNotLike.~s3:prefix",
    ),
    case(
        "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES",
        IDENTITY,
        {"Action": "ec2:RunInstances", **when("StringEquals", "aws:VpceAccount", "111122223333")},
        {"Action": "s3:GetObject", **when("StringEquals", "aws:VpceAccount", "111122223333")},
        "Statement.Condition.StringEquals.~aws:VpceAccount",
    ),
    case(
        "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
        IDENTITY,
        {"Action": ["s3:ListBucket", "s3:GetObject"], **when("StringLike", "s3:prefix", "a/*")},
        {"Action": ["s3:ListBucket", "s3:Get*"], **when("StringLike", "s3:prefix", "a/*")},
        "Statement.Action.1",
        "Statement.Condition.StringLike.~s3:prefix",
    ),
    case(
        "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        IDENTITY,
        {"Action": ["ec2:StartInstances", "sdb:GetAttributes"], **TAGGED},
        {"Action": ["ec2:StartInstances"], **TAGGED},
        "Statement.Action.1",
        TAG_KEY,
    ),
    case(
        "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        SCP,
        {"Effect": "Deny", "Action": "sdb:GetAttributes", **TAGGED},
        {"Effect": "Deny", "Action": "ec2:StartInstances", **TAGGED},
        "Statement.Action",
        TAG_KEY,
    ),
    case(
        "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        IDENTITY,
        {"Action": ABSENT, "NotAction": "iam:*", **TAGGED},
        {"Action": "s3:*", **TAGGED},
        "Statement.NotAction",
        TAG_KEY,
    ),
    case(
        "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE",
        IDENTITY,
        {"Effect": "Deny", "Action": ABSENT, "NotAction": "iam:*", **TAGGED},
        {"Action": ABSENT, "NotAction": "iam:*", **TAGGED},
        "Statement.NotAction",
        TAG_KEY,
    ),
    *grants("PASS_ROLE", PASS, when("StringLike", "IAM:passedToService", "ec2.amazonaws.com")),
    *grants("CREATE_SLR", CREATE, when("StringEquals", "iam:AWSServiceName", "ec2.amazonaws.com")),
    grant(
        "PASS_ROLE_WITH_STAR_IN_RESOURCE",
        {
            "Action": PASS,
            "Resource": "*",
            **when("StringEqualsIfExists", "iam:PassedToService", "ec2.amazonaws.com"),
        },
        {"Resource": "arn:aws:iam::*:role/*"},
        "Action",
        "Resource",
    ),
    grant(
        "CREATE_SLR_WITH_STAR_IN_RESOURCE",
        {"Action": CREATE, "Resource": "*", **when("StringLike", "iam:AWSServiceName", "*.amazonaws.com")},
        when("StringLike", "iam:AWSServiceName", "ec2*.amazonaws.com"),
        "Action",
        "Resource",
    ),
]
