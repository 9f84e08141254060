"""Access keys of a user: described, deactivated, activated, deleted (console reference 6.6)."""

from dataclasses import replace
from typing import Any, ClassVar

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.identities import changing
from console.identities.access import refusal, unknown
from console.identities.changing import Question
from console.identities.forms import ConfirmForm
from console.identities.readable import KEY_USE, KEYS, TAGS
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from console.users.access_keys_wizard import DESCRIPTION_RULE, description_field
from iam.operations import Step
from iam.queries.users import KeyRecord, UserRecord


class DescribeForm(ConsoleForm):
    """The description tag of a key; empty takes the tag away."""

    parameter_fields: ClassVar = {"Tags": "description"}
    constraints: ClassVar = {"description": DESCRIPTION_RULE}

    description = description_field(
        "Describe the purpose of this access key and where it is used. Leave it empty to remove the tag."
    )


def _back(user: UserRecord) -> str:
    return reverse("users:security-credentials", args=[user.name])


def _find_key(request: ConsoleRequest, user: UserRecord, key_id: str) -> KeyRecord:
    """Return a key for a dialog. Raises Http404, also for those who may not list keys."""
    if not refusal(request, KEYS, user.arn, user.context):
        for key in user.keys:
            if key.id == key_id:
                return key
    raise unknown("access key", key_id)


def _status(user: UserRecord, key_id: str, status: str) -> Step:
    return Step("UpdateAccessKey", {"UserName": user.name, "AccessKeyId": key_id, "Status": status})


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def deactivate(request: ConsoleRequest, user: UserRecord, key_id: str) -> HttpResponse:
    """Ask, then deactivate a key, which can be undone."""
    key = _find_key(request, user, key_id)
    text = "Requests signed with the key fail from now on. The key stays and can be activated again."
    return changing.ask(request, _deactivation(request, user, key, f"Deactivate {key.id}?", text))


@require_POST
@user_page
def activate(request: ConsoleRequest, user: UserRecord, key_id: str) -> HttpResponse:
    """Activate a key again; nothing is asked, since it breaks nothing."""
    changing.change_or_tell(
        request,
        [_status(user, key_id, "Active")],
        title=f"Activate access key {key_id} of user {user.name}",
        done=f"Activated access key {key_id}.",
    )
    return HttpResponseRedirect(_back(user))


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def delete(request: ConsoleRequest, user: UserRecord, key_id: str) -> HttpResponse:
    """Ask for the key's id, then delete the key; the dialog deactivates an active one first."""
    key = _find_key(request, user, key_id)
    if not key.is_active:
        return changing.ask(request, _deletion(request, user, key))
    text = "An active key is deactivated first: check when it was used last, so that you break nothing that needs it."
    question = _deactivation(request, user, key, f"Delete {key.id}?", text)
    form = ConfirmForm("", "", request.POST if request.method == "POST" else None)
    if request.method == "POST":
        with errors_on(form):
            changing.change(request, question.steps, title=question.title, done=question.done)
            return changing.show(request, _deletion(request, user, replace(key, is_active=False)))
    return changing.show(request, question, form)


def _use(request: ConsoleRequest, user: UserRecord, key: KeyRecord) -> dict[str, Any]:
    return {"key": key, "is_use_denied": refusal(request, KEY_USE, user.arn, user.context)}


def _deactivation(request: ConsoleRequest, user: UserRecord, key: KeyRecord, heading: str, text: str) -> Question:
    return Question(
        heading=heading,
        submit="Deactivate",
        steps=[_status(user, key.id, "Inactive")],
        title=f"Deactivate access key {key.id} of user {user.name}",
        done=f"Deactivated access key {key.id}.",
        back=_back(user),
        next=_back(user),
        crumbs=crumbs(user.name, ("Deactivate access key", "")),
        text=text,
        body="users/_key_use.html",
        context=_use(request, user, key),
        is_danger=False,
    )


def _deletion(request: ConsoleRequest, user: UserRecord, key: KeyRecord) -> Question:
    return Question(
        heading=f"Delete {key.id}?",
        submit="Delete",
        steps=[Step("DeleteAccessKey", {"UserName": user.name, "AccessKeyId": key.id})],
        title=f"Delete access key {key.id} of user {user.name}",
        done=f"Deleted access key {key.id}.",
        back=_back(user),
        next=_back(user),
        crumbs=crumbs(user.name, ("Delete access key", "")),
        warning="Deleting an access key is permanent: programs that still have it can never use it again.",
        typed=key.id,
        typed_label="To confirm deletion, enter the access key ID",
        body="users/_key_use.html",
        context=_use(request, user, key),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def describe(request: ConsoleRequest, user: UserRecord, key_id: str) -> HttpResponse:
    """Change the description of a key, which is a tag of the user."""
    key = _find_key(request, user, key_id)
    denied = refusal(request, TAGS, user.arn, user.context)
    described = dict(() if denied else user.tags).get(key.id, "")
    form = DescribeForm(request.POST if request.method == "POST" else None, initial={"description": described})
    if request.method == "POST" and form.is_valid():
        description = form.cleaned_data["description"]
        with errors_on(form):
            changing.change(
                request,
                [_tagging(user, key, description)],
                title=f"Describe access key {key.id} of user {user.name}",
                done=f"{'Described' if description else 'Removed the description of'} access key {key.id}.",
            )
            return redirect_to(request, _back(user))
    context = {
        "name": user.name,
        "key": key,
        "form": form,
        "refusal": denied,
        "action": request.path,
        "back": _back(user),
        "crumbs": crumbs(user.name, ("Edit description", "")),
        "dialog": "users/access_keys/_describe.html",
    }
    status = 422 if form.errors else 200
    return render_page(request, "users/dialog.html", "users/access_keys/_describe.html", context, status=status)


def _tagging(user: UserRecord, key: KeyRecord, description: str) -> Step:
    if not description:
        return Step("UntagUser", {"UserName": user.name, "TagKeys": [key.id]})
    return Step("TagUser", {"UserName": user.name, "Tags": [{"Key": key.id, "Value": description}]})
