"""The guide to rotating an access key: where one stands, and what still uses the old key (console reference 6.6).

Create a second key, move the programs to it, watch the last use of the first, deactivate it, delete it.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.components.access import refused
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.components.panels import panel
from console.components.wizards import Progress, ProgressItem
from console.credentials.owners import Owner
from console.identities.readable import KEY_USE, KEYS
from console.requests import ConsoleRequest
from iam.queries.key_events import KeyUse, recent_uses
from iam.queries.users import KeyRecord

HISTORY = "cloudtrail:LookupEvents"
CREATE, WATCH, DEACTIVATE, DELETE = "create", "watch", "deactivate", "delete"
STEPS = {
    CREATE: "Create a second access key",
    WATCH: "Move your programs, and watch the old key",
    DEACTIVATE: "Deactivate the old key",
    DELETE: "Delete the old key",
}


@dataclass(frozen=True, slots=True)
class Rotation:
    """The older key and, once there are two, the newer; `is_use_known` is whether the last use may be told."""

    old: KeyRecord
    new: KeyRecord | None
    is_use_known: bool

    @property
    def is_old_in_use(self) -> bool:
        """Whether the old key signed a request after there was a new one."""
        used_at = self.old.last_used_at
        return bool(self.is_use_known and self.new and used_at and used_at >= self.new.created_at)

    @property
    def step(self) -> str:
        """Where the rotation stands."""
        if self.new is None:
            return CREATE
        if not self.old.is_active:
            return DELETE
        is_ready = self.new.is_active and self.is_use_known and not self.is_old_in_use
        # A new key that nothing has used yet says that the programs were not moved, whatever the old one does.
        return DEACTIVATE if is_ready and self.new.last_used_at else WATCH

    @property
    def progress(self) -> Progress:
        """The steps as the wizards show theirs."""
        names = list(STEPS)
        here = names.index(self.step)
        return Progress(
            "Rotate access key",
            [
                ProgressItem(index + 1, STEPS[name], "done" if index < here else "current" if index == here else "")
                for index, name in enumerate(names)
            ],
        )


def _uses(request: ConsoleRequest, key: KeyRecord) -> list[KeyUse]:
    request.authorizer.require(HISTORY)
    return recent_uses(request.principal.account_id, key.id)


@require_safe
def rotate(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Show how far the rotation of the owner's older key has got, and the way on."""
    crumbs = owner.crumbs(("Rotate access key", ""))
    denied = owner.refusal(request, KEYS)
    if denied:
        return refused(request, denied, "Rotate access key", crumbs)
    if not owner.keys:
        flash(request, "info", f"{owner.called} has no access key that could be rotated.")
        return redirect_to(request, owner.home)
    use_denied = owner.refusal(request, KEY_USE)
    new = owner.keys[1] if len(owner.keys) > 1 else None
    rotation = Rotation(owner.keys[0], new, is_use_known=not use_denied)
    context: dict[str, Any] = {
        "owner": owner,
        "crumbs": crumbs,
        "rotation": rotation,
        "use_refusal": use_denied,
        "uses": panel(lambda: _uses(request, rotation.old)),
        "create_url": owner.url("create-access-key"),
        "urls": {
            verb: f"{owner.url(f'{verb}-access-key', rotation.old.id)}?from=rotation"
            for verb in ("activate", "deactivate", "delete")
        },
        "activate_new_url": f"{owner.url('activate-access-key', new.id)}?from=rotation" if new else "",
        "back": owner.home,
    }
    return render(request, "credentials/rotation.html", context)
