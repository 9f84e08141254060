"""The tags of a customer managed policy, and the editor behind Manage tags."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import changing
from console.components.access import refusal
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.tags import TagEditor
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


def _steps(policy: PolicyDetails, wanted: list[dict[str, str]]) -> list[Step]:
    """Return one call for removed keys and one for new or changed tags; a policy's keys differ by case."""
    kept = {tag["Key"] for tag in wanted}
    removed = [key for key, _ in policy.tags if key not in kept]
    changed = [tag for tag in wanted if (tag["Key"], tag["Value"]) not in policy.tags]
    steps = []
    if removed:
        steps.append(Step("UntagPolicy", {"PolicyArn": policy.arn, "TagKeys": removed}))
    if changed:
        steps.append(Step("TagPolicy", {"PolicyArn": policy.arn, "Tags": changed}))
    return steps


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def manage_tags(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Edit all tags of a policy at once."""
    back = reverse("policies:tags", args=[policy.arn])
    error = refusal(request, LIST_TAGS, policy.arn, policy.context)
    if request.method == "POST" and not error:
        editor = TagEditor.from_post(request.POST)
        form = ConsoleForm(request.POST)
        if not editor.is_rearranged and editor.is_valid(ignore_case=False) and form.is_valid():
            steps = _steps(policy, editor.tags)
            if not steps:
                return redirect_to(request, back)
            with errors_on(form):
                title = f"Change the tags of policy {policy.name}"
                changing.change(request, steps, title=title, done=f"Changed the tags of {policy.name}.")
                return redirect_to(request, back)
    else:
        editor = TagEditor.of({"Key": key, "Value": value} for key, value in ([] if error else policy.tags))
        form = ConsoleForm()
    is_refused = request.method == "POST" and not editor.is_rearranged
    context = {
        "editor": editor,
        "form": form,
        "refusal": error,
        "back": back,
        "crumbs": crumbs(policy, ("Manage tags", "")),
    }
    return render(request, "policies/manage_tags.html", context, status=422 if is_refused else 200)
