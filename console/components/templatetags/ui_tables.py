"""Tags for tables: tools, heads, rows, paging."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.utils.safestring import SafeString

from console.components.icons import icon
from console.components.markup import markup
from console.components.rendering import known, remembered
from console.components.tables import Column, Filter, Page, TableQuery

register = template.Library()


@register.simple_block_tag
def table_tools(content: str, page: Page[Any], placeholder: str, preferences: str = "") -> SafeString:
    """Search, the filters in the block, matches, pager and the link to the table's preferences."""
    query = page.query
    is_plain = query.sort == page.table.columns[0].name and not query.is_descending
    return remembered(
        "table_tools",
        content=content,
        placeholder=placeholder,
        preferences=preferences,
        id=page.table.id,
        path=query.path,
        search=query.search,
        sort="" if is_plain else query.signed_sort,
        match_count=page.match_count,
        pager=pager(page),
    )


@register.simple_tag
def pager(page: Page[Any]) -> SafeString:
    """Previous page, number, next page."""
    here = '<a href="{}" aria-current="page"><span class="visually-hidden">Page </span>{}</a>'
    return markup(
        '<nav class="pager" aria-label="Pages">{}{}{}</nav>',
        _step(page, "previous", page.previous_url if page.has_previous else "", icon("chevron-left")),
        markup(here, page.here_url, page.query.number),
        _step(page, "next", page.next_url if page.has_next else "", icon("chevron-right")),
    )


def _step(page: Page[Any], side: str, url: str, arrow: SafeString) -> SafeString:
    label = markup('<span class="visually-hidden">{} page</span>{}', side.capitalize(), arrow)
    if not url:
        return markup('<span aria-disabled="true">{}</span>', label)
    return markup(
        '<a href="{0}" id="{1}-{2}" rel="{3}" hx-get="{0}" hx-target="#{1}" hx-swap="outerHTML" '
        'hx-push-url="true">{4}</a>',
        url,
        page.table.id,
        side,
        "prev" if side == "previous" else side,
        label,
    )


@register.simple_tag
def refresh(page: Page[Any], label: str) -> SafeString:
    """The refresh button of a table: `{% refresh page "users" %}`."""
    return markup(
        '<a class="button button-icon is-outlined" href="{0}" id="{1}-refresh" hx-get="{0}" hx-target="#{1}" '
        'hx-swap="outerHTML" aria-label="Refresh {2}">{3}</a>',
        page.here_url,
        page.table.id,
        label,
        icon("refresh"),
    )


@register.simple_tag
def table_filter(page: Page[Any], name: str) -> SafeString:
    """The select box of one of the table's filters."""
    return _filter(page.table.id, page.table.filter(name), page.query.path, page.query.filters.get(name, ""))


@lru_cache(maxsize=256)
def _filter(table: str, shown: Filter, path: str, chosen: str) -> SafeString:
    options = (
        markup('<option value="{}"{}>{}</option>', value, SafeString(" selected" if value == chosen else ""), label)
        for value, label in shown.choices
    )
    return markup(
        '<select class="select" name="{0}" aria-label="{1}" id="{2}-{0}" hx-get="{3}" hx-include="closest form" '
        'hx-target="#{2}" hx-swap="outerHTML" hx-push-url="true" hx-trigger="change">{4}</select>',
        shown.name,
        shown.label,
        table,
        path,
        SafeString("".join(options)),
    )


@register.simple_tag
def heads(page: Page[Any], columns: Sequence[Column] | None = None) -> SafeString:
    """The heads of the visible columns, or of these: `{% heads page %}`."""
    return _heads(page.table.id, page.query.from_the_start, tuple(page.columns if columns is None else columns))


@lru_cache(maxsize=256)
def _heads(table: str, query: TableQuery, columns: tuple[Column, ...]) -> SafeString:
    return SafeString("".join(_head(table, query, column) for column in columns))


def _head(table: str, query: TableQuery, column: Column) -> SafeString:
    is_sorted, falls = query.sort == column.name, query.is_descending
    order = SafeString(f' aria-sort="{"descending" if falls else "ascending"}"' if is_sorted else "")
    shown: str = column.label
    if column.is_sortable:
        shown = markup(
            '<a class="sort" id="{0}-sort-{1}" href="{2}" hx-get="{2}" hx-target="#{0}" '
            'hx-swap="outerHTML" hx-push-url="true">{3}{4}</a>',
            table,
            column.name,
            query.sort_url(column),
            column.label,
            icon("caret-up" if is_sorted and not falls else "caret-down"),
        )
    number = SafeString(' class="is-number"' if column.is_number else "")
    return markup('<th scope="col"{}{}>{}</th>', number, order, shown)


@register.simple_tag
def select_all(label: str) -> SafeString:
    """The head of the check box column: `{% select_all "users" %}`."""
    form = (
        '<th class="is-check" scope="col"><label><input type="checkbox" data-select-all aria-label="Select all {}">'
        "</label></th>\n"
    )
    return markup(form, label)


@register.simple_tag
def select_row(
    name: str, value: str, form: str, kind: str = "checkbox", checked: bool = False, label: str = ""
) -> SafeString:
    """The check box (or radio button) of a row, which belongs to the form with the id `form`.

    `label` names the row where its value is not what people read."""
    known(kind, {"checkbox", "radio"}, "row selection")
    return markup(
        '<td class="is-check"><label>'
        '<input type="{}" name="{}" value="{}" form="{}" aria-label="Select {}"{}></label></td>',
        kind,
        name,
        value,
        form,
        label or value,
        " checked" if checked else "",
    )


@register.simple_block_tag
def table_region(content: str, label: str, tall: bool = False) -> SafeString:
    """A table that scrolls by itself: `{% table_region "Users" %}<table class="table">…`."""
    return markup(
        '<div class="table-scroll{}" tabindex="0" role="region" aria-label="{}">{}</div>',
        " is-tall" if tall else "",
        label,
        SafeString(content),
    )


@register.inclusion_tag("components/skeleton_rows.html")
def skeleton_rows(columns: int, rows: int = 4) -> dict[str, Any]:
    """Table rows in the shape of what is still loading."""
    return {"columns": range(columns), "rows": range(rows)}
