"""Tags for buttons, dialogs and forms."""

from typing import Any

from django import template
from django.forms import BoundField
from django.template import Context
from django.utils.safestring import SafeString

from console.components import fields, icons
from console.components.markup import markup
from console.components.rendering import block, known
from console.components.tags import TagEditor
from console.components.wizards import Progress

register = template.Library()

BUTTON_KINDS = frozenset({"", "primary", "danger", "link", "icon"})
_OPENS_DIALOG = ' hx-get="{}" hx-target="#dialogs" hx-swap="innerHTML"'


@register.simple_tag
def button_link(href: str, label: str, kind: str = "", icon: str = "", about: str = "") -> SafeString:
    """A link that looks like a button; `about` completes the label for screen readers."""
    return _button_link(href, label, kind, icon, about, SafeString(""))


@register.simple_tag
def dialog_link(href: str, label: str, kind: str = "", icon: str = "", about: str = "") -> SafeString:
    """A button_link to a page that is a dialog: it opens over this page where there is script."""
    return _button_link(href, label, kind, icon, about, markup(_OPENS_DIALOG, href))


def _button_link(href: str, label: str, kind: str, icon: str, about: str, opening: SafeString) -> SafeString:
    known(kind, BUTTON_KINDS, "button kind")
    named, shown = SafeString(""), markup("{}", label)
    if kind == "icon":
        named, shown = markup(' aria-label="{}"', label), SafeString("")
    elif about:
        shown = markup('{}<span class="visually-hidden"> {}</span>', label, about)
    drawn = icons.icon(icon) if icon else ""
    return markup('<a class="button{}" href="{}"{}{}>{}{}</a>', _class(kind), href, named, opening, drawn, shown)


def _class(kind: str) -> str:
    return f" button-{kind}" if kind else ""


@register.simple_tag
def selection_button(label: str, action: str, form: str, needs: str = "some", kind: str = "") -> SafeString:
    """A button for the ticked rows of a table: opens the dialog at `action` with them; `needs` is `some` or `one`."""
    known(needs, {"some", "one"}, "need of a selection")
    return markup(
        '<button class="button{}" form="{}" formaction="{}" formmethod="get" data-needs-selection="{}"{} '
        'hx-include="#{}">{}</button>',
        _class(kind),
        form,
        action,
        needs,
        markup(_OPENS_DIALOG, action),
        form,
        label,
    )


@register.simple_block_tag
def menu(content: str, label: str, id: str, kind: str = "") -> SafeString:
    """A button that opens a menu of links and buttons; a `kind` of icon shows ⋯ and names it with the label."""
    known(kind, {"", "primary", "icon"}, "menu kind")
    return block("menu", {"content": content, "label": label, "id": id, "kind": kind})


@register.inclusion_tag("components/form_actions.html")
def form_actions(submit: str, cancel: str, previous: bool = False, danger: bool = False) -> dict[str, Any]:
    """Cancel (an address), Previous, and the form's one button."""
    return {"submit": submit, "cancel": cancel, "previous": previous, "danger": danger}


@register.simple_block_tag(takes_context=True)
def modal(
    context: Context,
    content: str,
    heading: str,
    action: str,
    submit: str,
    cancel: str,
    id: str = "dialog",
    danger: bool = False,
    large: bool = False,
    typed: bool = False,
) -> SafeString:
    """A dialog with one form, posted to `action`; `typed` keeps the button off until the typed name fits."""
    values = {
        "content": content,
        "heading": heading,
        "action": action,
        "submit": submit,
        "cancel": cancel,
        "id": id,
        "danger": danger,
        "large": large,
        "typed": typed,
        "csrf_token": context.get("csrf_token"),
    }
    return block("modal", values)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The widget of a field, with its class and the ids of what describes it."""
    return fields.control(field)


@register.filter
def described(field: BoundField) -> dict[str, Any]:
    """What the field template shows around the widget."""
    return fields.describe(field)


@register.simple_block_tag
def policy_editor(content: str, field: BoundField, heading: str) -> SafeString:
    """The frame of a policy document's field: a title, buttons, and the editor that the field's widget brings."""
    return block("policy_editor", {"content": content, "field": field, "heading": heading})


@register.inclusion_tag("components/tag_editor.html")
def tag_editor(editor: TagEditor) -> dict[str, Any]:
    """Rows of keys and values; Add and Remove are submit buttons of the form around it."""
    return {"editor": editor}


@register.inclusion_tag("components/wizard_steps.html")
def wizard_steps(progress: Progress) -> dict[str, Any]:
    """The steps of a wizard; finished ones are links."""
    return {"progress": progress}
