"""What a delegation request asks for, in plain words.

AWS has a language model write such summaries. Here they follow from the summary of the request's policy, so that they
say nothing that the policy does not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iam import policy
from iam.authorization import compile_policy
from iam.errors import IamError
from iam.models import DelegationRequest
from iam.operations.delegation_requests import access_to, no_such_request, visible
from iam.operations.registry import Access, Call, operation
from iam.policy.summary import ServiceSummary
from iam.queries.delegation import role_boundaries

_REQUEST = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12})?:delegation-request/(?P<id>[\w-]{16,128})")
# The languages of AWS's console; of these only English has words here.
_LOCALES = frozenset(
    {"en", "de", "es", "fr", "id", "it", "ja", "ko", "pt", "tr", "zh", "ar", "he"}  # without their regions
)
_WRITTEN = "en"
_LONGEST = 10_000


def _request_id(arn: str) -> str:
    match = _REQUEST.fullmatch(arn)
    if match is None:
        raise IamError("InvalidInput", f"{arn} is not the ARN of a delegation request.", parameter="EntityArn")
    return match["id"]


def _summarizing(call: Call, parameters: Mapping[str, Any]) -> Access:
    return access_to(call, _request_id(parameters["EntityArn"]), is_open_to_owner=True)


@operation("GetHumanReadableSummary", access=_summarizing)
def get_human_readable_summary(call: Call, *, entity_arn: str, locale: str = "en") -> dict[str, Any]:
    """Return what a request asks for, in English; other languages of the console are not supported.

    Raises IamError NoSuchEntity, InvalidInput for what is no request and no language.
    """
    request = visible(call, _request_id(entity_arn))
    if request.arn != entity_arn:
        raise no_such_request(request.pk)
    language = re.split("[-_]", locale)[0].lower()
    if language not in _LOCALES:
        raise IamError("InvalidInput", f"The locale {locale} is not supported.", parameter="Locale")
    if language != _WRITTEN:
        return {"SummaryContent": "", "Locale": locale, "SummaryState": "NOT_SUPPORTED"}
    text = "\n".join(_sentences(request))[:_LONGEST]
    return {"SummaryContent": text, "Locale": locale, "SummaryState": "AVAILABLE"}


def _sentences(request: DelegationRequest) -> Iterator[str]:
    summary = policy.summarize([compile_policy(request.permission_policy).policy])
    duration = _duration(request.session_duration)
    yield f"{request.requestor.name} (account {request.requestor_id}) asks for access for {duration}."
    if summary.problem:
        yield summary.problem
        return
    yield from _listed("It would be allowed:", (*summary.uncategorized, *summary.allowed))
    yield from _listed("It would be denied:", summary.denied)
    boundaries = role_boundaries(request.permission_policy)
    if boundaries:
        yield f"Roles that it creates would be limited by {', '.join(boundaries)}."


def _listed(heading: str, services: Sequence[ServiceSummary]) -> Iterator[str]:
    if services:
        yield heading
    for service in services:
        access = service.access_level or "no access"
        condition = "" if service.condition == "None" else f", if {service.condition}"
        yield f"- {service.name}: {access} on {service.resource}{condition}"


def _duration(seconds: int) -> str:
    parts = ((seconds // 3600, "hour"), (seconds % 3600 // 60, "minute"), (seconds % 60, "second"))
    return " and ".join(f"{number} {unit}{'s' if number > 1 else ''}" for number, unit in parts if number)
