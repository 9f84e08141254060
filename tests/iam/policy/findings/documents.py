"""Documents for the cases: a valid one of each kind of policy, and variations of it."""

import json
from dataclasses import dataclass
from typing import Any

Members = dict[str, Any]

IDENTITY = ("IDENTITY_POLICY", None)
SCP = ("SERVICE_CONTROL_POLICY", None)
RCP = ("RESOURCE_CONTROL_POLICY", None)
RESOURCE = ("RESOURCE_POLICY", None)
BUCKET = ("RESOURCE_POLICY", "AWS::S3::Bucket")
TRUST = ("RESOURCE_POLICY", "AWS::IAM::AssumeRolePolicyDocument")

ALLOW_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
BASE: dict[tuple[str, str | None], Members] = {
    IDENTITY: ALLOW_READ,
    SCP: ALLOW_READ,
    RCP: {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
    RESOURCE: {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:111122223333:queue",
    },
    BUCKET: {**ALLOW_READ, "Principal": {"AWS": "111122223333"}},
    TRUST: {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"},
}

ABSENT = object()


def document(kind: tuple[str, str | None], *changes: Members, **top: Any) -> str:
    """Return a document with one statement per change of the kind's valid statement.

    `ABSENT` removes a member; `top` are members of the document."""
    statements = [_without_absent({**BASE[kind], **change}) for change in changes or ({},)]
    members = {"Version": "2012-10-17", "Statement": statements[0] if len(statements) == 1 else statements, **top}
    return json.dumps(_without_absent(members))


def _without_absent(members: Members) -> Members:
    return {name: value for name, value in members.items() if value is not ABSENT}


@dataclass(frozen=True)
class Case:
    """A text that triggers a check at some places, and a neighbour that does not.

    A place is a path with dots: `Statement.Action.0`, with `~` before a name that is meant itself; '' is the root."""

    code: str
    kind: tuple[str, str | None]
    places: tuple[str, ...]
    trigger: str
    neighbour: str


def case(
    code: str,
    kind: tuple[str, str | None],
    trigger: Members | str,
    neighbour: Members | str,
    *places: str,
) -> Case:
    """Return a case; a change of the kind's valid statement stands for a document."""
    texts = [item if isinstance(item, str) else document(kind, item) for item in (trigger, neighbour)]
    return Case(code, kind, places, *texts)


def when(operator: str, key: str, value: Any, **more: Members) -> Members:
    """Return a change that adds a Condition."""
    return {"Condition": {operator: {key: value}, **more}}
