"""Access keys of a user or root: described, deactivated, activated, deleted (console reference 6.6)."""

from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from console.components import changing
from console.components.access import unknown
from console.components.changing import ConfirmForm, Question
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.credentials.access_keys_wizard import DESCRIPTION_RULE, description_field
from console.credentials.owners import Owner
from console.identities.readable import KEY_USE, KEYS, TAGS
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries.users import KeyRecord


class DescribeForm(ConsoleForm):
    """The description tag of a key; empty takes the tag away."""

    parameter_fields: ClassVar = {"Tags": "description"}
    constraints: ClassVar = {"description": DESCRIPTION_RULE}

    description = description_field(
        "Describe the purpose of this access key and where it is used. Leave it empty to remove the tag."
    )


def _next(request: ConsoleRequest, owner: Owner) -> str:
    """Return where somebody came from: the guide to rotation, or the page with all credentials."""
    return owner.url("rotate-access-key") if request.GET.get("from") == "rotation" else owner.home


def _find_key(request: ConsoleRequest, owner: Owner, key_id: str) -> KeyRecord:
    """Return a key for a dialog. Raises Http404, also for those who may not list keys."""
    if not owner.refusal(request, KEYS):
        for key in owner.keys:
            if key.id == key_id:
                return key
    raise unknown("access key", key_id)


def _status(owner: Owner, key_id: str, status: str) -> Step:
    return Step("UpdateAccessKey", {**owner.named, "AccessKeyId": key_id, "Status": status})


@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: ConsoleRequest, owner: Owner, key_id: str) -> HttpResponse:
    """Ask, then deactivate a key, which can be undone."""
    key = _find_key(request, owner, key_id)
    text = "Requests signed with the key fail from now on. The key stays and can be activated again."
    return changing.ask(request, _deactivation(request, owner, key, f"Deactivate {key.id}?", text))


@require_POST
def activate(request: ConsoleRequest, owner: Owner, key_id: str) -> HttpResponse:
    """Activate a key again; nothing is asked, since it breaks nothing."""
    changing.change_or_tell(
        request,
        [_status(owner, key_id, "Active")],
        title=f"Activate access key {key_id} {owner.whose}",
        done=f"Activated access key {key_id}.",
    )
    return HttpResponseRedirect(_next(request, owner))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ConsoleRequest, owner: Owner, key_id: str) -> HttpResponse:
    """Ask for the key's id, then delete the key; the dialog deactivates an active one first."""
    key = _find_key(request, owner, key_id)
    if not key.is_active:
        return changing.ask(request, _deletion(request, owner, key))
    text = "An active key is deactivated first: check when it was used last, so that you break nothing that needs it."
    question = _deactivation(request, owner, key, f"Delete {key.id}?", text)
    form = ConfirmForm("", "", request.POST if request.method == "POST" else None)
    if request.method == "POST":
        with errors_on(form):
            changing.change(request, question.steps, title=question.title, done=question.done)
            return changing.show(request, _deletion(request, owner, replace(key, is_active=False)))
    return changing.show(request, question, form)


def _use(request: ConsoleRequest, owner: Owner, key: KeyRecord) -> dict[str, Any]:
    return {"key": key, "is_use_denied": owner.refusal(request, KEY_USE)}


def _deactivation(request: ConsoleRequest, owner: Owner, key: KeyRecord, heading: str, text: str) -> Question:
    return Question(
        heading=heading,
        submit="Deactivate",
        steps=[_status(owner, key.id, "Inactive")],
        title=f"Deactivate access key {key.id} {owner.whose}",
        done=f"Deactivated access key {key.id}.",
        back=_next(request, owner),
        next=_next(request, owner),
        crumbs=owner.crumbs(("Deactivate access key", "")),
        text=text,
        body="credentials/_key_use.html",
        context=_use(request, owner, key),
        is_danger=False,
    )


def _deletion(request: ConsoleRequest, owner: Owner, key: KeyRecord) -> Question:
    return Question(
        heading=f"Delete {key.id}?",
        submit="Delete",
        steps=[Step("DeleteAccessKey", {**owner.named, "AccessKeyId": key.id})],
        title=f"Delete access key {key.id} {owner.whose}",
        done=f"Deleted access key {key.id}.",
        back=_next(request, owner),
        next=owner.home,
        crumbs=owner.crumbs(("Delete access key", "")),
        warning="Deleting an access key is permanent: programs that still have it can never use it again.",
        typed=key.id,
        typed_label="To confirm deletion, enter the access key ID",
        body="credentials/_key_use.html",
        context=_use(request, owner, key),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: ConsoleRequest, owner: Owner, key_id: str) -> HttpResponse:
    """Change the description of a key, which is a tag of the user."""
    if owner.user is None:
        raise unknown("tag of access key", key_id)
    key = _find_key(request, owner, key_id)
    denied = owner.refusal(request, TAGS)
    described = dict(() if denied else owner.user.tags).get(key.id, "")
    form = DescribeForm(request.POST if request.method == "POST" else None, initial={"description": described})
    if request.method == "POST" and form.is_valid():
        description = form.cleaned_data["description"]
        with errors_on(form):
            changing.change(
                request,
                [_tagging(owner, key, description)],
                title=f"Describe access key {key.id} {owner.whose}",
                done=f"{'Described' if description else 'Removed the description of'} access key {key.id}.",
            )
            return redirect_to(request, owner.home)
    context = {
        "title": "Edit description",
        "key": key,
        "form": form,
        "refusal": denied,
        "action": request.path,
        "back": owner.home,
        "crumbs": owner.crumbs(("Edit description", "")),
        "dialog": "credentials/access_keys/_describe.html",
    }
    status = 422 if form.errors else 200
    return render_page(
        request, "credentials/dialog.html", "credentials/access_keys/_describe.html", context, status=status
    )


def _tagging(owner: Owner, key: KeyRecord, description: str) -> Step:
    if not description:
        return Step("UntagUser", {**owner.named, "TagKeys": [key.id]})
    return Step("TagUser", {**owner.named, "Tags": [{"Key": key.id, "Value": description}]})
