"""A policy of the actions that somebody used lately, as a draft for the policy editor (console reference 12.5)."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from console.components.access import refusal
from console.components.forms import ConsoleForm
from console.requests import ConsoleRequest
from iam.policy.document import CURRENT_VERSION
from iam.queries.last_accesses import ServiceUse

START = "access-analyzer:StartPolicyGeneration"
READ = "access-analyzer:GetGeneratedPolicy"
# As far back as AWS looks.
LONGEST = 90


class PeriodForm(ConsoleForm):
    """How far back to look."""

    generate = forms.IntegerField(label="Last days", min_value=1, max_value=LONGEST, initial=LONGEST)


def generated_policy(request: ConsoleRequest, name: str, uses: Sequence[ServiceUse]) -> dict[str, Any]:
    """Return the context of the draft; what was used and is not allowed any more is left out."""
    form = PeriodForm(request.GET)
    context: dict[str, Any] = {"generated": True, "form": form, "services_url": request.path}
    context["generation_refusal"] = refusal(request, START) or refusal(request, READ)
    if context["generation_refusal"] or not form.is_valid():
        return context
    border = timezone.now() - timedelta(days=form.cleaned_data["generate"])
    statements = [statement for use in uses if (statement := _statement(use, border))]
    document = {"Version": CURRENT_VERSION, "Statement": statements}
    return {
        **context,
        "document": json.dumps(document, indent=4) if statements else "",
        "policy_name": f"{name}-activity",
        "action_count": sum(len(statement["Action"]) for statement in statements),
    }


def _statement(use: ServiceUse, border: Any) -> dict[str, Any]:
    actions = [f"{use.prefix}:{name}" for name, last in use.actions if last and last.at >= border]
    if not actions:
        return {}
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}
