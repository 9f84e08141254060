"""Access keys of a user: created with a secret that is shown once, deactivated, activated, deleted."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from console.components.downloads import offer_csv
from console.components.fields import Option
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.identities import changing
from console.identities.access import refusal, unknown
from console.identities.changing import Question
from console.identities.readable import KEY_USE, KEYS
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from iam.operations import Step, perform_change_set
from iam.operations.quotas import ACCESS_KEYS
from iam.queries.users import KeyRecord, UserRecord

CSV_HEADER = ("Access key ID", "Secret access key")
USE_CASES = (
    ("cli", "Command Line Interface (CLI)", "Sign in with a browser-based shell or temporary credentials instead."),
    ("local", "Local code", "Let the development environment sign in for temporary credentials instead."),
    ("compute", "Application running on an AWS compute service", "Attach a role to the service instead."),
    ("third-party", "Third-party service", "Create a role with an external ID that the service assumes instead."),
    ("outside", "Application running outside AWS", "Use IAM Roles Anywhere for temporary credentials instead."),
    ("other", "Other", "Your use case is not listed here."),
)


class CreateAccessKeyForm(ConsoleForm):
    """What the key is for, and its description tag."""

    parameter_fields: ClassVar = {"Tags": "description"}
    constraints: ClassVar = {"description": "Maximum 256 characters: letters, numbers, spaces and _ . : / = + - @."}

    use_case = forms.ChoiceField(
        label="Use case",
        choices=[(value, Option(label, hint)) for value, label, hint in USE_CASES],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a use case."},
    )
    understood = forms.BooleanField(
        label="I understand the above recommendation and want to proceed to create an access key.", required=False
    )
    description = forms.CharField(
        label="Description tag value",
        help_text="What the key is for and where it is used. It is kept as a tag of the user, under the key's ID.",
        max_length=256,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("use_case") not in {None, "other"} and not cleaned.get("understood"):
            self.add_error("understood", "Confirm that you want an access key nevertheless, or choose Other.")
        return cleaned


def _back(user: UserRecord) -> str:
    return reverse("users:security-credentials", args=[user.name])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def create(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Create an access key; the answer shows its secret, the only time."""
    form = CreateAccessKeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            performed = perform_change_set(
                request.principal,
                [Step("CreateAccessKey", {"UserName": user.name})],
                title=f"Create an access key for user {user.name}",
            )
            key = performed.results[0]["AccessKey"]
            done = f"Created access key {key['AccessKeyId']}."
            flash(request, "success", done, change_set_id=performed.change_set_id)
            _describe(request, user, key["AccessKeyId"], form.cleaned_data["description"])
            return _show_secret(request, user, key["AccessKeyId"], key["SecretAccessKey"])
    context = {
        "name": user.name,
        "form": form,
        "is_full": len(user.keys) >= ACCESS_KEYS and not refusal(request, KEYS, user.arn, user.context),
        "back": _back(user),
        "crumbs": crumbs(user.name, ("Create access key", "")),
    }
    return render(request, "users/create_access_key.html", context, status=422 if form.errors else 200)


def _describe(request: ConsoleRequest, user: UserRecord, key_id: str, description: str) -> None:
    # A change set of its own: whoever may not tag gets the key all the same, and its secret is not lost.
    if description:
        parameters = {"UserName": user.name, "Tags": [{"Key": key_id, "Value": description}]}
        changing.change_or_tell(
            request,
            [Step("TagUser", parameters)],
            title=f"Describe access key {key_id} of user {user.name}",
            done=f"Described access key {key_id}.",
        )


def _show_secret(request: ConsoleRequest, user: UserRecord, key_id: str, secret: str) -> HttpResponse:
    context = {
        "name": user.name,
        "key_id": key_id,
        "secret": secret,
        "back": _back(user),
        "offer": offer_csv(request, f"{user.name}_accessKeys.csv", CSV_HEADER, [(key_id, secret)]),
        "crumbs": crumbs(user.name, ("Retrieve access keys", "")),
    }
    return render(request, "users/retrieve_access_key.html", context)


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
    question = Question(
        heading=f"Deactivate {key.id}?",
        submit="Deactivate",
        steps=[_status(user, key.id, "Inactive")],
        title=f"Deactivate access key {key.id} of user {user.name}",
        done=f"Deactivated access key {key.id}.",
        back=_back(user),
        next=_back(user),
        crumbs=crumbs(user.name, ("Deactivate access key", "")),
        text="Requests signed with the key fail from now on. The key stays and can be activated again.",
        body="users/_key_use.html",
        context={"key": key, "is_use_denied": refusal(request, KEY_USE, user.arn, user.context)},
        is_danger=False,
    )
    return changing.ask(request, question)


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
    """Ask for the key's id, then delete the key; an active one has to be deactivated first."""
    key = _find_key(request, user, key_id)
    if key.is_active:
        return deactivate(request, user.name, key_id)
    question = Question(
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
        context={"key": key, "is_use_denied": refusal(request, KEY_USE, user.arn, user.context)},
    )
    return changing.ask(request, question)
