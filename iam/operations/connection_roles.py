"""The role that workers assume in an AWS account: its policies, and the ways to create it there."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from iam.operations.registry import OPERATIONS

ROLE_NAME = "IAMConsole"
POLICY_NAME = "IAMConsole"
# Stands in policies while nobody knows yet who the workers are.
UNKNOWN = "arn:aws:iam::111122223333:user/WORKER"
_READING = ("Get", "List", "Simulate", "GenerateCredentialReport", "GenerateServiceLastAccessedDetails")


def wanted_actions(*, reads_only: bool = False) -> list[str]:
    """Return what the console calls in an account: the operations of IAM that it has itself."""
    return sorted(
        operation.action
        for operation in OPERATIONS.values()
        if operation.service == "iam" and (not reads_only or operation.name.startswith(_READING))
    )


@dataclass(frozen=True, slots=True)
class RoleToCreate:
    """A role that lets workers in who prove the external id; `worker_arn` is who they are, empty while unknown."""

    worker_arn: str
    external_id: str
    reads_only: bool

    @property
    def trust_policy(self) -> str:
        """The trust policy: the workers alone, with the external id, and with the name of the person they act for."""
        principal, extra = _trusted(self.worker_arn or UNKNOWN)
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
            "Condition": {"StringEquals": {"sts:ExternalId": self.external_id}, **extra},
        }
        return _document(statement)

    @property
    def permissions_policy(self) -> str:
        """What the console does in an account, or what it reads there, and nothing else."""
        actions = wanted_actions(reads_only=self.reads_only)
        return _document({"Effect": "Allow", "Action": actions, "Resource": "*"})

    @property
    def template(self) -> str:
        """The role as a CloudFormation template; JSON is YAML, so values need no other quoting."""
        principal, extra = _trusted(self.worker_arn or UNKNOWN)
        trust = json.loads(self.trust_policy)
        statement = trust["Statement"][0]
        statement["Principal"] = {"AWS": {"Ref": "TrustedPrincipal"}}
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}, **extra}
        lines = [
            "AWSTemplateFormatVersion: '2010-09-09'",
            f"Description: With this role the IAM console {'reads' if self.reads_only else 'manages'} the account.",
            "Parameters:",
            *_parameter("RoleName", ROLE_NAME, "The name of the role."),
            *_parameter("TrustedPrincipal", principal, "Who the workers of the IAM console are in AWS."),
            *_parameter("ExternalId", self.external_id, "The external ID of the connection."),
            "Resources:",
            "  Role:",
            "    Type: AWS::IAM::Role",
            "    Properties:",
            "      RoleName: {Ref: RoleName}",
            f"      AssumeRolePolicyDocument: {json.dumps(trust)}",
            "      Policies:",
            f"        - PolicyName: {POLICY_NAME}",
            f"          PolicyDocument: {json.dumps(json.loads(self.permissions_policy))}",
            "Outputs:",
            "  RoleArn:",
            "    Description: Enter this in the IAM console.",
            "    Value: {'Fn::GetAtt': [Role, Arn]}",
        ]
        return "\n".join(lines) + "\n"

    @property
    def commands(self) -> str:
        """The role as commands of the AWS CLI."""
        trust, permissions = (json.dumps(json.loads(text)) for text in (self.trust_policy, self.permissions_policy))
        return (
            f"aws iam create-role --role-name {ROLE_NAME} \\\n"
            f"  --assume-role-policy-document {shlex.quote(trust)}\n"
            f"aws iam put-role-policy --role-name {ROLE_NAME} --policy-name {POLICY_NAME} \\\n"
            f"  --policy-document {shlex.quote(permissions)}\n"
        )


def _trusted(arn: str) -> tuple[str, dict[str, Any]]:
    """Return the principal to trust, and what else has to be true of it.

    Of a session of a role AWS does not tell the role's path, which the ARN of a principal needs: trusted is the account
    then, and within it whoever is of a role with that name.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "sts" or not parts[5].startswith("assumed-role/"):
        return arn, {}
    account, name = parts[4], parts[5].split("/")[1]
    roles = [f"arn:aws:iam::{account}:role/{name}", f"arn:aws:iam::{account}:role/*/{name}"]
    return f"arn:aws:iam::{account}:root", {"ArnLike": {"aws:PrincipalArn": roles}}


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _parameter(name: str, default: str, description: str) -> list[str]:
    return [
        f"  {name}:",
        "    Type: String",
        f"    Default: {json.dumps(default)}",
        f"    Description: {description}",
    ]
