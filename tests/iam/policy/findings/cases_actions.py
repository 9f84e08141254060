"""Actions, resources and redundancy."""

from tests.iam.policy.findings.documents import ABSENT, BUCKET, IDENTITY, TRUST, Case, case

IAM_ROLE = "arn:aws:iam::111122223333:role/"


def resource(code: str, trigger: str, neighbour: str) -> Case:
    return case(code, IDENTITY, {"Resource": trigger}, {"Resource": neighbour}, "Statement.Resource")


CASES = [
    case("INVALID_ACTION", IDENTITY, {"Action": "s3:GetObjects"}, {"Action": "S3:getobject"}, "Statement.Action"),
    case("INVALID_ACTION", IDENTITY, {"Action": ["s3:Nothing*"]}, {"Action": ["s3:Get*"]}, "Statement.Action.0"),
    case("INVALID_ACTION", IDENTITY, {"Action": "GetObject"}, {"Action": "*"}, "Statement.Action"),
    case(
        "INVALID_ACTION",
        IDENTITY,
        {"Action": ABSENT, "NotAction": "s3:GetObjects"},
        {"Action": ABSENT, "NotAction": "s3:GetObject"},
        "Statement.NotAction",
    ),
    case(
        "INVALID_SERVICE_IN_ACTION",
        IDENTITY,
        {"Action": ["s3:GetObject", "s33:GetObject"]},
        {"Action": ["s3:GetObject", "sqs:*"]},
        "Statement.Action.1",
    ),
    case("INVALID_SERVICE_IN_ACTION", IDENTITY, {"Action": "s*:GetObject"}, {"Action": "s3:*"}, "Statement.Action"),
    case("UNSUPPORTED_ACTION_IN_POLICY", BUCKET, {"Action": "kms:Decrypt"}, {"Action": "s3:*"}, "Statement.Action"),
    case(
        "UNSUPPORTED_ACTION_IN_POLICY",
        TRUST,
        {"Action": ["sts:AssumeRole", "sts:GetCallerIdentity"]},
        {"Action": ["sts:AssumeRole", "sts:TagSession"]},
        "Statement.Action.1",
    ),
    case(
        "UNSUPPORTED_RESOURCE_ARN_IN_POLICY",
        BUCKET,
        {"Resource": "arn:aws:kms:us-east-1:111122223333:key/1"},
        {"Resource": "*"},
        "Statement.Resource",
    ),
    resource("INVALID_ARN_PREFIX", "bucket/*", "arn:aws:s3:::bucket/*"),
    resource("INVALID_ARN_PREFIX", "aws:s3:::bucket", "*"),
    resource("MISSING_ARN_FIELD", "arn:aws:s3:bucket", "arn:aws:s3:::bucket"),
    resource("INVALID_PARTITION", "arn:aw:s3:::bucket", "arn:aws-cn:s3:::bucket"),
    resource("INVALID_PARTITION", "arn:x*:s3:::bucket", "arn:aws*:s3:::bucket"),
    resource("INVALID_SERVICE", "arn:aws:s33:::bucket", "arn:aws:s3:::bucket"),
    resource("INVALID_ARN_SERVICE_CASE", "arn:aws:S3:::bucket", "arn:aws:s3:::Bucket"),
    resource("WILDCARD_IN_SERVICE_NAME", "arn:aws:s*:::bucket", "arn:aws:s3:::b*"),
    resource(
        "INVALID_ARN_REGION", "arn:aws:sqs:us-east-9:111122223333:queue", "arn:aws:sqs:us-east-1:111122223333:queue"
    ),
    resource(
        "INVALID_ARN_REGION",
        "arn:aws:sqs:cn-north-1:111122223333:queue",
        "arn:aws-cn:sqs:cn-north-1:111122223333:queue",
    ),
    resource("MISSING_ARN_REGION", "arn:aws:sqs::111122223333:queue", "arn:aws:sqs:*:111122223333:queue"),
    resource("ARN_REGION_NOT_ALLOWED", "arn:aws:iam:us-east-1:111122223333:user/a", "arn:aws:iam::111122223333:user/a"),
    resource("INVALID_ARN_ACCOUNT", "arn:aws:sqs:us-east-1:1111:queue", "arn:aws:sqs:us-east-1:1111*:queue"),
    resource("INVALID_ARN_ACCOUNT", "arn:aws:sqs:us-east-1:aws:queue", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    resource("MISSING_ARN_ACCOUNT", "arn:aws:iam:::user/alice", "arn:aws:iam::*:user/alice"),
    resource("ARN_ACCOUNT_NOT_ALLOWED", "arn:aws:s3::111122223333:bucket", "arn:aws:s3:::bucket"),
    resource("INVALID_ARN_RESOURCE", "arn:aws:iam::111122223333:alice", "arn:aws:iam::111122223333:user/alice"),
    resource("INVALID_ARN_RESOURCE", "arn:aws:s3:::", "arn:aws:s3:::*"),
    resource("INVALID_ARN_RESOURCE", "arn:aws:iam::111122223333:users/*", "arn:aws:iam::111122223333:user*"),
    case(
        "REDUNDANT_ACTION",
        IDENTITY,
        {"Action": ["s3:Get*", "s3:PutObject", "s3:getobject"]},
        {"Action": ["s3:Get*", "s3:*Object"]},
        "Statement.Action.0",
        "Statement.Action.2",
    ),
    case(
        "REDUNDANT_ACTION",
        IDENTITY,
        {"Action": ["s3:GetObject", "S3:GetObject"]},
        {"Action": ["s3:GetObject", "s3:GetObjectAcl"]},
        "Statement.Action.0",
        "Statement.Action.1",
    ),
    case(
        "REDUNDANT_RESOURCE",
        IDENTITY,
        {"Resource": [f"{IAM_ROLE}jane-admin", f"{IAM_ROLE}jane*", "arn:aws:s3:::bucket"]},
        {"Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]},
        "Statement.Resource.0",
        "Statement.Resource.1",
    ),
    case(
        "REDUNDANT_RESOURCE",
        IDENTITY,
        {"Resource": ["arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket*"]},
        {"Resource": ["arn:aws:s3:::Bucket/a", "arn:aws:s3:::bucket/*"]},
        "Statement.Resource.0",
        "Statement.Resource.1",
    ),
]
