"""Delegation requests from the moment that somebody takes one over until its token is sent.

IAM User Guide, "Temporary delegation" and "Understanding the request lifecycle".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from iam import sealing
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import DelegationRequest
from iam.operations.cross_account_events import tell
from iam.operations.delegated_access import check_approver, trade_in_token
from iam.operations.paging import page
from iam.operations.registry import Access, AccessRule, Call, operation
from iam.principals import Principal, PrincipalType, Session
from iam.queries import delegation
from iam.queries.account import get_account

State = DelegationRequest.State

_LASTS = timedelta(days=7)


def no_such_request(request_id: str) -> IamError:
    """Return the refusal for a request that the caller cannot see."""
    return IamError(
        "NoSuchEntity", f"Delegation request {request_id} cannot be found.", parameter="DelegationRequestId"
    )


def _existing(*, is_open_to_owner: bool = False) -> AccessRule:
    """Return the access rule of operations on a request; its owner may do some of them without any policy."""

    def rule(call: Call, parameters: Mapping[str, Any]) -> Access:
        return access_to(call, parameters["DelegationRequestId"], is_open_to_owner=is_open_to_owner)

    return rule


def access_to(call: Call, request_id: str, *, is_open_to_owner: bool) -> Access:
    """Return what a caller needs to be allowed for a request that it can see."""
    request = delegation.find_visible(request_id, call.account_id)
    if request is None:
        return Access(f"arn:aws:iam::{call.account_id}:delegation-request/{request_id}")
    is_owner = bool(request.owner_id) and request.owner_id == call.principal.arn
    context: dict[str, ContextValue] = {"iam:DelegationRequestOwner": request.owner_id} if request.owner_id else {}
    return Access(request.arn, context, unless_denied=is_open_to_owner and is_owner)


def visible(call: Call, request_id: str, *, lock: bool = False) -> DelegationRequest:
    """Return a request that the caller's account can see. Raises IamError NoSuchEntity."""
    request = delegation.find_visible(request_id, call.account_id, lock=lock)
    if request is None:
        raise no_such_request(request_id)
    return request


def _in_state(call: Call, request_id: str, *states: str, code: str = "InvalidInput") -> DelegationRequest:
    """Return a request with its row held. Raises IamError NoSuchEntity, or `code` in any other state."""
    request = visible(call, request_id, lock=True)
    state = request.state_at(timezone.now())
    if state not in states:
        raise IamError(
            code,
            f"Delegation request {request_id} is in the state {state}, but must be {' or '.join(states)}.",
            parameter="DelegationRequestId",
        )
    return request


def _move(call: Call, request: DelegationRequest, state: str) -> datetime:
    """Bring a request into a state, in which it has seven days; both accounts learn of it."""
    now = timezone.now()
    request.state, request.updated_at, request.expires_at = state, now, now + _LASTS
    request.save()
    call.touch("account", call.account_id)
    if request.requestor_id != call.account_id:
        tell(request.requestor_id, call, {"DelegationRequestId": request.pk}, {}, resource=request.arn)
    return now


@operation("AssociateDelegationRequest", access=_existing())
def associate_delegation_request(call: Call, *, delegation_request_id: str) -> None:
    """Take a request over: the caller becomes its owner. Raises IamError NoSuchEntity, InvalidInput."""
    request = _in_state(call, delegation_request_id, State.UNASSIGNED)
    request.owner_account_id, request.owner_id = call.account_id, call.principal.arn
    _move(call, request, State.ASSIGNED)


@operation("UpdateDelegationRequest", access=_existing(is_open_to_owner=True))
def update_delegation_request(call: Call, *, delegation_request_id: str, notes: str | None = None) -> None:
    """Forward a request to somebody who may accept it, with notes. Raises IamError NoSuchEntity, InvalidInput."""
    request = _in_state(call, delegation_request_id, State.ASSIGNED, State.PENDING_APPROVAL)
    if notes is not None:
        request.notes = notes
    _move(call, request, State.PENDING_APPROVAL)


@operation("AcceptDelegationRequest", access=_existing())
def accept_delegation_request(call: Call, *, delegation_request_id: str) -> None:
    """Grant what a request asks for, within the caller's own permissions.

    Raises IamError NoSuchEntity, ConcurrentModification in a state that cannot be accepted, AccessDenied for callers
    who cannot delegate.
    """
    request = _in_state(
        call, delegation_request_id, State.ASSIGNED, State.PENDING_APPROVAL, code="ConcurrentModification"
    )
    check_approver(call.principal, timedelta(seconds=request.session_duration))
    request.approver = _kept(call.principal)
    _move(call, request, State.ACCEPTED)


@operation("RejectDelegationRequest", access=_existing())
def reject_delegation_request(call: Call, *, delegation_request_id: str, notes: str = "") -> None:
    """Refuse a request, also one that was accepted whose token is not sent.

    Raises IamError NoSuchEntity, InvalidInput.
    """
    request = _in_state(call, delegation_request_id, State.ASSIGNED, State.PENDING_APPROVAL, State.ACCEPTED)
    request.rejection_reason = notes
    _move(call, request, State.REJECTED)


@operation("SendDelegationToken", access=_existing())
def send_delegation_token(call: Call, *, delegation_request_id: str) -> None:
    """Give the partner the token for what was accepted; from now on its time runs.

    Raises IamError NoSuchEntity, InvalidInput, AccessDenied where nobody but the owner may send it.
    """
    request = _in_state(call, delegation_request_id, State.ACCEPTED)
    if request.only_send_by_owner and request.owner_id != call.principal.arn:
        raise IamError(
            "AccessDenied",
            f"User: {call.principal.arn} is not authorized to perform: iam:SendDelegationToken on resource: "
            f"{request.arn} because only its owner may send the token",
        )
    token = trade_in_token(
        _approver(request),
        delegate=request.requestor_id,
        policy=request.permission_policy,
        expires_at=timezone.now() + timedelta(seconds=request.session_duration),
    )
    request.sealed_token = sealing.seal(token)
    _move(call, request, State.FINALIZED)


def _kept(approver: Principal) -> dict[str, Any]:
    session = approver.session
    return {
        "type": approver.type.value,
        "arn": approver.arn,
        "unique_id": approver.unique_id,
        "name": approver.name,
        "session": session
        and {
            "name": session.name,
            "issuer_id": session.issuer_id,
            "issuer_arn": session.issuer_arn,
            "source_identity": session.source_identity,
            "tags": dict(session.tags),
            "transitive_tag_keys": list(session.transitive_tag_keys),
            "provider": session.provider,
            "claims": dict(session.claims),
            "expires_at": session.expires_at.isoformat(),
        },
    }


def _approver(request: DelegationRequest) -> Principal:
    kept = request.approver or {}
    session = kept["session"]
    if session:
        session = Session(**{**session, "expires_at": datetime.fromisoformat(session["expires_at"])})
    return Principal(
        type=PrincipalType(kept["type"]),
        account_id=request.owner_account_id or "",
        arn=kept["arn"],
        unique_id=kept["unique_id"],
        name=kept["name"],
        session=session,
    )


@operation("GetDelegationRequest", access=_existing(is_open_to_owner=True))
def get_delegation_request(
    call: Call, *, delegation_request_id: str, delegation_permission_check: bool = False
) -> dict[str, Any]:
    """Return a request, and on demand whether the caller could grant all that it asks for.

    Raises IamError NoSuchEntity.
    """
    request = visible(call, delegation_request_id)
    answer: dict[str, Any] = {"DelegationRequest": shape(request)}
    if delegation_permission_check:
        answer["PermissionCheckStatus"] = "COMPLETE"
        answer["PermissionCheckResult"] = delegation.permission_check(call.principal, request.permission_policy)
    return answer


def _listing(_call: Call, parameters: Mapping[str, Any]) -> Access:
    owner = parameters.get("OwnerId")
    return Access(context={"iam:DelegationRequestOwner": owner} if owner else {})


@operation("ListDelegationRequests", access=_listing)
def list_delegation_requests(
    call: Call, *, owner_id: str | None = None, marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List the requests that identities of the account have taken over, oldest first."""
    rows = delegation.owned(call.account_id)
    if owner_id is not None:
        rows = rows.filter(owner_id=owner_id)
    found = page("DelegationRequests", rows, "id", marker, max_items, shape=shape)
    found["isTruncated"] = found.pop("IsTruncated")
    return found


def shape(request: DelegationRequest) -> dict[str, Any]:
    """Return a request in the API's shape."""
    approver = request.approver or {}
    told: dict[str, Any] = {
        "DelegationRequestId": request.pk,
        "OwnerAccountId": request.owner_account_id,
        "Description": request.description,
        "RequestMessage": request.request_message,
        "Permissions": request.permissions,
        "PermissionPolicy": request.permission_policy,
        "RolePermissionRestrictionArns": delegation.role_boundaries(request.permission_policy),
        "OwnerId": request.owner_id,
        "ApproverId": approver.get("arn"),
        "State": request.state_at(timezone.now()),
        "ExpirationTime": request.expires_at,
        "RequestorId": request.requestor_id,
        "RequestorName": request.requestor.name[:30],
        "CreateDate": request.created_at,
        "SessionDuration": request.session_duration,
        "RedirectUrl": request.redirect_url,
        "Notes": request.notes,
        "RejectionReason": request.rejection_reason,
        "UpdatedTime": request.updated_at,
    }
    return {
        **{name: value for name, value in told.items() if value not in (None, "", [])},
        "OnlySendByOwner": request.only_send_by_owner,
    }


def notifications(requestor_id: str) -> Sequence[dict[str, Any]]:
    """Return what a requestor's notification channels are to be told: the state of each request, and tokens sent.

    Raises IamError NoSuchEntity for an account that there is not.
    """
    requestor = get_account(requestor_id)
    messages = []
    now = timezone.now()
    for request in DelegationRequest.objects.filter(requestor=requestor).exclude(owner_id="").order_by("pk"):
        common = {
            "RequestId": request.pk,
            "RequestorWorkflowId": request.workflow_id,
            "State": request.state_at(now),
            "OwnerAccountId": request.owner_account_id,
            "UpdatedAt": request.updated_at.isoformat(),
        }
        messages.append({"TopicArn": request.notification_channel, "Message": {"Type": "StateChange", **common}})
        expires_at = request.updated_at + timedelta(seconds=request.session_duration)
        if request.sealed_token and expires_at > now:
            token = sealing.unseal(bytes(request.sealed_token))
            told = {"Type": "ExchangeToken", **common, "ExchangeToken": token, "ExpiresAt": expires_at.isoformat()}
            messages.append({"TopicArn": request.notification_channel, "Message": told})
    return messages
