"""Creating a delegation request: the partner's part (IAM User Guide, "IAM temporary delegation for AWS Partners").

The content that a partner has registered with AWS is, in an installation, a managed policy that the partner's account
can see; `@{name}` in it stands for a parameter of the request.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import Account, DelegationRequest
from iam.operations import outbox, quotas
from iam.operations.documents import check_document
from iam.operations.entities import get_policy, insert
from iam.operations.registry import Access, Call, operation

_UNASSIGNED_FOR = timedelta(days=1)
# Expired requests can be read for a while; then they make room.
_KEPT = timedelta(days=30)
MOST_OF_A_REQUESTOR = 1000
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}")
_PLACEHOLDER = re.compile(r"@\{([^{}]*)\}")


def _creating(call: Call, parameters: Mapping[str, Any]) -> Access:
    context: dict[str, ContextValue] = {
        "iam:DelegationDuration": str(parameters["SessionDuration"]),
        "iam:NotificationChannel": parameters["NotificationChannel"],
    }
    template = parameters["Permissions"].get("PolicyTemplateArn")
    if template:
        context["iam:TemplateArn"] = template
    return Access(f"arn:aws:iam::{call.account_id}:delegation-request/*", context)


@operation("CreateDelegationRequest", access=_creating)
def create_delegation_request(
    call: Call,
    *,
    description: str,
    permissions: dict[str, Any],
    requestor_workflow_id: str,
    notification_channel: str,
    session_duration: int,
    owner_account_id: str | None = None,
    request_message: str = "",
    redirect_url: str = "",
    only_send_by_owner: bool = False,
) -> dict[str, Any]:
    """Ask for access to an account, or to whichever takes the request over within a day.

    Raises IamError EntityAlreadyExists for a workflow that has a request, InvalidInput for a template that is not
    there, parameters that do not fit it and a channel that is no topic, LimitExceeded.
    """
    if not _TOPIC.fullmatch(notification_channel):
        raise IamError(
            "InvalidInput",
            f"{notification_channel} is not the ARN of an Amazon SNS topic.",
            parameter="NotificationChannel",
        )
    if owner_account_id is not None and not _signs_in_here(owner_account_id):
        raise IamError("InvalidInput", f"Account {owner_account_id} does not exist.", parameter="OwnerAccountId")
    now = timezone.now()
    # Whoever asks twice at once waits here, so that the quota holds.
    requestor = Account.objects.select_for_update(no_key=True).get(pk=call.account_id)
    own = DelegationRequest.objects.filter(requestor=requestor)
    delete_requests(own.filter(expires_at__lt=now - _KEPT))
    if own.count() >= MOST_OF_A_REQUESTOR:
        raise quotas.exceeded("DelegationRequestsPerAccount", MOST_OF_A_REQUESTOR)
    request = DelegationRequest(
        requestor=requestor,
        workflow_id=requestor_workflow_id,
        owner_account_id=owner_account_id,
        description=description,
        request_message=request_message,
        permissions=permissions,
        permission_policy=_filled_in(call.account_id, permissions),
        redirect_url=redirect_url,
        notification_channel=notification_channel,
        session_duration=session_duration,
        only_send_by_owner=only_send_by_owner,
        created_at=now,
        updated_at=now,
        expires_at=now + _UNASSIGNED_FOR,
    )
    insert(
        request,
        IamError(
            "EntityAlreadyExists",
            f"A delegation request with the workflow ID {requestor_workflow_id} already exists.",
            parameter="RequestorWorkflowId",
        ),
    )
    link = f"{settings.PUBLIC_URL}/delegation-requests/{request.pk}/"
    return {"ConsoleDeepLink": link, "DelegationRequestId": request.pk}


def _signs_in_here(account_id: str) -> bool:
    return Account.objects.filter(pk=account_id, kind=Account.Kind.LOCAL).exists()


def delete_requests(rows: "QuerySet[DelegationRequest]") -> None:
    """Delete requests of one account, which stand in the documents of the accounts that took them over."""
    owners = Account.objects.filter(kind=Account.Kind.LOCAL, pk__in=rows.exclude(owner_id="").values("owner_account"))
    for owner in owners.select_related("root_user").order_by("pk"):
        outbox.note(owner, "DeleteDelegationRequests")
    rows.delete()


def _filled_in(account_id: str, permissions: Mapping[str, Any]) -> str:
    """Return the policy of a template with the parameters in their places."""
    arn = permissions.get("PolicyTemplateArn")
    if not arn:
        raise IamError("InvalidInput", "The request names no policy template.", parameter="Permissions")
    try:
        template = get_policy(account_id, arn).versions.get(is_default=True).document
    except IamError:
        raise IamError("InvalidInput", f"Policy template {arn} cannot be found.", parameter="Permissions") from None
    values = {parameter["Name"]: parameter for parameter in permissions.get("Parameters", []) if "Name" in parameter}
    named = set(_PLACEHOLDER.findall(template))
    if named != values.keys():
        odd = ", ".join(sorted(named ^ values.keys()))
        raise IamError(
            "InvalidInput",
            f"The parameters do not match those of the policy template: {odd}.",
            parameter="Permissions",
        )
    document = _PLACEHOLDER.sub(lambda match: _written(values[match[1]]), template)
    try:
        check_document(document, policy_type="inline", parameter="Permissions")
    except IamError as refusal:
        raise IamError(
            "InvalidInput", f"The parameters make no valid policy: {refusal.message}", parameter="Permissions"
        ) from None
    return document


def _written(parameter: Mapping[str, Any]) -> str:
    """Return a parameter as it stands between the quotes of a JSON string; a list's values become several strings."""
    values = parameter.get("Values", [])
    if not values or (len(values) > 1 and parameter.get("Type") != "stringList"):
        raise IamError(
            "InvalidInput", f"The parameter {parameter['Name']} must have one value.", parameter="Permissions"
        )
    return '","'.join(json.dumps(value)[1:-1] for value in values)
