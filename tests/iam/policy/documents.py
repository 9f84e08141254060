"""Short ways to write documents, compiled or as text."""

import json
from typing import Any

from iam.policy import CompiledPolicy, Decision, PolicySet, Request, compile_policy, evaluate

ACCOUNT = "111122223333"
OTHER = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/job"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BUCKET = "arn:aws:s3:::data"
OBJECT = "arn:aws:s3:::data/report.csv"


def statement(effect: str, action: Any = "s3:GetObject", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """Return a statement; an element given as None is left out."""
    members = {"Effect": effect, "Action": action, "Resource": resource, **elements}
    return {name: value for name, value in members.items() if value is not None}


def allow(action: Any = "s3:GetObject", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, **elements)


def deny(action: Any = "s3:GetObject", resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, **elements)


def text(*statements: Any, version: str | None = "2012-10-17") -> str:
    document = {"Version": version, "Statement": list(statements)}
    return json.dumps({name: value for name, value in document.items() if value is not None})


def policy(*statements: Any, version: str | None = "2012-10-17") -> CompiledPolicy:
    return compile_policy(text(*statements, version=version))


def decide(
    *statements: Any,
    principal: Any = USER,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    context: dict[str, Any] | None = None,
    account: str | None = ACCOUNT,
    version: str | None = "2012-10-17",
    **policies: Any,
) -> Decision:
    """Decide a request by one identity policy of the given statements, and the policies given by type."""
    identity = [policy(*statements, version=version)] if statements else []
    request = Request(principal, action, resource, account, context or {})
    return evaluate(request, PolicySet(identity=identity, **policies))
