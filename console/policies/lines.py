"""The rows of the list of policies: what each shows, and what it points at."""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from console.components import formats
from console.components.icons import icon
from console.components.lines import NOWRAP, Cells, cells_of, drawn
from console.components.markup import markup
from console.components.navigation import find_url
from console.components.templatetags.ui_tables import select_row
from console.components.templatetags.ui_text import copy
from iam.queries.policies import PolicyRecord, PolicyType

# Longer descriptions are cut; the policy's page has all of it.
SHOWN_DESCRIPTION = 120


@dataclass(frozen=True, slots=True)
class Line:
    """A policy and the columns to show of it; `today` is the day that its ages count from."""

    policy: PolicyRecord
    columns: tuple[str, ...]
    today: date

    @property
    def own_name(self) -> str:
        """The name that changes call it by; AWS's policies have the same names as others, and no changes."""
        return self.policy.name if self.policy.type is PolicyType.CUSTOMER_MANAGED else ""

    @property
    def cells(self) -> SafeString:
        """The check box and the cells."""
        return drawn(self)

    def draw(self) -> SafeString:
        """Draw the cells."""
        policy = self.policy
        check_box = select_row("policy", policy.arn, "policies-selection", label=policy.name)
        heading = markup(
            '<th scope="row"><span class="policy-name">{}{}<a href="{}">{}</a></span></th>',
            _expander(policy),
            icon("shield") if policy.type is not PolicyType.CUSTOMER_MANAGED else "",
            find_url("policies:details", policy.arn),
            policy.name,
        )
        return SafeString(f"{check_box}{heading}{cells_of(policy, self.columns, CELLS)}")


def _expander(policy: PolicyRecord) -> SafeString:
    return markup(
        '<a class="expander" role="button" href="{0}" data-expander aria-expanded="false" aria-label="Show {1}" '
        'hx-get="{0}" hx-target="closest tr" hx-swap="afterend" hx-select="unset" hx-trigger="click once"></a>',
        find_url("policies:document", policy.arn),
        policy.name,
    )


def _used_as(policy: PolicyRecord) -> str:
    uses = []
    if policy.attachment_count:
        uses.append(f"Permissions policy ({policy.attachment_count:,})")
    if policy.boundary_count:
        uses.append(f"Permissions boundary ({policy.boundary_count:,})")
    return ", ".join(uses) or formats.muted("None")


def _description(policy: PolicyRecord) -> str:
    text = policy.description
    if len(text) > SHOWN_DESCRIPTION:
        return f"{text[:SHOWN_DESCRIPTION].rstrip()}…"
    return text or formats.muted("–")


def _arn(policy: PolicyRecord) -> str:
    return copy(policy.arn, "ARN")


CELLS: Cells[PolicyRecord] = {
    "type": (NOWRAP, lambda policy: policy.type.label),
    "used": (NOWRAP, _used_as),
    "description": ("", _description),
    "created": (NOWRAP, lambda policy: formats.age(policy.created_at)),
    "updated": (NOWRAP, lambda policy: formats.age(policy.updated_at)),
    "path": ("", lambda policy: formats.breakable(policy.path)),
    "arn": ("", _arn),
}
