"""How a form field turns into markup: the widget's class, and the ids of what describes it."""

from collections.abc import Collection
from typing import Any, Self

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


class Option(str):
    """A choice's label with a sentence below it and, if need be, a badge: `("auto", Option("Auto", "You …"))`."""

    description: str
    badge: str

    def __new__(cls, label: str, description: str = "", badge: str = "") -> Self:
        option = super().__new__(cls, label)
        option.description = description
        option.badge = badge
        return option


class Tiles(forms.RadioSelect):
    """Two to five alternatives that need a sentence each."""

    template_name = "components/widgets/tiles.html"


class RevealingTiles(Tiles):
    """Tiles of which some show more fields when chosen."""

    def __init__(self, reveals: Collection[str]) -> None:
        super().__init__()
        self.reveals = reveals

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _revealing(super().create_option(*args, **kwargs), self.reveals)


class RevealingRadio(forms.RadioSelect):
    """Radio buttons of which some show more fields when chosen."""

    def __init__(self, reveals: Collection[str]) -> None:
        super().__init__()
        self.reveals = reveals

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _revealing(super().create_option(*args, **kwargs), self.reveals)


def _revealing(option: dict[str, Any], reveals: Collection[str]) -> dict[str, Any]:
    if option["value"] in reveals:
        option["attrs"]["data-reveals"] = True
    return option


class Switch(forms.CheckboxInput):
    """A check box that reads as on or off."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "switch", "role": "switch", **(attrs or {})})


class Password(forms.PasswordInput):
    """A password with Show and Hide."""

    template_name = "components/widgets/password.html"


class TypedConfirmation(forms.CharField):
    """A name that has to be typed exactly: case and blanks count (console reference 2.7)."""

    def __init__(self, expected: str, **kwargs: Any) -> None:
        attributes = {
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
            "data-confirm": expected,
        }
        super().__init__(strip=False, widget=forms.TextInput(attributes), **kwargs)
        self.expected = expected

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if text != self.expected:
            raise forms.ValidationError(
                f"Enter {self.expected} exactly as shown; you entered “{text}”.", code="invalid"
            )
        return text


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.Textarea):
        return "textarea"
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return ""
    if isinstance(widget, forms.Select):
        return "select"
    return "input"


def _ids(field: BoundField) -> dict[str, str]:
    known = {
        "description": field.help_text,
        "error": field.errors,
        "constraint": getattr(field.form, "constraints", {}).get(field.name),
    }
    return {part: f"{field.auto_id}-{part}" for part, present in known.items() if present}


def control(field: BoundField) -> SafeString:
    """Return the widget with its look and its ARIA attributes."""
    widget = field.field.widget
    attributes: dict[str, Any] = {}
    classes = " ".join(filter(None, [_widget_class(widget), widget.attrs.get("class", "")]))
    if classes:
        attributes["class"] = classes
    if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") == "10":
        attributes["rows"] = "3"
    ids = _ids(field)
    if ids and not isinstance(widget, GROUPS):
        attributes["aria-describedby"] = " ".join(ids.values())
    if field.errors and not isinstance(widget, GROUPS):
        attributes["aria-invalid"] = "true"
    return field.as_widget(attrs=attributes)


def describe(field: BoundField) -> dict[str, Any]:
    """Return what stands around the widget."""
    widget = field.field.widget
    if isinstance(widget, GROUPS):
        kind = "group"
    elif isinstance(widget, forms.CheckboxInput):
        kind = "choice"
    else:
        kind = "plain"
    return {
        "kind": kind,
        "is_wide": isinstance(widget, Tiles),
        "is_optional": not field.field.required
        and not isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple),
        "constraint": getattr(field.form, "constraints", {}).get(field.name, ""),
        "ids": _ids(field),
        "described_by": " ".join(_ids(field).values()),
    }
