"""Temporary delegation: what a partner gets for the token of a delegation request that somebody approved.

IAM User Guide, "Temporary delegation". The credentials are of whoever approved the request, limited by the policy that
the request asked for. Their time begins when the token is sent, and the token can be traded in until it is over.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.operations import session_tokens
from iam.operations.cross_account_events import tell
from iam.operations.registry import Access, Call, operation
from iam.principals import Principal, PrincipalType, Session, Source, role_session_principal
from iam.queries import principals

_KIND = "trade-in-token"
_LONGEST = 16 * 1024
_LONGEST_TEXT = 64 * 1024
_LONGEST_OF_ROOT = timedelta(hours=4)


def check_approver(approver: Principal, lasts: timedelta) -> None:
    """Refuse who cannot be limited by a policy besides their own, and root for more than four hours.

    Raises IamError AccessDenied, also for sessions that have session policies already, as those allow together.
    """
    is_limited = approver.session is not None and approver.session.has_policies
    is_one_who_may = approver.is_user or approver.is_unlimited or approver.type is PrincipalType.ROLE_SESSION
    if is_limited or approver.is_in_mirror or not is_one_who_may:
        raise IamError("AccessDenied", f"User: {approver.arn} is not authorized to delegate its permissions")
    if approver.is_root and lasts > _LONGEST_OF_ROOT:
        raise IamError("AccessDenied", "Root users may delegate their permissions for 4 hours at most.")


def trade_in_token(approver: Principal, *, delegate: str, policy: str, expires_at: datetime) -> str:
    """Return the token that the account `delegate` trades in for the approver's permissions within `policy`.

    Raises IamError AccessDenied for approvers that `check_approver` refuses.
    """
    check_approver(approver, expires_at - timezone.now())
    session = approver.session
    written = {
        "kind": _KIND,
        "delegate": delegate,
        "account_id": approver.account_id,
        "type": approver.type.value,
        "issuer_id": session.issuer_id if session else approver.unique_id,
        "issuer_arn": session.issuer_arn if session else approver.arn,
        "name": session.name if session else "",
        "source_identity": session.source_identity if session else "",
        # Policies may allow, or deny, by what the approver's session carries.
        "tags": dict(session.tags) if session else {},
        "transitive_tag_keys": list(session.transitive_tag_keys) if session else [],
        "provider": session.provider if session else "",
        "claims": dict(session.claims) if session else {},
        "policy": policy,
        "expires_at": expires_at.isoformat(),
    }
    return sealing.seal_packed(json.dumps(written, separators=(",", ":")))


def _opened(token: str) -> dict[str, Any] | None:
    if len(token) > _LONGEST:
        return None
    try:
        written = json.loads(sealing.unseal_packed(token, longest=_LONGEST_TEXT))
    except ValueError:
        return None
    return written if isinstance(written, dict) and written.get("kind") == _KIND else None


def _trading_in(call: Call, parameters: Mapping[str, Any]) -> Access:
    call.found["written"] = _opened(parameters["TradeInToken"])
    return Access()


@operation("GetDelegatedAccessToken", access=_trading_in, service="sts")
def get_delegated_access_token(call: Call, *, trade_in_token: str) -> dict[str, Any]:
    """Return temporary credentials of who approved a delegation request.

    Raises IamError ExpiredTradeInTokenException, and ValidationError for what is no token of the caller's account or of
    an approver who is gone.
    """
    del trade_in_token
    written = call.found["written"]
    if written is None or written["delegate"] != call.account_id:
        raise _invalid()
    expires_at = datetime.fromisoformat(written["expires_at"])
    if expires_at <= timezone.now():
        raise IamError("ExpiredTradeInTokenException", "The trade-in token has expired.", parameter="TradeInToken")
    holder = _holder(written, expires_at, call.began_at)
    issued = session_tokens.issue(holder, expires_at)
    result = {"Credentials": issued.shape(), "AssumedPrincipal": holder.arn}
    tell(holder.account_id, call, {}, result, resource=holder.arn)
    return result


def _holder(written: dict[str, Any], expires_at: datetime, issued_at: datetime) -> Principal:
    session = Session(
        name=written["name"],
        issuer_id=written["issuer_id"],
        issuer_arn=written["issuer_arn"],
        expires_at=expires_at,
        policies=(written["policy"],),
        source_identity=written["source_identity"],
        tags=written["tags"],
        transitive_tag_keys=tuple(written["transitive_tag_keys"]),
        provider=written["provider"],
        claims=written["claims"],
        is_chained=True,
        delegate=written["delegate"],
    )
    if written["type"] == PrincipalType.ROLE_SESSION:
        approver = role_session_principal(written["account_id"], session, session_issued_at=issued_at)
        if principals.find_role_account(approver) is None:
            raise _invalid()
        return approver
    if written["type"] == PrincipalType.ROOT:
        found = principals.find_root(written["account_id"], source=Source(), issued_at=issued_at, mfa_at=None)
        holder = replace(found[0], session=session) if found else None
    else:
        holder = principals.find_delegating_user(session, issued_at=issued_at)
    if holder is None:
        raise _invalid()
    return holder


def _invalid() -> IamError:
    return IamError("ValidationError", "The trade-in token is invalid.", parameter="TradeInToken")
