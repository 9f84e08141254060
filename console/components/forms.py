"""What the forms of all areas share: their markup, and the way refusals of an operation get back to them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django import forms
from django.forms.renderers import DjangoTemplates
from django.template.loader import get_template

from iam.errors import IamError

OWN_WIDGETS = {
    "django/forms/widgets/radio.html": "components/widgets/choices.html",
    "django/forms/widgets/checkbox_select.html": "components/widgets/choices.html",
}
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class FormRenderer(DjangoTemplates):
    """Django's widgets, with our field and our groups of choices."""

    field_template_name = "components/field.html"

    def get_template(self, template_name: str) -> Any:
        own = OWN_WIDGETS.get(template_name, template_name)
        return get_template(own) if own.startswith("components/") else super().get_template(template_name)


class ConsoleForm(forms.Form):
    """A form whose fields may carry a constraint below the control.

    `help_text` is the description above a control, `constraints` maps fields to the sentence below it, and
    `parameter_fields` maps API parameters to fields where the snake-cased name is not the field's.
    """

    constraints: ClassVar[Mapping[str, str]] = {}
    parameter_fields: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        # A browser cuts what is pasted down to maxlength without a word; here a long value is refused in words.
        for field in self.fields.values():
            field.widget.attrs.pop("maxlength", None)

    def field_of(self, parameter: str | None) -> str | None:
        """Return the field that holds an API parameter, None where the form has none."""
        if not parameter:
            return None
        name = self.parameter_fields.get(parameter, WORD_START.sub("_", parameter).lower())
        return name if name in self.fields else None


class Refusal(forms.ValidationError):
    """An IamError as a fault of a form, which remembers what was refused."""

    def __init__(self, refusal: IamError) -> None:
        super().__init__(refusal.message, code=refusal.code)
        self.refusal = refusal


@contextmanager
def errors_on(form: ConsoleForm) -> Iterator[None]:
    """Carry an IamError to the field of its parameter, or else to the form as a whole."""
    try:
        yield
    except IamError as error:
        form.add_error(form.field_of(error.parameter), Refusal(error))
