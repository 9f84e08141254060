"""What AWS's console does to an account without an operation of the API: recorded and carried like all others."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from iam import events
from iam.errors import IamError
from iam.operations import outbox
from iam.operations.registry import Call
from iam.principals import Principal


@dataclass(slots=True)
class Deed:
    """One such deed on its way; once it is done, `change_set_id` tells how far the change has got."""

    call: Call
    change_set_id: UUID | None = None


@contextmanager
def doing(
    principal: Principal, name: str, *, title: str, service: str = "iam", parameters: Mapping[str, Any] | None = None
) -> Iterator[Deed]:
    """Do something to the principal's account in one transaction, with its event and its change.

    `parameters` must hold no secret. A refusal is recorded, and goes on.
    """
    deed = Deed(Call(principal, name))
    try:
        if principal.is_in_mirror:
            raise IamError("AccessDenied", "AWS lets nobody do this but its own console.")
        with transaction.atomic():
            yield deed
            deed.call.touch("account", principal.account_id)
            events.record(_event(principal, name, service, parameters))
            deed.change_set_id = outbox.record(principal, title, [(deed.call, dict(parameters or {}))])
    except IamError as error:
        error.operation = name
        events.record(_event(principal, name, service, parameters, error))
        raise


def _event(
    principal: Principal, name: str, service: str, parameters: Mapping[str, Any] | None, error: IamError | None = None
) -> events.Event:
    return events.event_of_call(
        principal, name, service=service, is_read_only=False, parameters=parameters, error=error
    )


def check_root(principal: Principal) -> None:
    """Refuse everybody but the root user at the console or with a key of its own. Raises IamError AccessDenied."""
    if not principal.is_unlimited:
        raise IamError("AccessDenied", "Only the root user of the account can do this.")
