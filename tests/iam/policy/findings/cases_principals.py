"""Principals of resource, trust and control policies."""

from tests.iam.policy.findings.documents import (
    ABSENT,
    BUCKET,
    IDENTITY,
    RCP,
    RESOURCE,
    SCP,
    TRUST,
    Members,
    case,
    document,
    when,
)

PROVIDER = "arn:aws:iam::111122223333:"
SAML = f"{PROVIDER}saml-provider/Corp"
OIDC = f"{PROVIDER}oidc-provider/login.example.com"
GITHUB = f"{PROVIDER}oidc-provider/token.actions.githubusercontent.com"
GITHUB_SUB = "token.actions.githubusercontent.com:sub"


def trusts(kind: str, *values: str) -> Members:
    return {"Principal": {kind: values[0] if len(values) == 1 else list(values)}}


def by_web(provider: str, condition: Members | None = None) -> Members:
    return {**trusts("Federated", provider), "Action": "sts:AssumeRoleWithWebIdentity", **(condition or {})}


BY_SAML = {**trusts("Federated", SAML), "Action": "sts:AssumeRoleWithSAML"}
SERVICE = trusts("Service", "sns.amazonaws.com")
ROLES_ANYWHERE = trusts("Service", "rolesanywhere.amazonaws.com")

CASES = [
    case("UNSUPPORTED_PRINCIPAL", IDENTITY, {"Principal": "*"}, {}, "Statement.Principal"),
    case("SCP_SYNTAX_ERROR_PRINCIPAL", SCP, {"NotPrincipal": "*"}, {}, "Statement.NotPrincipal"),
    case(
        "FEDERATED_PRINCIPAL_NOT_SUPPORTED",
        BUCKET,
        trusts("Federated", SAML),
        trusts("AWS", "111122223333"),
        "Statement.Principal.Federated",
    ),
    case(
        "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
        TRUST,
        trusts("AWS", "111122223333", f"{PROVIDER}role/*"),
        trusts("AWS", "*"),
        "Statement.Principal.AWS.1",
    ),
    case(
        "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
        RESOURCE,
        trusts("Service", "*"),
        {"Principal": "*"},
        "Statement.Principal.Service",
    ),
    case(
        "INVALID_ROLE_REFERENCE",
        TRUST,
        trusts("AWS", "AROAEXAMPLEEXAMPLE123"),
        trusts("AWS", f"{PROVIDER}role/AROA"),
        "Statement.Principal.AWS",
    ),
    case(
        "INVALID_USER_REFERENCE",
        RESOURCE,
        trusts("AWS", "AIDAEXAMPLEEXAMPLE123"),
        trusts("AWS", f"{PROVIDER}user/AIDA"),
        "Statement.Principal.AWS",
    ),
    case(
        "INVALID_SERVICE_PRINCIPAL_FORMAT",
        RESOURCE,
        trusts("Service", "SNS.amazonaws.com"),
        trusts("Service", "sns.amazonaws.com"),
        "Statement.Principal.Service",
    ),
    case(
        "ALLOW_WITH_NOT_PRINCIPAL",
        BUCKET,
        {"Principal": ABSENT, "NotPrincipal": {"AWS": "111122223333"}},
        {"Principal": ABSENT, "NotPrincipal": {"AWS": "111122223333"}, "Effect": "Deny"},
        "Statement.NotPrincipal",
    ),
    case(
        "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
        TRUST,
        {"Principal": ABSENT, "NotPrincipal": {"AWS": "111122223333"}},
        {},
        "Statement.NotPrincipal",
    ),
    case("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", TRUST, {"Resource": "*"}, {}, "Statement.Resource"),
    case(
        "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
        TRUST,
        {"Principal": "*"},
        trusts("AWS", "*"),
        "Statement.Principal",
    ),
    case(
        "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
        TRUST,
        {**trusts("Federated", f"{PROVIDER}role/Corp"), "Action": "sts:AssumeRoleWithSAML"},
        BY_SAML,
        "Statement.Principal.Federated",
    ),
    case(
        "MISMATCHED_ACTION_FOR_PRINCIPAL",
        TRUST,
        {**BY_SAML, "Action": ["sts:TagSession", "sts:AssumeRoleWithWebIdentity"]},
        {**BY_SAML, "Action": ["sts:TagSession", "sts:AssumeRoleWithSAML"]},
        "Statement.Action.1",
    ),
    case("MISMATCHED_ACTION_FOR_PRINCIPAL", TRUST, {"Action": "sts:AssumeRoleWithSAML"}, {}, "Statement.Action"),
    case(
        "MISMATCHED_ACTION_FOR_PRINCIPAL",
        TRUST,
        {**by_web(OIDC), "Action": "sts:AssumeRole"},
        by_web("cognito-identity.amazonaws.com"),
        "Statement.Action",
    ),
    case(
        "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY",
        TRUST,
        {**ROLES_ANYWHERE, "Action": ["sts:AssumeRole", "sts:TagSession"]},
        {**ROLES_ANYWHERE, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]},
        "Statement.Action",
    ),
    case(
        "MISSING_ACTION_FOR_CONDITION_KEY",
        TRUST,
        when("StringLike", "sts:SourceIdentity", "a*"),
        {**when("StringLike", "sts:SourceIdentity", "a*"), "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]},
        "Statement.Condition.StringLike.~sts:SourceIdentity",
    ),
    case(
        "MISSING_ACTION_FOR_CONDITION_KEY",
        IDENTITY,
        {**when("StringEquals", "aws:RequestTag/team", "a"), "Action": "sts:AssumeRole", "Resource": "*"},
        {**when("StringEquals", "aws:RequestTag/team", "a"), "Action": "ec2:RunInstances", "Resource": "*"},
        "Statement.Condition.StringEquals.~aws:RequestTag/team",
    ),
    case(
        "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY",
        TRUST,
        trusts("AWS", f"{PROVIDER}role/path/ops", "arn:aws:sts::111122223333:assumed-role/ops/alice"),
        trusts("AWS", f"{PROVIDER}role/path/ops", "arn:aws:sts::111122223333:assumed-role/dev/alice"),
        "Statement.Principal.AWS.1",
    ),
    case(
        "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL",
        TRUST,
        by_web(OIDC, when("Bool", "aws:SecureTransport", "true")),
        by_web(OIDC, when("StringEquals", "login.example.com:aud", "app")),
        "Statement.Principal.Federated",
    ),
    case(
        "MISSING_GITHUB_REPO_CONDITION_KEY",
        TRUST,
        by_web(GITHUB, when("StringEquals", "token.actions.githubusercontent.com:aud", "sts.amazonaws.com")),
        by_web(GITHUB, when("StringEquals", GITHUB_SUB, "repo:org/app:ref:refs/heads/main")),
        "Statement.Principal.Federated",
    ),
    case(
        "SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED",
        TRUST,
        by_web(GITHUB, when("StringLike", GITHUB_SUB, ["repo:org/app:*"])),
        by_web(GITHUB, when("StringEquals", GITHUB_SUB, "repo:org/app:ref:refs/heads/main")),
        f"Statement.Condition.StringLike.{GITHUB_SUB}.0",
    ),
    case(
        "CONFIRM_AUDIENCE_CLAIM_TYPE",
        TRUST,
        by_web(OIDC, when("ForAnyValue:StringEquals", "login.example.com:aud", "app")),
        by_web(OIDC, when("StringEquals", "login.example.com:aud", "app")),
        "Statement.Condition.ForAnyValue:StringEquals.~login.example.com:aud",
    ),
    case(
        "FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE",
        TRUST,
        by_web("accounts.google.com", when("ForAnyValue:StringEquals", "accounts.google.com:aud", "app")),
        by_web("accounts.google.com", when("StringEquals", "accounts.google.com:aud", "app")),
        "Statement.Condition.ForAnyValue:StringEquals.~accounts.google.com:aud",
    ),
    case(
        "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
        RESOURCE,
        SERVICE,
        {**SERVICE, **when("StringEquals", "aws:SourceAccount", "111122223333")},
        "Statement.Principal.Service",
    ),
    case(
        "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
        BUCKET,
        {**SERVICE, **when("StringEquals", "aws:Referer", "111122223333")},
        {**SERVICE, **when("StringEquals", "aws:SourceAccount", "111122223333")},
        "Statement.Principal.Service",
        "Statement.Condition.StringEquals.~aws:Referer",
    ),
    case(
        "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL",
        RESOURCE,
        {**SERVICE, **when("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")},
        {**SERVICE, **when("StringEquals", "aws:SourceOrgID", "o-a1b2c3d4e5")},
        "Statement.Condition.StringEquals.~aws:PrincipalOrgID",
    ),
    case(
        "RCP_SYNTAX_ERROR_ACTION",
        RCP,
        {"Action": ["s3:GetObject", "ec2:RunInstances"]},
        {"Action": ["s3:GetObject", "kms:*"]},
        "Statement.Action.1",
    ),
    case("RCP_SYNTAX_ERROR_ACTION", RCP, {"Action": "*"}, {"Effect": "Allow", "Action": "*"}, "Statement.Action"),
    case(
        "RCP_SYNTAX_ERROR_ALLOW",
        RCP,
        {"Effect": "Allow", "Resource": "arn:aws:s3:::bucket"},
        {"Effect": "Allow"},
        "Statement.Effect",
    ),
    case(
        "RCP_SYNTAX_ERROR_NOTACTION",
        RCP,
        {"Action": ABSENT, "NotAction": "s3:GetObject"},
        {},
        "Statement.NotAction",
    ),
    case("RCP_SYNTAX_ERROR_PRINCIPAL", RCP, trusts("AWS", "111122223333"), {}, "Statement.Principal"),
    case(
        "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY",
        RCP,
        when("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
        when(
            "StringNotEqualsIfExists",
            "aws:PrincipalOrgID",
            "o-a1b2c3d4e5",
            BoolIfExists={"aws:PrincipalIsAWSService": "false"},
        ),
        "Statement.Condition.StringNotEqualsIfExists.~aws:PrincipalOrgID",
    ),
    case(
        "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY",
        RCP,
        when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5"),
        when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5", Bool={"aws:PrincipalIsAWSService": "true"}),
        "Statement.Condition.StringNotEqualsIfExists.~aws:SourceOrgID",
    ),
    case(
        "RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK",
        RCP,
        when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5"),
        when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-a1b2c3d4e5", Null={"aws:SourceAccount": "false"}),
        "Statement.Condition.StringNotEqualsIfExists.~aws:SourceOrgID",
    ),
    case(
        "UNSUPPORTED_GLOBAL_CONDITION_KEY",
        RESOURCE,
        when("ArnLike", "aws:ARN", f"{PROVIDER}role/a"),
        when("ArnLike", "aws:PrincipalArn", f"{PROVIDER}role/a"),
        "Statement.Condition.ArnLike.~aws:ARN",
    ),
    case(
        "IRRELEVANT_CONDITION_KEY_IN_POLICY",
        BUCKET,
        when("StringEquals", "s3:ResourceAccount", "111122223333"),
        when("StringEquals", "s3:TlsVersion", "1.3"),
        "Statement.Condition.StringEquals.~s3:ResourceAccount",
    ),
    case(
        "S3_PREFIX_IN_NEGATIVE_CONTEXT",
        BUCKET,
        document(BUCKET, {"Effect": "Deny", "Action": "s3:ListBucket", **when("StringLike", "s3:prefix", "a/*")}),
        document(BUCKET, {"Action": "s3:ListBucket", **when("StringLike", "s3:prefix", "a/*")}),
        "Statement.Condition.StringLike.~s3:prefix",
    ),
]
