"""The list of users."""

import re
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.components import tables
from console.components.htmx import render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.identities import readable as seen
from console.identities.access import refusal
from console.identities.readable import Readable, readable
from console.requests import ConsoleRequest
from console.users.lines import Line
from iam.errors import IamError
from iam.queries import users
from iam.queries.keyset import Cut
from iam.queries.users import OLD, UserCounts, UserRecord

ACCESS_KEY_ID = re.compile(r"A[A-Z2-7]{19}")
USERS = Table(
    area="users",
    columns=(
        Column("name", "User name", is_sortable=True, is_fixed=True),
        Column("path", "Path", is_sortable=True, is_default=False),
        Column("groups", "Groups", is_sortable=True),
        Column("group_count", "Group count", is_sortable=True, is_default=False, is_number=True),
        Column("last_activity", "Last activity", is_sortable=True),
        Column("mfa", "MFA"),
        Column("password_age", "Password age", is_sortable=True),
        Column("last_sign_in", "Console last sign-in", is_sortable=True, is_default=False),
        Column("keys", "Access key ID"),
        Column("key_age", "Active key age", is_sortable=True),
        Column("key_last_used", "Access key last used", is_sortable=True, is_default=False),
        Column("arn", "ARN", is_default=False),
        Column("created", "Creation time", is_sortable=True, is_default=False),
        Column("console", "Console access", is_default=False),
    ),
    filters=(
        Filter(
            "state",
            "Filter users",
            (
                ("", "All users"),
                ("without-mfa", "Without MFA"),
                ("unused", "Unused for 90 days"),
                ("old-keys", "Active keys older than 90 days"),
                ("console", "With console access"),
                ("no-console", "Without console access"),
                ("no-groups", "In no group"),
            ),
        ),
    ),
)
# What a column, a filter or an order by that column tells, and so which actions it needs.
NEEDS = {
    "groups": (seen.GROUPS,),
    "group_count": (seen.GROUPS,),
    "last_activity": (seen.KEYS, seen.KEY_USE),
    "mfa": (seen.DEVICES,),
    "password_age": (seen.PASSWORD,),
    "last_sign_in": (seen.PASSWORD,),
    "keys": (seen.KEYS,),
    "key_age": (seen.KEYS,),
    "key_last_used": (seen.KEYS, seen.KEY_USE),
    "console": (seen.PASSWORD,),
    "without-mfa": (seen.DEVICES,),
    "unused": (seen.KEYS, seen.KEY_USE),
    "old-keys": (seen.KEYS,),
    "no-console": (seen.PASSWORD,),
    "no-groups": (seen.GROUPS,),
}

NOTHING: frozenset[str] = frozenset()


def _line(row: Readable, columns: tuple[str, ...], now: datetime) -> Line:
    user = row.user
    border = now - OLD
    longest = timedelta(days=user.max_password_age) if user.max_password_age else OLD
    activity = user.last_activity_at
    return Line(
        user=user,
        columns=columns,
        denied=frozenset(column for column in columns if row.denied.intersection(NEEDS.get(column, ())))
        if row.denied
        else NOTHING,
        is_idle=activity is None or activity < border,
        is_password_old=user.password_changed_at is not None and user.password_changed_at < now - min(longest, OLD),
        is_key_old=any(key.created_at < border for key in user.active_keys),
        today=now.date(),
    )


def lines(request: ConsoleRequest, found: list[UserRecord], columns: tuple[str, ...]) -> list[Line]:
    """Return rows of a table of users, for the columns it shows."""
    actions = dict.fromkeys(action for column in columns for action in NEEDS.get(column, ()))
    now = timezone.now()
    return [_line(row, columns, now) for row in readable(request, found, tuple(actions))]


def _hidden_order(request: ConsoleRequest, query: TableQuery) -> IamError | None:
    """Return why an order or a filter would tell what the caller may not read of everybody."""
    everybody = users.user_arn(request.principal.account_id, "*")
    for word in (query.sort, query.filters["state"]):
        for action in NEEDS.get(word, ()):
            error = refusal(request, action, everybody)
            if error:
                return error
    return None


def _key_owner(request: ConsoleRequest, search: str) -> int | None:
    """Return the user whose access key was searched for, if the caller may list that user's keys."""
    if not ACCESS_KEY_ID.fullmatch(search):
        return None
    owner = users.find_key_owner(request.principal.account_id, search)
    if owner and request.authorizer.allows(seen.KEYS, owner.arn, owner.context):
        return owner.pk
    return None


def page_of_users(request: ConsoleRequest, query: TableQuery) -> Page[Line]:
    """Return the page of a table of users that the address asks for."""
    account_id = request.principal.account_id
    state = query.filters.get("state", "")
    owner = _key_owner(request, query.search)
    cursor = query.cursor
    cut = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found, counts = users.look_at_users(account_id, cut, query.search, state, owner)
    return _page(query, lines(request, found, query.columns), counts)


def _page(query: TableQuery, rows: list[Line], counts: UserCounts) -> Page[Line]:
    return Page(USERS, query, rows, key=lambda row: row.user.sort_key, total=counts.total, matches=counts.matches)


@require_safe
def list_users(request: ConsoleRequest) -> HttpResponse:
    """Show the users, a page at a time."""
    query = USERS.read(request)
    denied = refusal(request, "iam:ListUsers")
    hidden = None if denied else _hidden_order(request, query)
    page = _page(query, [], UserCounts(0, 0)) if denied or hidden else page_of_users(request, query)
    context = {"page": page, "refusal": denied or hidden, "counter": "" if denied or hidden else page.total}
    say = "" if denied else page.announcement
    return render_page(request, "users/list.html", "users/_table.html", context, say=say)


@require_http_methods(["GET", "HEAD", "POST"])
def table_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, USERS, "Users", reverse("users:list"))
