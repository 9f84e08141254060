"""The tags of a user or a role, and the editor behind Manage tags."""

from typing import Any

from django.http import HttpResponse

from console.components import tag_pages
from console.components.tag_pages import Tagged
from console.identities.identity import Identity
from console.requests import ConsoleRequest

LIST_TAGS = "List{}Tags"


def tags_context(request: ConsoleRequest, identity: Identity) -> dict[str, Any]:
    """Return what the Tags tab shows, `identities/_tags.html`."""
    error = identity.refusal(request, LIST_TAGS)
    return {
        "refusal": error,
        "tags": () if error else identity.tags,
        "manage_url": identity.url("manage-tags"),
        "noun": identity.noun,
    }


def manage_tags(request: ConsoleRequest, identity: Identity) -> HttpResponse:
    """Edit all tags of an identity at once."""
    tagged = Tagged(
        called=f"{identity.noun} {identity.name}",
        tags=identity.tags,
        back=identity.url("tags"),
        crumbs=identity.crumbs(("Manage tags", "")),
        step=identity.step,
        refusal=identity.refusal(request, LIST_TAGS),
        ignores_case=True,
    )
    return tag_pages.manage(request, tagged)
