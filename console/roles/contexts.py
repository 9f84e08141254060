"""What stands on every page of a role: the summary, and the tabs."""

from typing import Any

from django.urls import reverse

from console.components import formats
from console.requests import ConsoleRequest
from console.roles.access import identity_of
from console.switchrole.links import switch_role_url
from iam.queries.roles import RoleRecord

HOUR = 3600


def duration(seconds: int) -> str:
    """Return `1 hour`, `12 hours`, or the seconds where they are no whole hours."""
    hours, rest = divmod(seconds, HOUR)
    if rest:
        return f"{seconds:,} seconds"
    return f"{hours} hour{'' if hours == 1 else 's'}"


def link_to_switch(request: ConsoleRequest, role: RoleRecord) -> str:
    """Return the address that switches to a role, empty for one that no person could switch to."""
    return (
        switch_role_url(request, request.account, f"{role.path}{role.name}".lstrip("/")) if role.trusts_accounts else ""
    )


def page_context(request: ConsoleRequest, role: RoleRecord, tab: str) -> dict[str, Any]:
    """Return summary, tabs and breadcrumbs; what the caller may not read of the role is gone from them."""
    identity = identity_of(role)
    are_tags_denied = identity.refusal(request, "List{}Tags") is not None
    are_profiles_denied = identity.refusal(request, "ListInstanceProfilesFor{}") is not None
    pages = (
        ("Permissions", "details", None),
        ("Trust relationships", "trust", None),
        ("Tags", "tags", None if are_tags_denied else len(role.tags)),
        ("Access", "access", None),
        ("Last Accessed", "last-accessed", None),
        ("Revoke sessions", "revoke-sessions", None),
        ("History", "history", None),
    )
    return {
        "role": role,
        "name": role.name,
        "identity": identity,
        "duration": duration(role.max_session_duration),
        "switch_url": link_to_switch(request, role),
        "last_activity": formats.age(role.last_used_at),
        "are_profiles_denied": are_profiles_denied,
        "profiles": () if are_profiles_denied else role.instance_profiles,
        "tabs": [(label, reverse(f"roles:{page}", args=[role.name]), count) for label, page, count in pages],
        "tab": tab,
        "crumbs": identity.crumbs(),
    }
