"""Editing a role's description and its maximum session duration."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import HOUR, duration
from iam.operations import Step
from iam.queries.roles import RoleRecord

CUSTOM = "custom"
CHOICES = tuple(hours * HOUR for hours in (1, 2, 4, 8, 12))
SHORTEST, LONGEST = CHOICES[0], CHOICES[-1]
DESCRIPTION_RULE = "Maximum 1,000 characters."


def description_field() -> forms.CharField:
    """Return the field of a role's description; the operation knows which characters it may have."""
    return forms.CharField(
        label="Description",
        help_text="Add a short explanation for this role.",
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )


class EditRoleForm(ConsoleForm):
    """Description and longest session; a service-linked role has the description alone."""

    parameter_fields: ClassVar = {"MaxSessionDuration": "duration"}
    constraints: ClassVar = {"description": DESCRIPTION_RULE, "custom_duration": "Between 3,600 and 43,200 seconds."}

    description = description_field()
    duration = forms.ChoiceField(
        label="Maximum session duration",
        help_text="How long a session may last at most. A new value counts for sessions that begin later.",
        choices=[*((str(seconds), duration(seconds)) for seconds in CHOICES), (CUSTOM, "Custom duration")],
    )
    custom_duration = forms.IntegerField(
        label="Custom duration in seconds",
        required=False,
        error_messages={"invalid": "Enter a number of seconds."},
        widget=forms.NumberInput({"min": SHORTEST, "max": LONGEST}),
    )

    def __init__(self, *args: Any, is_service_linked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_service_linked:
            del self.fields["duration"], self.fields["custom_duration"]

    def clean_description(self) -> str:
        # A browser sends line breaks as CR LF; the limit counts characters as they were typed.
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("duration") == CUSTOM and "custom_duration" not in self.errors:
            seconds = self.cleaned_data.get("custom_duration")
            if seconds is None or not SHORTEST <= seconds <= LONGEST:
                self.add_error("custom_duration", "Enter a duration between 3,600 and 43,200 seconds.")
        return self.cleaned_data

    @property
    def seconds(self) -> int | None:
        """The duration that valid answers ask for, None for a role that has no say in it."""
        chosen = self.cleaned_data.get("duration")
        if not chosen:
            return None
        return int(self.cleaned_data["custom_duration"] if chosen == CUSTOM else chosen)


def _step(role: RoleRecord, form: EditRoleForm) -> Step:
    identity, description = identity_of(role), form.cleaned_data["description"]
    if form.seconds is None:
        return identity.step("UpdateRoleDescription", Description=description)
    return identity.step("UpdateRole", Description=description, MaxSessionDuration=form.seconds)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page
def edit(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Change description and maximum session duration."""
    back = reverse("roles:details", args=[role.name])
    is_listed = role.max_session_duration in CHOICES
    form = EditRoleForm(
        request.POST if request.method == "POST" else None,
        is_service_linked=role.is_service_linked,
        initial={
            "description": role.description,
            "duration": str(role.max_session_duration) if is_listed else CUSTOM,
            "custom_duration": None if is_listed else role.max_session_duration,
        },
    )
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            changing.change(
                request, [_step(role, form)], title=f"Edit role {role.name}", done=f"Changed role {role.name}."
            )
            return redirect_to(request, back)
    context = {"form": form, "name": role.name, "back": back, "crumbs": identity_of(role).crumbs(("Edit", ""))}
    return render(request, "roles/edit.html", context, status=422 if form.errors else 200)
