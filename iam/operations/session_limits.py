"""What temporary credentials are not good for, whatever policies say (STS API Reference, "GetSessionToken")."""

from iam.errors import IamError
from iam.operations import session_tokens
from iam.operations.registry import Operation
from iam.principals import Principal, PrincipalType

_FOR_EVERYONE = "GetCallerIdentity"
# Only long-term credentials get more credentials of the same.
_FOR_LONG_TERM_KEYS = frozenset({"GetFederationToken", "GetSessionToken"})


def check(principal: Principal, operation: Operation) -> None:
    """Refuse a call that the kind of its credentials rules out.

    Nothing is ruled out for people at the console and for long-term keys. Raises IamError AccessDenied, or
    InvalidClientTokenId, which is what IAM says of credentials that are good for other services only.
    """
    if not principal.has_temporary_key or operation.name == _FOR_EVERYONE:
        return
    if principal.is_in_mirror and operation.service == "sts":
        # Nobody but this installation vouches for such a session: it leads nowhere else.
        raise _refused(operation)
    if operation.name in _FOR_LONG_TERM_KEYS:
        raise _refused(operation)
    if principal.type is PrincipalType.FEDERATED_USER:
        raise _refused(operation) if operation.service == "sts" else session_tokens.invalid()
    if principal.session is None:
        _check_user_session(principal, operation)


def _check_user_session(principal: Principal, operation: Operation) -> None:
    """Check a session that GetSessionToken gave to a user or to root."""
    if operation.service == "sts":
        if operation.name != "AssumeRole":
            raise _refused(operation)
    elif principal.mfa_authenticated_at is None:
        raise session_tokens.invalid()


def _refused(operation: Operation) -> IamError:
    return IamError("AccessDenied", f"Cannot call {operation.name} with session credentials")
