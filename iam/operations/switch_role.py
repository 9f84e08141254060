"""Switching roles in the console: AssumeRole by a person, with what the sign-in service records about it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.operations import session_tokens
from iam.operations.kernel import perform
from iam.operations.session_parameters import DEFAULT_SECONDS
from iam.operations.signin import find_account
from iam.operations.sts import find_assumable
from iam.principals import Principal
from iam.queries.connections import find_connected, session_name
from iam.queries.principals import AccountName

# What AssumeRole takes at least; the browser ends the role with the person's own session all the same.
SHORTEST_SECONDS = 900
# Of path and name together; longer ones cannot be entered from a console (console reference 3.11).
LONGEST_ROLE = 64


@dataclass(frozen=True, slots=True)
class Switched:
    """A person in a role: the session token, and whom and where it makes them."""

    token: str
    principal: Principal
    account: AccountName


def switch_role(principal: Principal, account_name: str, role: str, *, until: datetime) -> Switched:
    """Let the person who signed in enter a role, `division/team/Operator`, of the account with an alias or id.

    The session lasts as long as the role allows and no longer than `until`. Raises IamError InvalidInformation, with
    one sentence for every cause.
    """
    # Both are always looked for, so that nobody can tell from the time whether there is such an account.
    local, connected = find_account(account_name), find_connected(principal.account_id, account_name)
    account = local or connected
    arn = f"arn:aws:iam::{account.pk if account else account_name}:role/{role}"
    try:
        result = perform(
            principal,
            "AssumeRole",
            RoleArn=arn,
            RoleSessionName=session_name(principal),
            DurationSeconds=_seconds(arn, until),
        )
    except IamError as error:
        _record(principal, "SwitchRole", {"Account": account_name, "RoleName": role}, error=error)
        raise refusal() from None
    opened = session_tokens.read(result["Credentials"]["SessionToken"], principal.source)
    if account is None:
        raise refusal()
    _record(opened.principal, "SwitchRole", {"SwitchFrom": principal.arn, "SwitchTo": opened.principal.arn})
    return Switched(
        opened.session_token, opened.principal, AccountName(account.pk, account.alias, account.name, account.kind)
    )


def exit_role(role_session: Principal, person: Principal) -> None:
    """Record that somebody left a role and is themselves again."""
    _record(role_session, "ExitRole", {"SwitchFrom": role_session.arn, "SwitchTo": person.arn})


def refusal() -> IamError:
    """Return the one answer to every switch that is refused (console reference 3.7)."""
    return IamError(
        "InvalidInformation",
        "Invalid information in one or more fields. Check your information or contact your administrator.",
    )


def _seconds(arn: str, until: datetime) -> int:
    role = find_assumable(arn)
    left = int((until - timezone.now()).total_seconds())
    return max(SHORTEST_SECONDS, min(role.max_session_duration if role else DEFAULT_SECONDS, left))


def _record(principal: Principal, name: str, details: dict[str, str], *, error: IamError | None = None) -> None:
    event = events.event_of_call(principal, name, service="signin", is_read_only=False, parameters=details, error=error)
    event.response_elements = {name: "Failure" if error else "Success"}
    events.record(event)
