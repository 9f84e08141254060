"""The tags of a customer managed policy, and the editor behind Manage tags."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import tag_pages
from console.components.access import refusal
from console.components.tag_pages import Tagged
from console.policies.access import crumbs, own_policy_page, page_context
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries.policy_details import PolicyDetails

LIST_TAGS = "iam:ListPolicyTags"


@require_safe
@own_policy_page
def tags(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show a policy's tags."""
    error = refusal(request, LIST_TAGS, policy.arn, policy.context)
    context = {
        **page_context(request, policy, "Tags"),
        "refusal": error,
        "tags": () if error else policy.tags,
        "manage_url": reverse("policies:manage-tags", args=[policy.arn]),
        "noun": "policy",
    }
    return render(request, "policies/tags.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def manage_tags(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Edit all tags of a policy at once."""

    def step(operation: str, **parameters: Any) -> Step:
        return Step(operation.format("Policy"), {"PolicyArn": policy.arn, **parameters})

    tagged = Tagged(
        called=f"policy {policy.name}",
        tags=policy.tags,
        back=reverse("policies:tags", args=[policy.arn]),
        crumbs=crumbs(policy, ("Manage tags", "")),
        step=step,
        refusal=refusal(request, LIST_TAGS, policy.arn, policy.context),
    )
    return tag_pages.manage(request, tagged)
