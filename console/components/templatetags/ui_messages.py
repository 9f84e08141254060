"""Tags for alerts, notifications, tracks and refusals."""

from typing import Any

from django import template
from django.forms import BaseForm
from django.utils.safestring import SafeString

from console.components.flashes import KINDS, Flash
from console.components.refusals import why_url
from console.components.rendering import block, known, with_actions
from console.components.tracks import Track
from iam.errors import IamError

register = template.Library()


@register.simple_block_tag
def alert(content: str, kind: str, heading: str = "") -> SafeString:
    """A message that belongs to its place and stays while it is true; `{% actions %}` inside."""
    known(kind, KINDS, "alert")
    return block("alert", {**with_actions(content), "kind": kind, "heading": heading})


@register.inclusion_tag("components/flash.html")
def flash(message: Flash) -> dict[str, Any]:
    """One notification of the flashbar."""
    return {"flash": message, "icon": message.kind}


@register.inclusion_tag("components/track.html")
def track(track: Track, polls: bool = True) -> dict[str, Any]:
    """How far a change set has got; asks again by itself until it is final, with `polls=False` not."""
    return {"track": track, "polls": polls and not track.is_final and track.status_url, "links": polls}


@register.inclusion_tag("components/access_denied.html")
def access_denied(error: Any, level: int = 2) -> dict[str, Any]:
    """What stands in the place of a panel, tab or page that the caller may not read; takes the `IamError`."""
    return {"message": error.message, "code": error.code, "level": level, "why": why_url(error)}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm, heading: str = "") -> dict[str, Any]:
    """Faults of the whole form; stands directly above its buttons."""
    errors = [
        {
            "code": error.code if error.code not in (None, "invalid") else "",
            "message": message,
            "why": why_url(getattr(error, "refusal", None)),
        }
        for error in form.non_field_errors().as_data()
        for message in error.messages
    ]
    return {"errors": errors, "heading": heading}


@register.inclusion_tag("components/form_errors.html")
def form_refusal(error: IamError | None) -> dict[str, Any]:
    """What IAM refused of a part of a form, in that part; nothing without an error."""
    errors = [{"code": error.code, "message": error.message, "why": why_url(error)}] if error else []
    return {"errors": errors}
