"""The table of an identity's policies: rows that open in place, and what removing one means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.identities.access import refusal
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import identity_policies
from iam.queries.identity_policies import JOB_FUNCTION, IdentityPolicy

TYPES = ("AWS managed", JOB_FUNCTION, "Customer managed", "Customer inline")
# More open rows than this are nobody's wish.
MOST_OPEN = 20
# Ten of its own, ten from each of ten groups, and inline ones: all policies stand on one page.
ALL_ROWS = 1000
SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy, once for each way an identity has it; `document` or `refusal` is there while the row is open."""

    policy: IdentityPolicy
    groups: tuple[str, ...] = ()
    edit_url: str = ""
    toggle_url: str = ""
    is_open: bool = False
    document: str = ""
    refusal: IamError | None = None

    @property
    def key(self) -> str:
        """What a check box of the row says: no name and no ARN contains the separator."""
        policy = self.policy
        if policy.arn:
            return SEPARATOR.join(("group-managed" if self.groups else "managed", policy.arn))
        return SEPARATOR.join(("group-inline", policy.group, policy.name) if self.groups else ("inline", policy.name))

    @property
    def via(self) -> str:
        """The column Attached via, where it is no group."""
        return "Inline" if self.policy.is_inline else "Directly"


def policies_table(area: str, *, has_groups: bool) -> Table:
    """Return the table; only users have policies through groups."""
    columns = [
        Column("name", "Policy name", is_sortable=True, is_fixed=True),
        Column("type", "Type", is_sortable=True, is_fixed=True),
    ]
    last = Column("via", "Attached via", is_fixed=True) if has_groups else Column("about", "Description", is_fixed=True)
    choices = (("", "All types"), *((kind, kind) for kind in TYPES))
    return Table(area=area, columns=(*columns, last), filters=(Filter("type", "Filter by type", choices),))


def rows_of(own: Iterable[IdentityPolicy], through_groups: Iterable[IdentityPolicy] = ()) -> list[PolicyRow]:
    """Return a row for each policy; a managed policy that several groups bring has one."""
    rows = [PolicyRow(policy) for policy in own]
    shared: dict[tuple[str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str], IdentityPolicy] = {}
    for policy in through_groups:
        key = (policy.arn, "" if policy.arn else policy.group, policy.name)
        first.setdefault(key, policy)
        shared.setdefault(key, []).append(policy.group)
    rows += [PolicyRow(first[key], groups=tuple(sorted(groups, key=str.lower))) for key, groups in shared.items()]
    return rows


def page_of_policies(request: ConsoleRequest, table: Table, rows: Sequence[PolicyRow], opened: Any) -> Page[PolicyRow]:
    """Return the table's page; `opened` returns an open row with its document or with the reason it stays closed."""
    query = replace(table.read(request), page_size=ALL_ROWS, cursor=None, number=1)
    chosen = [row for row in rows if _matches(row, query)]
    chosen.sort(key=lambda row: (row.policy.type if query.sort == "type" else "", row.policy.name.lower(), row.key))
    if query.is_descending:
        chosen.reverse()
    open_keys = request.GET.getlist("expand")[:MOST_OPEN]
    shown = []
    for row in chosen:
        toggled = [key for key in open_keys if key != row.key] + ([] if row.key in open_keys else [row.key])
        linked = replace(row, toggle_url=_with_open(query, toggled), is_open=row.key in open_keys)
        shown.append(opened(linked) if linked.is_open else linked)
    return Page(table, query, shown, key=lambda row: [row.key], total=len(rows), matches=len(chosen))


def _matches(row: PolicyRow, query: TableQuery) -> bool:
    return query.search.lower() in row.policy.name.lower() and query.filters["type"] in {"", row.policy.type}


def _with_open(query: TableQuery, keys: Sequence[str]) -> str:
    url = query.url()
    opened = urlencode([("expand", key) for key in keys])
    return f"{url}{'&' if '?' in url else '?'}{opened}" if opened else url


def managed_opened(request: ConsoleRequest, row: PolicyRow) -> PolicyRow:
    """Return the row of a managed policy with its default version, or with the reason why not."""
    for action in ("iam:GetPolicy", "iam:GetPolicyVersion"):
        error = refusal(request, action, row.policy.arn)
        if error:
            return replace(row, refusal=error)
    return replace(row, document=identity_policies.document_of(row.policy, request.principal.account_id))
