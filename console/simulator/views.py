"""The policy simulator: what policies would decide, asked of the operations of the API (console reference 14)."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.access import refusal
from console.components.code import pretty
from console.components.forms import errors_on
from console.components.refusals import LONGEST_ADDRESS
from console.policies.picker import ARN_PATTERN
from console.policies.visual_actions import LEVELS, service_label
from console.requests import ConsoleRequest
from console.simulator.asked import MOST_DRAFTS, MOST_RESULTS, PAGE, TYPES, Asked, read
from console.simulator.forms import SimulationForm
from console.simulator.results import Results, results_of
from console.simulator.running import context_rows, given_policies, run
from console.simulator.sources import BOUNDARY, Source, find_sources, open_source
from iam.errors import IamError
from iam.policy import catalog
from iam.queries import policies
from iam.queries.policy_details import find_policy

LONGEST_SEARCH = 128
# What the buttons are called that change the form instead of running it.
_REARRANGING = ("look", "all", "none", "edit", "restore", "add-draft", "drop-draft")


@require_http_methods(["GET", "HEAD", "POST"])
def simulate(request: ConsoleRequest) -> HttpResponse:
    """Ask, and tell what would be decided. A shared address runs at once; what it asks is read, and nothing is kept."""
    is_form = request.method == "POST"
    data = request.POST if is_form else request.GET
    if not is_form and len(request.META.get("QUERY_STRING", "")) > 2 * LONGEST_ADDRESS:
        raise BadRequest("The address is too long.")
    asked = read(data, is_form=is_form)
    source, refused = _source(request, asked.source)
    asked.edits = {key: text for key, text in asked.edits.items() if source and key in source.policies}
    context: dict[str, Any] = {"refused": refused}
    if not asked.source:
        context |= _choosing(request)
        if not is_form:
            asked.drafts = [""]
            context |= _given_policy(request, asked)
    is_rearranged = is_form and any(name in data for name in _REARRANGING)
    if is_rearranged:
        _rearrange(asked, source, data)
    form = SimulationForm(initial=_initial(asked))
    results: Results | None = None
    if asked.wants_result and not is_rearranged and not refused:
        form = SimulationForm(_initial(asked))
        results = _results(request, form, asked, source)
    context |= _page(request, asked, source)
    context |= {"form": form, "results": results, "asked": asked, "source": source}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "simulator/home.html", context, status=status)


def _source(request: ConsoleRequest, arn: str) -> tuple[Source | None, IamError | None]:
    try:
        return (open_source(request, arn) if arn else None), None
    except IamError as error:
        return None, error


def _choosing(request: ConsoleRequest) -> dict[str, Any]:
    """Return what the search for a user, group or role found."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    found = find_sources(request, text) if text else []
    rows = [(each.kind.value, each.name, each.arn, f"?{urlencode({'source': each.arn})}") for each in found]
    return {"search": text, "found": rows}


def _given_policy(request: ConsoleRequest, asked: Asked) -> dict[str, Any]:
    """Put a managed policy that the address names into the sandbox, where its reader may read it."""
    arn = request.GET.get("policy", "")
    if not ARN_PATTERN.fullmatch(arn):
        return {}
    found = find_policy(request.principal.account_id, arn)
    error = refusal(request, "iam:GetPolicyVersion", arn, found.context if found else None)
    document = None if error else policies.find_document(request.principal.account_id, arn)
    if document:
        asked.drafts = [pretty(document)]
    return {"refused_policy": error, "policy_name": found.name if found and document else ""}


def _initial(asked: Asked) -> dict[str, str]:
    return {
        "actions": asked.typed,
        "resources": "\n".join(asked.resources),
        "caller": asked.caller,
        "owner": asked.owner,
        "scenario": asked.scenario,
        "resource_policy": asked.resource_policy,
        "boundary": asked.boundary,
    }


def _rearrange(asked: Asked, source: Source | None, data: Any) -> None:
    """Do what a button says that changes the form."""
    key = data.get("edit", "")
    if source and key in source.readable and key not in asked.edits and len(asked.edits) < MOST_DRAFTS:
        asked.edits[key] = pretty(source.policies[key].document)
    asked.edits.pop(data.get("restore", ""), None)
    if "add-draft" in data and len(asked.drafts) < MOST_DRAFTS:
        asked.drafts.append("")
    dropped = data.get("drop-draft", "")
    if dropped.isdigit() and int(dropped) <= len(asked.drafts):
        asked.drafts = [text for number, text in enumerate(asked.drafts, 1) if number != int(dropped)]
    if "all" in data:
        others = [action for action in asked.actions if action.lower() not in asked.offered]
        asked.actions = [*others, *(action.full_name for action in asked.offered.values())]
    if "none" in data:
        asked.actions = [action for action in asked.actions if action.lower() not in asked.offered]


def _results(request: ConsoleRequest, form: SimulationForm, asked: Asked, source: Source | None) -> Results | None:
    """Run the simulation; None where something was refused, which is then on the form."""
    if not form.is_valid():
        return None
    if not asked.actions:
        form.add_error("actions", "Choose at least one action.")
    if source is None and not given_policies(asked):
        form.add_error(None, "Enter a policy, or choose a user, user group or role whose policies are to be simulated.")
    if not form.errors:
        with errors_on(form):
            return results_of(run(request, asked, source), asked, source)
    return None


def _page(request: ConsoleRequest, asked: Asked, source: Source | None) -> dict[str, Any]:
    rows, faults = context_rows(request, asked, source)
    query = asked.share_query
    page = reverse("simulator:home")
    more = min(asked.shown + PAGE, MOST_RESULTS)
    return {
        "services": [(service.prefix, service_label(service.prefix)) for service in catalog.services()],
        "levels": _levels(asked),
        "types": TYPES,
        "context_rows": rows,
        "context_faults": faults,
        "policies": _policy_rows(asked, source) if source else [],
        "drafts": list(enumerate(asked.drafts, 1)),
        "share_url": request.build_absolute_uri(f"{page}?{query}") if query else "",
        "start_url": f"{page}?{urlencode({'source': asked.source})}" if source else page,
        "identity_url": source.identity.permissions_url if source else "",
        "more": more if more > asked.shown else 0,
    }


def _levels(asked: Asked) -> list[tuple[str, list[tuple[str, str, bool]], int]]:
    """Return the actions of the service on view by access level, and how many are chosen of each."""
    ticked = asked.ticked
    found = []
    for level in LEVELS:
        actions = [action for action in asked.offered.values() if action.access_level is level]
        if actions:
            boxes = [(action.full_name, action.name, action.full_name.lower() in ticked) for action in actions]
            found.append((level.value, boxes, sum(is_ticked for _, _, is_ticked in boxes)))
    return found


def _policy_rows(asked: Asked, source: Source) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "bearing": bearing,
            "counts": key not in asked.without,
            "is_boundary": key == BOUNDARY,
            "is_readable": key in source.readable,
            "edit": asked.edits.get(key),
            "number": list(asked.edits).index(key) + 1 if key in asked.edits else 0,
        }
        for key, bearing in source.policies.items()
    ]
