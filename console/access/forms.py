"""The question that an address asks."""

import json
from typing import Any

from django import forms

from console.components.refusals import LONGEST_ADDRESS

_MOST_KEYS = 200


class QuestionForm(forms.Form):
    """Action, resource and the keys that a call gives; `principal` is an ARN, empty for whoever asks."""

    action = forms.RegexField(r"^[A-Za-z0-9-]+:[A-Za-z0-9]+$", max_length=128)
    resource = forms.CharField(max_length=2048, required=False)
    context = forms.CharField(max_length=LONGEST_ADDRESS, required=False)
    principal = forms.CharField(max_length=2048, required=False)

    def clean_resource(self) -> str:
        """No resource means all of them."""
        return self.cleaned_data["resource"] or "*"

    def clean_context(self) -> dict[str, Any]:
        """Return the keys with their texts; anything that no page gives is refused."""
        text = self.cleaned_data["context"]
        if not text:
            return {}
        try:
            context = json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError("The context is no JSON.") from None
        if not isinstance(context, dict) or len(context) > _MOST_KEYS or not all(map(_is_value, context.values())):
            raise forms.ValidationError("The context holds texts and lists of texts.")
        return context


def _is_value(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
