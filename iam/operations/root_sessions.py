"""Privileged tasks on member accounts (IAM User Guide, "Centrally manage root access for member accounts").

Who administers an organization acts as the root user of a member account, for one task, for a quarter of an hour.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import Organization, RootUser
from iam.operations import session_parameters as asked_for
from iam.operations import session_tokens
from iam.operations.cross_account_events import tell
from iam.operations.registry import Access, Call, operation
from iam.principals import Session, root_principal

LONGEST_SECONDS = 900
_TASKS = frozenset(
    f"arn:aws:iam::aws:policy/root-task/{name}"
    for name in (
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    )
)
_TARGET = re.compile(r"(?:arn:aws:iam::)?(?P<account>\d{12})(?P<root>:root)?", re.ASCII)


def _target(named: str) -> str:
    """Return the account of a target, which is an account id or the ARN of a root user. Raises IamError."""
    match = _TARGET.fullmatch(named)
    if match is None or named.startswith("arn:") is not bool(match["root"]):
        raise IamError("ValidationError", f"{named} is invalid", parameter="TargetPrincipal")
    return match["account"]


def _acting_as_root(call: Call, parameters: Mapping[str, Any]) -> Access:
    if call.principal.is_root:
        raise IamError("AccessDenied", "Root sessions may not be assumed by root accounts.")
    account = _target(parameters["TargetPrincipal"])
    task = parameters["TaskPolicyArn"].get("arn", "")
    context: dict[str, ContextValue] = {"sts:TaskPolicyArn": task, "aws:ResourceAccount": account}
    return Access(f"arn:aws:iam::{account}:root", context)


@operation("AssumeRoot", access=_acting_as_root, service="sts")
def assume_root(
    call: Call,
    *,
    target_principal: str,
    task_policy_arn: dict[str, str],
    duration_seconds: int | None = None,
    minimum_session_token_size: int | None = None,
) -> dict[str, Any]:
    """Return credentials of a member account's root user that are good for one task only.

    Raises IamError ValidationError for a policy that is no task, AccessDenied where no organization of the caller's
    lets it act as root there.
    """
    task = task_policy_arn.get("arn", "")
    if task not in _TASKS:
        raise IamError("ValidationError", f"{task} is not a root task policy", parameter="TaskPolicyArn")
    account = _target(target_principal)
    _check_organization(call, account)
    seconds = LONGEST_SECONDS if duration_seconds is None else duration_seconds
    session = Session(
        name="",
        issuer_id="",
        issuer_arn="",
        expires_at=call.began_at + timedelta(seconds=seconds),
        policy_arns=(task,),
        source_identity=asked_for.source_identity(call.principal, None),
    )
    email = RootUser.objects.values_list("email", flat=True).get(account=account)
    holder = root_principal(account, email, session=session, session_issued_at=call.began_at)
    issued = session_tokens.issue(holder, session.expires_at, minimum_size=minimum_session_token_size or 0)
    result = {
        "Credentials": issued.shape(),
        **({"SourceIdentity": session.source_identity} if session.source_identity else {}),
        **issued.measured(minimum_session_token_size),
    }
    parameters = {"TargetPrincipal": target_principal, "TaskPolicyArn": {"arn": task}}
    tell(account, call, parameters, result, resource=holder.arn)
    return result


def _check_organization(call: Call, account: str) -> None:
    """Refuse unless the caller's account administers the organization that has the account as a member."""
    resource = f"arn:aws:iam::{account}:root"
    organization = Organization.objects.filter(
        members__account=account, feature_set=Organization.FeatureSet.ALL, has_root_sessions=True
    ).first()
    if (
        organization is None
        or not organization.is_administered_by(call.account_id)
        or organization.management_account_id == account
    ):
        # One answer, so that nobody learns about the organizations of others.
        raise IamError(
            "AccessDenied",
            f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRoot on resource: {resource} because "
            "it is no member account of an organization with root sessions that the caller's account administers",
            parameter="TargetPrincipal",
        )
