"""Writing the event history: one insert in the transaction of what it tells about, and no lock."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from iam.errors import IamError
from iam.models import Event
from iam.principals import Principal


def event_of_call(
    principal: Principal,
    name: str,
    *,
    service: str = "iam",
    is_read_only: bool,
    parameters: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    resources: Iterable[str] = (),
    error: IamError | None = None,
) -> Event:
    """Return the unsaved event of one call. Parameters and response must hold no secret."""
    return Event(
        account_id=principal.account_id,
        at=timezone.now(),
        source=f"{service}.amazonaws.com",
        name=name,
        is_read_only=is_read_only,
        user_identity=principal.user_identity(),
        source_ip=principal.source.ip,
        user_agent=principal.source.user_agent[:1000],
        request_id=principal.source.request_id,
        request_parameters=dict(parameters) if parameters else None,
        response_elements=dict(response) if response else None,
        resources=[{"ARN": arn, "accountId": principal.account_id} for arn in resources],
        error_code=error.code if error else "",
        error_message=error.message if error else "",
    )


def record(*events: Event) -> None:
    """Append events with one insert."""
    Event.objects.bulk_create(events)
