"""The Tags tab of a user, and the editor behind Manage tags."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.tags import TagEditor
from console.identities import changing
from console.identities.access import refusal
from console.identities.readable import TAGS
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from console.users.contexts import page_context
from iam.operations import Step
from iam.queries.users import UserRecord


@require_safe
@user_page
def tags(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show a user's tags."""
    error = refusal(request, TAGS, user.arn, user.context)
    context = {**page_context(request, user, "Tags"), "refusal": error, "tags": [] if error else user.tags}
    return render(request, "users/tags.html", context)


def _steps(user: UserRecord, wanted: list[dict[str, str]]) -> list[Step]:
    """Return one call for removed keys and one for new or changed tags; a key in another case is a changed tag."""
    kept = {tag["Key"].lower() for tag in wanted}
    removed = [key for key, _ in user.tags if key.lower() not in kept]
    changed = [tag for tag in wanted if (tag["Key"], tag["Value"]) not in user.tags]
    steps = []
    if removed:
        steps.append(Step("UntagUser", {"UserName": user.name, "TagKeys": removed}))
    if changed:
        steps.append(Step("TagUser", {"UserName": user.name, "Tags": changed}))
    return steps


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def manage_tags(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Edit all tags of a user at once."""
    back = reverse("users:tags", args=[user.name])
    error = refusal(request, TAGS, user.arn, user.context)
    if request.method == "POST" and not error:
        editor = TagEditor.from_post(request.POST)
        form = ConsoleForm(request.POST)
        if not editor.is_rearranged and editor.is_valid() and form.is_valid():
            steps = _steps(user, editor.tags)
            if not steps:
                return redirect_to(request, back)
            with errors_on(form):
                title, done = f"Change the tags of user {user.name}", f"Changed the tags of {user.name}."
                changing.change(request, steps, title=title, done=done)
                return redirect_to(request, back)
    else:
        editor = TagEditor.of({"Key": key, "Value": value} for key, value in ([] if error else user.tags))
        form = ConsoleForm()
    is_refused = request.method == "POST" and not editor.is_rearranged
    context = {
        "name": user.name,
        "editor": editor,
        "form": form,
        "refusal": error,
        "back": back,
        "crumbs": crumbs(user.name, ("Manage tags", "")),
    }
    return render(request, "users/manage_tags.html", context, status=422 if is_refused else 200)
