"""The operations of AWS STS: becoming a session of a role, and asking who one is."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from iam.authorization import ContextValue, Guard
from iam.errors import IamError
from iam.models import AccessKey, Account, Role, identifiers
from iam.models.readings import Reader, Reading, rows_together
from iam.models.statements import RowStatement
from iam.operations import session_parameters as asked_for
from iam.operations import session_tokens
from iam.operations.cross_account_events import tell
from iam.operations.entities import resource_tags, tag_context, with_tags
from iam.operations.registry import Access, Call, ReadingRule, operation
from iam.principals import Principal, Session, role_session_principal
from iam.queries.connections import ENTRANCE, Entrance, first_entrance, session_name
from iam.queries.principals import ROLE_USE_EVERY

_ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>[^:/]*):role(?P<path>/(?:.*/)?)(?P<name>[^/]+)")


_ROLE = RowStatement(
    lambda account_id, lower, name, path: with_tags(
        Role.objects.filter(
            account=account_id, account__kind=Account.Kind.LOCAL, name__lower=lower, name=name, path=path
        )
    ),
    str,
    str,
    str,
    str,
)


def find_role(arn: str) -> Role | None:
    """Return the role of an ARN, which is compared with path and case; none of an account in AWS, where AWS decides.

    Raises IamError ValidationError for no ARN.
    """
    return _ROLE.first(*_parts(arn))


def _parts(arn: str) -> tuple[str, str, str, str]:
    match = _ROLE_ARN.fullmatch(arn)
    if not match:
        raise IamError("ValidationError", f"{arn} is invalid", parameter="RoleArn")
    name = match["name"]
    return match["account"], name.lower(), name, match["path"]


def find_assumable(arn: str, read: Reader = rows_together) -> Role | Entrance | None:
    """Return the role of an ARN, or the entrance to an AWS account. Raises IamError ValidationError for no ARN."""
    roles, entrances = read(*_readings(arn))
    return _ROLE.first_of(roles) or first_entrance(entrances)


def _readings(arn: str) -> tuple[Reading, Reading]:
    # Both are always looked for, so that nobody can tell from the time whether there is such a role.
    parts = _parts(arn)
    return (_ROLE, parts), (ENTRANCE, (parts[0], arn))


def guard_of(arn: str, role: Role | Entrance | None) -> Guard:
    """Return the trust policy that stands before a role, or before the place where there is none."""
    return Guard(arn.split(":")[4], role.assume_role_policy_document if role else None)


def _assuming(call: Call, parameters: Mapping[str, Any]) -> Access:
    if call.principal.is_root:
        raise IamError("AccessDenied", "Roles may not be assumed by root accounts.")
    asked_for.refuse_unknown(parameters)
    arn = parameters["RoleArn"]
    role = call.found["role"] = find_assumable(arn, call.rows_together)
    source = asked_for.source_identity(call.principal, parameters.get("SourceIdentity"))
    tags = parameters.get("Tags", [])
    context: dict[str, ContextValue] = {
        "sts:RoleSessionName": parameters["RoleSessionName"],
        "sts:DurationSeconds": str(parameters.get("DurationSeconds", asked_for.DEFAULT_SECONDS)),
        **tag_context(tags),
        **(resource_tags(role) if isinstance(role, Role) else {}),
    }
    if "ExternalId" in parameters:
        context["sts:ExternalId"] = parameters["ExternalId"]
    if parameters.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = list(parameters["TransitiveTagKeys"])
    if source:
        context["sts:SourceIdentity"] = source
    also = (("sts:TagSession",) if tags else ()) + (("sts:SetSourceIdentity",) if source else ())
    return Access(arn, context, also=also, guard=guard_of(arn, role))


def _foreseen(_account_id: str, parameters: Mapping[str, str]) -> Sequence[Reading]:
    arn = parameters.get("RoleArn", "")
    return _readings(arn) if _ROLE_ARN.fullmatch(arn) else ()


@operation(
    "AssumeRole",
    access=ReadingRule(_assuming, _foreseen),
    service="sts",
    judged_ahead=("RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId", "Policy", "SourceIdentity"),
)
def assume_role(
    call: Call,
    *,
    role_session_name: str,
    policy_arns: list[dict[str, str]] | None = None,
    policy: str | None = None,
    duration_seconds: int | None = None,
    tags: list[dict[str, str]] | None = None,
    transitive_tag_keys: list[str] | None = None,
    source_identity: str | None = None,
    minimum_session_token_size: int | None = None,
    **_judged: Any,
) -> dict[str, Any]:
    """Return temporary credentials of a role; what else may be said (`ExternalId`) the access rule judges.

    Raises IamError ValidationError for too long a session, MalformedPolicyDocument, PackedPolicyTooLarge, NoSuchEntity,
    InvalidParameterValue for tags.

    A session in an AWS account bears the person's name, whatever was asked for: CloudTrail there is to name who acts.
    """
    role: Role | Entrance | None = call.found["role"]
    if role is None:
        raise IamError("AccessDenied", f"User: {call.principal.arn} is not authorized to perform: {call.operation}")
    source = asked_for.source_identity(call.principal, source_identity)
    if isinstance(role, Entrance):
        role_session_name = source = _person(call.principal, source_identity)
    caller = call.principal.session
    seconds = asked_for.duration(duration_seconds, role.max_session_duration, is_chained=caller is not None)
    policies = asked_for.inline_policies(policy)
    arns = asked_for.policy_arns(role.account_id, policy_arns or [])
    session_tags, transitive = asked_for.session_tags(caller, tags or [], transitive_tag_keys or [])
    packed = asked_for.packed_size(policies, arns, session_tags)
    session = Session(
        name=role_session_name,
        issuer_id=role.unique_id,
        issuer_arn=role.arn,
        expires_at=call.began_at + timedelta(seconds=seconds),
        policies=policies,
        policy_arns=arns,
        tags=session_tags,
        transitive_tag_keys=transitive,
        source_identity=source,
        is_chained=caller is not None,
        is_connection=isinstance(role, Entrance),
    )
    principal = role_session_principal(
        role.account_id,
        session,
        session_issued_at=call.began_at,
        mfa_authenticated_at=call.principal.mfa_authenticated_at,
    )
    issued = session_tokens.issue(principal, session.expires_at, minimum_size=minimum_session_token_size or 0)
    result = {
        **_answer(issued, packed),
        **({"SourceIdentity": session.source_identity} if session.source_identity else {}),
        **issued.measured(minimum_session_token_size),
    }
    if role.account_id != call.account_id:
        parameters = {"RoleArn": role.arn, "RoleSessionName": role_session_name}
        tell(role.account_id, call, parameters, result, resource=role.arn)
    return result


def _answer(issued: session_tokens.Credentials, packed: int) -> dict[str, Any]:
    holder = issued.principal
    return {
        "Credentials": issued.shape(),
        "AssumedRoleUser": {"AssumedRoleId": holder.unique_id, "Arn": holder.arn},
        **({"PackedPolicySize": packed} if packed else {}),
    }


def _person(caller: Principal, asked: str | None) -> str:
    """Return what a session in an AWS account is called, by name and source identity: like the person.

    Raises IamError AccessDenied where another source identity is asked for.
    """
    person = session_name(caller)
    if asked not in (None, person):
        raise IamError(
            "AccessDenied",
            f"User: {caller.arn} is not authorized to perform: sts:SetSourceIdentity: the source identity of a session "
            f"in an AWS account is {person}.",
            parameter="SourceIdentity",
        )
    return person


def _open(_call: Call, _parameters: Mapping[str, Any]) -> Access:
    return Access(is_open=True)


@operation("GetCallerIdentity", access=_open, service="sts")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """Tell who calls; nobody needs a permission for that, and no policy can deny it."""
    caller = call.principal
    return {"UserId": caller.unique_id, "Account": caller.account_id, "Arn": caller.arn}


@operation("GetAccessKeyInfo", service="sts")
def get_access_key_info(_call: Call, *, access_key_id: str) -> dict[str, Any]:
    """Tell whose an access key is, in whatever state and account.

    Raises IamError ValidationError for one that nobody has.
    """
    owner = AccessKey.objects.filter(pk=access_key_id).values_list("account", flat=True).first()
    temporary = identifiers.account_of_temporary_key(access_key_id)
    if owner is None and temporary and Account.objects.filter(pk=temporary).exists():
        owner = temporary
    if owner is None:
        raise IamError("ValidationError", f"{access_key_id} is not a valid access key ID", parameter="AccessKeyId")
    return {"Account": owner}


def record_role_use(session: Session, region: str = "us-east-1") -> None:
    """Note that a session's role is in use, where that was not noted lately; the console is in one region.

    Whoever holds the role's row just now changes the role: the use is then noted another time.
    """
    now = timezone.now()
    is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - ROLE_USE_EVERY)
    due = Role.objects.filter(is_due, unique_id=session.issuer_id).select_for_update(skip_locked=True)
    with transaction.atomic():
        Role.objects.filter(pk__in=due.values("pk")).update(last_used_at=now, last_used_region=region)
