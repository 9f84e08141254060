"""What the addresses of the changes area may ask for."""

from django import forms
from django.http import QueryDict


class PollForm(forms.Form):
    """How often a page asked already, and after which change it begins; nonsense counts as nothing."""

    poll = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    after = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)

    @classmethod
    def read(cls, data: QueryDict) -> tuple[int, int]:
        """Return both numbers."""
        form = cls(data)
        form.is_valid()
        return form.cleaned_data.get("poll") or 0, form.cleaned_data.get("after") or 0
