"""The page behind Manage tags, which resources of all kinds share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from console.components import changing
from console.components.changing import Crumbs
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.tags import TagEditor
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step


@dataclass(frozen=True, slots=True)
class Tagged:
    """A resource as its tags are edited.

    `called` is kind and name, *role Reader*; `step` makes a call of `Tag{}` or `Untag{}`; `ignores_case` is how keys
    are compared; `refusal` says why the tags may not be read.
    """

    called: str
    tags: Sequence[tuple[str, str]]
    back: str
    crumbs: Crumbs
    step: Callable[..., Step]
    refusal: IamError | None
    ignores_case: bool = False


def _steps(tagged: Tagged, wanted: list[dict[str, str]]) -> list[Step]:
    """Return one call for removed keys and one for new or changed tags; a key in another case may be a changed tag."""

    def compared(key: str) -> str:
        return key.lower() if tagged.ignores_case else key

    kept = {compared(tag["Key"]) for tag in wanted}
    removed = [key for key, _ in tagged.tags if compared(key) not in kept]
    changed = [tag for tag in wanted if (tag["Key"], tag["Value"]) not in tagged.tags]
    steps = []
    if removed:
        steps.append(tagged.step("Untag{}", TagKeys=removed))
    if changed:
        steps.append(tagged.step("Tag{}", Tags=changed))
    return steps


def manage(request: ConsoleRequest, tagged: Tagged) -> HttpResponse:
    """Edit all tags of a resource at once."""
    error = tagged.refusal
    if request.method == "POST" and not error:
        editor = TagEditor.from_post(request.POST)
        form = ConsoleForm(request.POST)
        is_sent = not editor.is_rearranged
        if is_sent and editor.is_valid(ignore_case=tagged.ignores_case) and form.is_valid():
            steps = _steps(tagged, editor.tags)
            if not steps:
                return redirect_to(request, tagged.back)
            with errors_on(form):
                title = f"Change the tags of {tagged.called}"
                done = f"Changed the tags of {tagged.called.partition(' ')[2]}."
                changing.change(request, steps, title=title, done=done)
                return redirect_to(request, tagged.back)
    else:
        editor = TagEditor.of({"Key": key, "Value": value} for key, value in ([] if error else tagged.tags))
        form = ConsoleForm()
    is_refused = request.method == "POST" and not editor.is_rearranged
    context = {"editor": editor, "form": form, "tagged": tagged}
    return render(request, "identities/manage_tags.html", context, status=422 if is_refused else 200)
