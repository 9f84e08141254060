"""Finding managed policies for a page, and what stands on every page of one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse
from django.urls import reverse

from console.components.access import refusal, refused
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import policy_details
from iam.queries.policy_details import PolicyDetails

Arguments = ParamSpec("Arguments")
AWS_MANAGED = "AWS manages this policy: you can attach it, but not change or delete it."


def open_policy(request: ConsoleRequest, arn: str, action: str = "iam:GetPolicy") -> PolicyDetails:
    """Return a policy whose page is asked for. Raises IamError AccessDenied before Http404: ARNs are not given away."""
    policy = policy_details.find_policy(request.principal.account_id, arn)
    request.authorizer.require(action, arn, policy.context if policy else None)
    if policy is None:
        raise Http404(f"The policy {arn} cannot be found.")
    return policy


def crumbs(policy: PolicyDetails | None, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a policy's pages, or of pages about several."""
    trail = [("Policies", reverse("policies:list"))]
    if policy:
        trail.append((policy.name, reverse("policies:details", args=[policy.arn]) if more else ""))
    return [*trail, *more]


def policy_page(
    view: Callable[Concatenate[ConsoleRequest, PolicyDetails, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the policy that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, arn: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            policy = open_policy(request, arn)
        except IamError as error:
            name = arn.rpartition("/")[2]
            return refused(request, error, name, [*crumbs(None), (name, "")])
        return view(request, policy, *args, **kwargs)

    return opened


def own_policy_page(
    view: Callable[Concatenate[ConsoleRequest, PolicyDetails, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the customer managed policy that its URL names: AWS's have no such page."""

    @wraps(view)
    @policy_page
    def opened(
        request: ConsoleRequest, policy: PolicyDetails, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if not policy.is_own:
            raise Http404(AWS_MANAGED)
        return view(request, policy, *args, **kwargs)

    return opened


def page_context(request: ConsoleRequest, policy: PolicyDetails, tab: str) -> dict[str, Any]:
    """Return what stands above the tabs, and the tabs; numbers are left away where they may not be read."""

    def tab_of(label: str, page: str, action: str = "", count: int | None = None) -> tuple[str, str, int | None]:
        is_hidden = action and refusal(request, action, policy.arn, policy.context)
        return (label, reverse(f"policies:{page}", args=[policy.arn]), None if is_hidden else count)

    tabs = [
        tab_of("Permissions", "details"),
        # GetPolicy itself tells how often a policy is used.
        tab_of("Entities attached", "entities", count=policy.attachment_count + policy.boundary_count),
        tab_of("Policy versions", "versions", "iam:ListPolicyVersions", len(policy.versions)),
        tab_of("Last Accessed", "last-accessed"),
        tab_of("History", "history"),
    ]
    if policy.is_own:
        tabs.insert(2, tab_of("Tags", "tags", "iam:ListPolicyTags", len(policy.tags)))
    return {
        "policy": policy,
        "name": policy.name,
        "tabs": tabs,
        "tab": tab,
        "crumbs": crumbs(policy),
        "aws_managed": AWS_MANAGED,
    }
