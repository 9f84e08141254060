"""The components of the look as template tags; `docs/components.md` lists them with their arguments.

A leaf is an inclusion tag, a wrapper a block tag, and their markup is in `templates/components/`. Every template has
them without `{% load %}`. Buttons of a header are written as `{% actions %}` inside the header's tag.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template import Context, TemplateSyntaxError
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.components import code, formats, icons
from console.components.fields import control as render_control
from console.components.fields import describe
from console.components.flashes import Flash
from console.components.tables import Column, Page
from console.components.tags import TagEditor
from console.components.tracks import Track
from console.components.wizards import Progress

register = template.Library()

KIND_ICONS = {"success": "success", "error": "error", "warning": "warning", "info": "info"}
STATUS_ICONS = {**KIND_ICONS, "loading": "loading", "pending": "pending", "stopped": "stopped"}
BADGE_COLOURS = frozenset({"", "blue", "green", "red", "yellow", "solid"})
BUTTON_KINDS = frozenset({"", "primary", "danger", "link", "icon"})
ACTIONS = re.compile(r"<!--actions-->(.*)<!--/actions-->", re.DOTALL)


def _known(value: str, known: Any, what: str) -> str:
    if value not in known:
        raise TemplateSyntaxError(f"{value!r} is no {what}; use one of {', '.join(sorted(known))}.")
    return value


def _block(name: str, context: dict[str, Any]) -> SafeString:
    return SafeString(get_template(f"components/{name}.html").render(context))


def _with_actions(content: str) -> dict[str, SafeString]:
    """Take the buttons out of a block's content, since they stand in its header."""
    found = ACTIONS.search(content)
    if not found:
        return {"content": SafeString(content.strip()), "actions": SafeString("")}
    rest = content[: found.start()] + content[found.end() :]
    return {"content": SafeString(rest.strip()), "actions": SafeString(found[1].strip())}


# ---- text


@register.simple_tag
def icon(name: str, modifier: str = "") -> SafeString:
    """`{% icon "refresh" %}`: an icon of the sprite, hidden from screen readers."""
    return icons.icon(name, modifier)


@register.simple_tag
def status(kind: str, text: Any) -> SafeString:
    """`{% status "success" "Active" %}`: a state, with its icon and colour."""
    _known(kind, STATUS_ICONS, "status")
    return format_html('<span class="status status-{}">{}{}</span>', kind, icons.icon(STATUS_ICONS[kind]), text)


@register.simple_tag
def badge(text: Any, colour: str = "") -> SafeString:
    """`{% badge "Deny" "red" %}`: a category or a count."""
    _known(colour, BADGE_COLOURS, "badge colour")
    return format_html('<span class="badge{}">{}</span>', f" badge-{colour}" if colour else "", text)


@register.inclusion_tag("components/copy.html")
def copy(value: str, label: str, shown: str = "") -> dict[str, Any]:
    """`{% copy user.arn "ARN" %}`: a value with its copy button; `shown` where it reads differently."""
    return {"value": value, "label": label, "shown": shown or formats.breakable(value)}


@register.inclusion_tag("components/secret.html")
def secret(value: str, label: str, id: str) -> dict[str, Any]:
    """`{% secret password "console password" "password" %}`: hidden until Show, copied without showing."""
    return {"value": value, "label": label, "id": id}


@register.filter
def age(moment: datetime | None, absent: str = "None") -> SafeString:
    """Today, Yesterday, 12 days ago; `absent` (None, Never) where there is no time."""
    return formats.age(moment, absent)


@register.filter
def days_old(moment: datetime | None, absent: str = "None") -> SafeString:
    """Today, 1 day, 142 days."""
    return formats.days_old(moment, absent)


@register.filter
def when(moment: datetime | None, absent: str = "None") -> SafeString:
    """May 11, 2023, 14:07 (UTC+00:00), in the reader's time zone where there is script."""
    return formats.when(moment, absent)


@register.filter
def grouped(account_id: str) -> str:
    """1234-5678-9012."""
    return formats.grouped(account_id)


@register.filter
def breakable(value: str) -> SafeString:
    """An ARN or URL that may break after `:` and `/`."""
    return formats.breakable(value)


@register.filter
def or_none(value: Any, absent: str = "None") -> Any:
    """The value, or a muted None (`–`, `Never`) where it is empty."""
    return value if value or value == 0 else formats.muted(absent)


# ---- headers and containers


@register.simple_block_tag
def actions(content: str) -> SafeString:
    """The buttons of the header around it: secondary first, primary last."""
    return SafeString(f'<!--actions--><div class="actions">{content}</div><!--/actions-->')


@register.simple_block_tag
def page_header(content: str, heading: str, counter: Any = "", info: bool = False) -> SafeString:
    """The page's h1, with `{% actions %}` and a description inside."""
    return _block("page_header", {**_with_actions(content), "heading": heading, "counter": counter, "info": info})


@register.simple_block_tag
def container(
    content: str,
    heading: str,
    description: str = "",
    counter: Any = "",
    id: str = "",
    level: int = 2,
    info: bool = False,
    flush: bool = False,
) -> SafeString:
    """A box with a header; `flush` lets tables touch its edges, `level=1` makes its heading the page's."""
    context = {
        **_with_actions(content),
        "heading": heading,
        "description": description,
        "counter": counter,
        "id": id,
        "level": level,
        "info": info,
        "flush": flush,
    }
    return _block("container", context)


@register.simple_block_tag
def expandable(
    content: str,
    heading: str,
    counter: Any = "",
    open: bool = False,
    boxed: bool = True,
) -> SafeString:
    """A part that folds; `boxed=False` inside a container."""
    context = {"content": content, "heading": heading, "counter": counter, "open": open, "boxed": boxed}
    return _block("expandable", context)


@register.simple_block_tag
def help_panel(content: str, heading: str) -> SafeString:
    """The text of the help panel; stands in `{% block help %}`."""
    return _block("help_panel", {"content": content, "heading": heading})


@register.inclusion_tag("components/crumb.html")
def crumb(label: str, url: str = "") -> dict[str, Any]:
    """One breadcrumb of `{% block breadcrumbs %}`; the last one has no address."""
    return {"label": label, "url": url}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[tuple[str, str, Any]], current: str, label: str) -> dict[str, Any]:
    """Parts of one resource; `items` are (label, address, count or None), `current` the label of this page."""
    return {"items": items, "current": current, "label": label}


@register.simple_block_tag
def key_values(content: str, one_column: bool = False) -> SafeString:
    """A list of `{% value %}`."""
    return format_html('<dl class="key-values{}">{}</dl>', " is-list" if one_column else "", SafeString(content))


@register.simple_block_tag
def value(content: str, label: str, note: str = "") -> SafeString:
    """One labelled value of `{% key_values %}`; None where the block is empty."""
    shown = SafeString(content.strip()) or formats.muted("None")
    extra = format_html('<dd class="note">{}</dd>', note) if note else ""
    return format_html("<div><dt>{}</dt><dd>{}</dd>{}</div>", label, shown, extra)


@register.simple_block_tag
def empty(content: str, heading: str, text: str, icon: str = "search") -> SafeString:
    """What a table says that has no rows; `{% actions %}` inside."""
    return _block("empty", {**_with_actions(content), "heading": heading, "text": text, "icon": icon})


# ---- messages


@register.simple_block_tag
def alert(content: str, kind: str, heading: str = "") -> SafeString:
    """A message that belongs to its place and stays while it is true; `{% actions %}` inside."""
    _known(kind, KIND_ICONS, "alert")
    return _block("alert", {**_with_actions(content), "kind": kind, "heading": heading})


@register.inclusion_tag("components/flash.html")
def flash(message: Flash) -> dict[str, Any]:
    """One notification of the flashbar."""
    return {"flash": message, "icon": KIND_ICONS[message.kind]}


@register.inclusion_tag("components/track.html")
def track(track: Track, polls: bool = True) -> dict[str, Any]:
    """How far a change set has got; asks again by itself until it is final."""
    return {"track": track, "polls": polls and not track.is_final and track.status_url}


@register.inclusion_tag("components/access_denied.html")
def access_denied(error: Any, level: int = 2) -> dict[str, Any]:
    """What stands in the place of a panel, tab or page that the caller may not read; takes the `IamError`."""
    return {"message": error.message, "code": error.code, "level": level}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm, heading: str = "") -> dict[str, Any]:
    """Faults of the whole form; stands directly above its buttons."""
    errors = [
        {"code": error.code if error.code not in (None, "invalid") else "", "message": message}
        for error in form.non_field_errors().as_data()
        for message in error.messages
    ]
    return {"errors": errors, "heading": heading}


# ---- buttons


@register.inclusion_tag("components/button_link.html")
def button_link(href: str, label: str, kind: str = "", icon: str = "", about: str = "") -> dict[str, Any]:
    """A link that looks like a button; `about` completes the label for screen readers."""
    _known(kind, BUTTON_KINDS, "button kind")
    return {"href": href, "label": label, "kind": kind, "icon": icon, "about": about}


@register.inclusion_tag("components/button_link.html")
def dialog_link(href: str, label: str, kind: str = "", icon: str = "", about: str = "") -> dict[str, Any]:
    """A button_link to a page that is a dialog: it opens over this page where there is script."""
    _known(kind, BUTTON_KINDS, "button kind")
    return {"href": href, "label": label, "kind": kind, "icon": icon, "about": about, "dialog": True}


@register.inclusion_tag("components/selection_button.html")
def selection_button(label: str, action: str, form: str, needs: str = "some", kind: str = "") -> dict[str, Any]:
    """A button for the ticked rows of a table: opens the dialog at `action` with them; `needs` is `some` or `one`."""
    _known(needs, {"some", "one"}, "need of a selection")
    return {"label": label, "action": action, "form": form, "needs": needs, "kind": kind}


@register.simple_block_tag
def menu(content: str, label: str, id: str, kind: str = "") -> SafeString:
    """A button that opens a menu of links and buttons; a `kind` of icon shows ⋯ and names it with the label."""
    _known(kind, {"", "primary", "icon"}, "menu kind")
    return _block("menu", {"content": content, "label": label, "id": id, "kind": kind})


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
    return _block("modal", values)


# ---- forms


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The widget of a field, with its class and the ids of what describes it."""
    return render_control(field)


@register.filter
def described(field: BoundField) -> dict[str, Any]:
    """What the field template shows around the widget."""
    return describe(field)


@register.inclusion_tag("components/tag_editor.html")
def tag_editor(editor: TagEditor) -> dict[str, Any]:
    """Rows of keys and values; Add and Remove are submit buttons of the form around it."""
    return {"editor": editor}


@register.inclusion_tag("components/wizard_steps.html")
def wizard_steps(progress: Progress) -> dict[str, Any]:
    """The steps of a wizard; finished ones are links."""
    return {"progress": progress}


# ---- tables


@register.simple_block_tag
def table_tools(content: str, page: Page[Any], placeholder: str, preferences: str = "") -> SafeString:
    """Search, the filters in the block, matches, pager and the link to the table's preferences."""
    context = {"content": content, "page": page, "placeholder": placeholder, "preferences": preferences}
    return _block("table_tools", context)


@register.inclusion_tag("components/pager.html")
def pager(page: Page[Any]) -> dict[str, Any]:
    """Previous page, number, next page."""
    return {"page": page}


@register.inclusion_tag("components/refresh.html")
def refresh(page: Page[Any], label: str) -> dict[str, Any]:
    """The refresh button of a table: `{% refresh page "users" %}`."""
    return {"page": page, "label": label}


@register.inclusion_tag("components/filter.html")
def table_filter(page: Page[Any], name: str) -> dict[str, Any]:
    """The select box of one of the table's filters."""
    found = page.table.filter(name)
    return {"filter": found, "chosen": page.query.filters.get(name, "")}


@register.inclusion_tag("components/sortable.html")
def sortable(page: Page[Any], column: Column) -> dict[str, Any]:
    """The head of a column: `{% for column in page.columns %}{% sortable page column %}{% endfor %}`."""
    return {"page": page, "column": column, "sorted": page.query.sort == column.name, "url": page.sort_url(column)}


@register.inclusion_tag("components/select_all.html")
def select_all(label: str) -> dict[str, Any]:
    """The head of the check box column: `{% select_all "users" %}`."""
    return {"label": label}


@register.simple_tag
def select_row(name: str, value: str, form: str, kind: str = "checkbox", checked: bool = False) -> SafeString:
    """The check box (or radio button) of a row, which belongs to the form with the id `form`."""
    _known(kind, {"checkbox", "radio"}, "row selection")
    return format_html(
        '<td class="is-check"><label>'
        '<input type="{}" name="{}" value="{}" form="{}" aria-label="Select {}"{}></label></td>',
        kind,
        name,
        value,
        form,
        value,
        " checked" if checked else "",
    )


@register.simple_block_tag
def table_region(content: str, label: str, tall: bool = False) -> SafeString:
    """A table that scrolls by itself: `{% table_region "Users" %}<table class="table">…`."""
    return format_html(
        '<div class="table-scroll{}" tabindex="0" role="region" aria-label="{}">{}</div>',
        " is-tall" if tall else "",
        label,
        SafeString(content),
    )


@register.inclusion_tag("components/skeleton_rows.html")
def skeleton_rows(columns: int, rows: int = 4) -> dict[str, Any]:
    """Table rows in the shape of what is still loading."""
    return {"columns": range(columns), "rows": range(rows)}


@register.inclusion_tag("components/policy_document.html")
def policy_document(text: str, label: str, hits: Sequence[int] = ()) -> dict[str, Any]:
    """A policy as coloured, numbered lines; `hits` are lines to point at."""
    pretty = text if hits else code.pretty(text)
    return {"lines": code.lines(pretty, hits), "label": label, "text": pretty}
