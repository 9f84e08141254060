"""What users, groups and roles have in common: a name, an ARN, policies, and pages of the same kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.urls import reverse

from console.identities.access import refusal
from console.identities.changing import Crumbs
from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.operations import Step

Kind = Literal["User", "Group", "Role"]
# The namespace of each kind's addresses, and what its list is called.
AREAS: dict[Kind, tuple[str, str]] = {
    "User": ("users", "Users"),
    "Group": ("groups", "User groups"),
    "Role": ("roles", "Roles"),
}
# The name of the tab with the policies.
PERMISSIONS: dict[Kind, str] = {"User": "details", "Group": "permissions", "Role": "details"}


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, group or role as the pages that all have need it; `context` are its condition keys as a resource."""

    kind: Kind
    pk: int
    name: str
    arn: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    boundary_arn: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def noun(self) -> str:
        """The kind within a sentence."""
        return self.kind.lower()

    def url(self, page: str) -> str:
        """Return the address of one of its pages, such as `remove-policies`."""
        return reverse(f"{AREAS[self.kind][0]}:{page}", args=[self.name])

    @property
    def permissions_url(self) -> str:
        """Its Permissions tab."""
        return self.url(PERMISSIONS[self.kind])

    def crumbs(self, *more: tuple[str, str]) -> Crumbs:
        """Return the breadcrumbs of its pages."""
        area, label = AREAS[self.kind]
        return [(label, reverse(f"{area}:list")), (self.name, self.url("details") if more else ""), *more]

    def step(self, operation: str, **parameters: Any) -> Step:
        """Return a call about it: `Attach{}Policy` becomes AttachRolePolicy of a role."""
        return Step(operation.format(self.kind), {f"{self.kind}Name": self.name, **parameters})

    def refusal(self, request: ConsoleRequest, action: str) -> IamError | None:
        """Return why the caller may not read something of it: `List{}Tags` becomes iam:ListRoleTags."""
        return refusal(request, f"iam:{action.format(self.kind)}", self.arn, self.context)
