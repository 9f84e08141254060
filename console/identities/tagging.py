"""The tags of a user or a role, and the editor behind Manage tags."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.tags import TagEditor
from console.identities import changing
from console.identities.identity import Identity
from console.requests import ConsoleRequest
from iam.operations import Step

LIST_TAGS = "List{}Tags"


def tags_context(request: ConsoleRequest, identity: Identity) -> dict[str, Any]:
    """Return what the Tags tab shows, `identities/_tags.html`."""
    error = identity.refusal(request, LIST_TAGS)
    return {
        "refusal": error,
        "tags": () if error else identity.tags,
        "manage_url": identity.url("manage-tags"),
        "noun": identity.noun,
    }


def _steps(identity: Identity, wanted: list[dict[str, str]]) -> list[Step]:
    """Return one call for removed keys and one for new or changed tags; a key in another case is a changed tag."""
    kept = {tag["Key"].lower() for tag in wanted}
    removed = [key for key, _ in identity.tags if key.lower() not in kept]
    changed = [tag for tag in wanted if (tag["Key"], tag["Value"]) not in identity.tags]
    steps = []
    if removed:
        steps.append(identity.step("Untag{}", TagKeys=removed))
    if changed:
        steps.append(identity.step("Tag{}", Tags=changed))
    return steps


def manage_tags(request: ConsoleRequest, identity: Identity) -> HttpResponse:
    """Edit all tags of an identity at once."""
    back = identity.url("tags")
    error = identity.refusal(request, LIST_TAGS)
    if request.method == "POST" and not error:
        editor = TagEditor.from_post(request.POST)
        form = ConsoleForm(request.POST)
        if not editor.is_rearranged and editor.is_valid() and form.is_valid():
            steps = _steps(identity, editor.tags)
            if not steps:
                return redirect_to(request, back)
            with errors_on(form):
                title = f"Change the tags of {identity.noun} {identity.name}"
                changing.change(request, steps, title=title, done=f"Changed the tags of {identity.name}.")
                return redirect_to(request, back)
    else:
        editor = TagEditor.of({"Key": key, "Value": value} for key, value in ([] if error else identity.tags))
        form = ConsoleForm()
    is_refused = request.method == "POST" and not editor.is_rearranged
    context = {
        "editor": editor,
        "form": form,
        "refusal": error,
        "back": back,
        "crumbs": identity.crumbs(("Manage tags", "")),
    }
    return render(request, "identities/manage_tags.html", context, status=422 if is_refused else 200)
