"""Whom the Add principal window offers (console reference 7.2.5), and the services people trust most."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class PrincipalType:
    """One choice. `template` shows the form of its ARN, `listed` says which names of the account are offered."""

    label: str
    kind: Literal["AWS", "Service", "Federated"]
    template: str
    help: str
    listed: Literal["", "user", "role"] = ""


PRINCIPAL_TYPES: Final = (
    PrincipalType("AWS services", "Service", "{Service}.amazonaws.com", "Enter or choose the service's principal."),
    PrincipalType("AWS accounts", "AWS", "arn:aws:iam::{Account}:root", "Enter the ARN or the 12-digit account ID."),
    PrincipalType(
        "IAM users",
        "AWS",
        "arn:aws:iam::{Account}:user/{UserNameWithPath}",
        "Paste an ARN, or choose a user of this account.",
        "user",
    ),
    PrincipalType(
        "IAM roles",
        "AWS",
        "arn:aws:iam::{Account}:role/{RoleNameWithPath}",
        "Paste an ARN, or choose a role of this account.",
        "role",
    ),
    PrincipalType(
        "Assumed-role sessions",
        "AWS",
        "arn:aws:sts::{Account}:assumed-role/{RoleName}/{RoleSessionName}",
        "Enter the ARN of one session.",
    ),
    PrincipalType(
        "Federated: SAML and OIDC providers",
        "Federated",
        "arn:aws:iam::{Account}:saml-provider/{ProviderName}",
        "Enter the provider's ARN, or the domain of a public provider.",
    ),
    PrincipalType("Everyone (*)", "AWS", "*", "Anybody, in any account, who meets the conditions."),
)

SERVICES: Final = tuple(
    f"{name}.amazonaws.com"
    for name in (
        "access-analyzer",
        "apigateway",
        "application-autoscaling",
        "autoscaling",
        "backup",
        "batch",
        "batchoperations.s3",
        "cloudformation",
        "cloudtrail",
        "codebuild",
        "codedeploy",
        "codepipeline",
        "config",
        "delivery.logs",
        "dms",
        "ec2",
        "ecs",
        "ecs-tasks",
        "edgelambda",
        "eks",
        "eks-fargate-pods",
        "elasticloadbalancing",
        "elasticmapreduce",
        "events",
        "firehose",
        "glue",
        "iot",
        "lambda",
        "lex",
        "logs",
        "monitoring.rds",
        "pipes",
        "pods.eks",
        "rds",
        "redshift",
        "rolesanywhere",
        "s3",
        "sagemaker",
        "scheduler",
        "sns",
        "spot",
        "spotfleet",
        "sqs",
        "ssm",
        "states",
        "support",
        "transfer",
    )
)
