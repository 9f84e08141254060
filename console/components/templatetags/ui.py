"""The components of the look as template tags; `docs/components.md` lists them with their arguments.

A leaf is an inclusion tag, a wrapper a block tag, and their markup is in `templates/components/`. Every template has
them without `{% load %}`. Buttons of a header are written as `{% actions %}` inside the header's tag.
"""

from django import template

from console.components.templatetags import ui_forms, ui_layout, ui_messages, ui_tables, ui_text

register = template.Library()
for module in (ui_text, ui_layout, ui_messages, ui_forms, ui_tables):
    register.tags.update(module.register.tags)
    register.filters.update(module.register.filters)
