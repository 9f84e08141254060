"""Correcting a change that AWS refused: its parameters in a form, which are judged like those of a new call."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.forms import WORD_START, ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest
from iam.operations.changes import edit_change, editable

_LONG = 100


class EditForm(ConsoleForm):
    """The parameters of a change: texts as they are, all else as JSON."""

    def __init__(self, parameters: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given = {WORD_START.sub("_", name).lower(): (name, value) for name, value in parameters.items()}
        for field, (name, value) in self.given.items():
            text = value if isinstance(value, str) else json.dumps(value, indent=2)
            is_long = len(text) > _LONG or "\n" in text
            self.fields[field] = forms.CharField(
                label=name,
                initial=text,
                required=False,
                strip=False,
                help_text="" if isinstance(value, str) else "As JSON.",
                widget=forms.Textarea({"rows": 12, "spellcheck": "false"}) if is_long else forms.TextInput,
            )

    def clean(self) -> dict[str, Any]:
        """Read what is JSON; an empty field is an absent parameter."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for field, (_, former) in self.given.items():
            text = given.get(field, "")
            if isinstance(former, str) or not text:
                continue
            try:
                given[field] = json.loads(text)
            except (ValueError, RecursionError):
                self.add_error(field, "This is not JSON.")
        return given

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as they were given, None for those that are left out."""
        return {name: self.cleaned_data[field] or None for field, (name, _) in self.given.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest, change_set_id: UUID, change_id: int) -> HttpResponse:
    """Show the parameters of a refused change, and send it again with others."""
    parameters = editable(request.principal, change_set_id, change_id)
    back = reverse("changes:details", args=[change_set_id])
    if not parameters:
        flash(request, "warning", "This change cannot be edited. Retry it, or discard it and make another.")
        return redirect_to(request, back)
    form = EditForm(parameters, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            edit_change(request.principal, change_set_id, change_id, form.parameters)
            flash(request, "info", "The change is tried again as you corrected it.", change_set_id=change_set_id)
            return redirect_to(request, back)
    status = 422 if form.errors else 200
    return render(request, "changes/edit.html", {"form": form, "back": back}, status=status)
