"""What the policy editor asks while somebody types: names of the policy language, principals, findings.

Names of services, actions and keys are public, so browsers keep them for an hour. Every answer is bounded.
"""

from http import HTTPStatus
from itertools import islice
from typing import Any

from django import forms
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from console.policies.editor_forms import ActionsForm, FindingsForm, PrincipalsForm, ServiceForm
from console.policies.reports import live_report
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.policy import catalog
from iam.policy.findings.conditions import operators_for
from iam.queries.arns import find_arns

_FOR_AN_HOUR = "private, max-age=3600"
_MOST_RESOURCES = 200
_MOST_KEYS = 400
_MOST_PRINCIPALS = 50
# Actions looked through for resources and keys: `ec2:*` has 800, `*` twenty thousand.
_MOST_EXPANDED = 2000
_LISTING = {"user": "iam:ListUsers", "role": "iam:ListRoles"}
_VALUE_TYPES = ("String", "ARN", "Bool", "Numeric", "Date", "IPAddress")


def _bad(form: forms.Form) -> JsonResponse:
    errors = {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    return JsonResponse({"errors": errors}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _public(data: dict[str, Any]) -> JsonResponse:
    return JsonResponse(data, headers={"Cache-Control": _FOR_AN_HOUR})


@require_safe
def editor_language(request: ConsoleRequest) -> HttpResponse:
    """Return all services, and the condition operators that fit each type of key."""
    services = [[service.prefix, service.name] for service in catalog.services()]
    return _public({"services": services, "operators": {kind: operators_for(kind) for kind in _VALUE_TYPES}})


@require_safe
def editor_actions(request: ConsoleRequest) -> HttpResponse:
    """Return a service's actions and resource types; none for an unknown service."""
    form = ServiceForm(request.GET)
    if not form.is_valid():
        return _bad(form)
    service = form.cleaned_data["service"]
    actions = [[action.name, action.access_level, action.description] for action in catalog.actions_of(service)]
    resources = [[kind.name, kind.arn] for kind in catalog.resource_types(service)]
    return _public({"actions": actions, "resources": resources})


def _expanded(patterns: list[str]) -> list[catalog.Action]:
    return list(islice((action for pattern in patterns for action in catalog.expand(pattern)), _MOST_EXPANDED))


@require_safe
def editor_resources(request: ConsoleRequest) -> HttpResponse:
    """Return the ARN formats of the resource types that actions work on, with this account's ID filled in."""
    form = ActionsForm(request.GET)
    if not form.is_valid():
        return _bad(form)
    found: dict[str, list[str]] = {}
    needs_all = False
    for action in _expanded(form.cleaned_data["action"]):
        needs_all |= not action.resource_types
        for wanted in action.resource_types:
            kind = catalog.find_resource_type(action.service, wanted.name)
            if kind and len(found) < _MOST_RESOURCES:
                arn = kind.arn.replace("${Partition}", "aws").replace("${Account}", request.principal.account_id)
                found.setdefault(arn, [kind.service, kind.name, arn])
    return JsonResponse({"resources": list(found.values()), "needs_all": needs_all})


@require_safe
def editor_keys(request: ConsoleRequest) -> HttpResponse:
    """Return the condition keys that fit actions, those of the services first."""
    form = ActionsForm(request.GET)
    if not form.is_valid():
        return _bad(form)
    names: dict[str, None] = {}
    for action in _expanded(form.cleaned_data["action"]):
        names.update(dict.fromkeys(action.all_condition_keys))
    own = [key for name in names if (key := catalog.find_condition_key(name))]
    keys = {key.name: key for key in (*own, *catalog.global_condition_keys())}
    rows = [[key.name, key.value_type, key.is_multivalued, key.description] for key in keys.values()]
    return _public({"keys": rows[:_MOST_KEYS]})


@require_safe
def editor_principals(request: ConsoleRequest) -> HttpResponse:
    """Return ARNs of this account's users or roles whose name contains a text; none to whom may not list them."""
    form = PrincipalsForm(request.GET)
    if not form.is_valid():
        return _bad(form)
    account_id, kind = request.principal.account_id, form.cleaned_data["kind"]
    try:
        request.authorizer.require(_LISTING[kind])
    except IamError as error:
        return JsonResponse({"account": account_id, "principals": [], "refusal": error.message})
    arns = find_arns(account_id, kind, form.cleaned_data["q"], _MOST_PRINCIPALS)
    return JsonResponse({"account": account_id, "principals": arns})


@require_POST
def editor_findings(request: ConsoleRequest) -> HttpResponse:
    """Return the panel of findings about a document, with their places and fixes for the script."""
    form = FindingsForm(request.POST)
    if not form.is_valid():
        return _bad(form)
    report = live_report(request.authorizer, **form.cleaned_data)
    return render(request, "policies/_findings.html", {"report": report, "is_live": True})
