"""Searching for one reader: each kind under its own permission, and what was not searched said so."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from console.changes.access import visible_to
from console.changes.contexts import LABELS
from console.components.navigation import find_url
from console.requests import ConsoleRequest
from console.search import tasks
from console.search.aws_actions import find_actions
from console.search.options import Option, Results, Section, key_of, open_url, option_of, page_of
from console.search.recent import find_recent
from iam.errors import IamError
from iam.queries import changes, users
from iam.queries.search import Found, Kind, Mention, find_mentions, find_named

# One letter is in every document.
SHORTEST_STATEMENT = 3
# A policy is read for each of these at most, allowed or not.
MOST_JUDGED = 10
KEY_ID = re.compile(r"AKIA[A-Z2-7]{16}")
LIST_ACTIONS = {
    Kind.USER: ("iam:ListUsers", "Users"),
    Kind.GROUP: ("iam:ListGroups", "User groups"),
    Kind.ROLE: ("iam:ListRoles", "Roles"),
    Kind.POLICY: ("iam:ListPolicies", "Policies"),
}
READ_ACTIONS = {
    None: "iam:GetPolicyVersion",
    Kind.USER: "iam:GetUserPolicy",
    Kind.GROUP: "iam:GetGroupPolicy",
    Kind.ROLE: "iam:GetRolePolicy",
}
# What each page of an identity calls the key of an open inline policy.
INLINE_PAGES = {Kind.USER: "users:details", Kind.GROUP: "groups:permissions", Kind.ROLE: "roles:details"}


def allowed_kinds(request: ConsoleRequest) -> list[Kind]:
    """Return the kinds that the caller may list."""
    return [kind for kind, (action, _) in LIST_ACTIONS.items() if request.authorizer.allows(action)]


def suggest(request: ConsoleRequest) -> Results:
    """Return what an empty search shows: what was opened lately, and the pages."""
    kinds = allowed_kinds(request)
    recent = [option_of(found) for found in find_recent(request, kinds)]
    sections = [Section("Recent", recent), Section("Pages", tasks.pages(""))]
    return Results("", [section for section in sections if section.options], _limits(request, kinds))


def search(request: ConsoleRequest, text: str, limit: int) -> Results:
    """Search everything, showing at most `limit` lines of each kind."""
    kinds = allowed_kinds(request)
    account_id = request.principal.account_id
    wish = tasks.read_wish(text)
    found = find_named(account_id, wish.name, kinds, limit) if wish.name else []
    found += _key_owner(request, text, kinds)
    # A kind whose pages this installation does not have leads nowhere.
    found = [each for each in found if page_of(each.kind, key_of(each))]
    hits = wish.name.split()
    identities = [option_of(each, hits) for each in found if each.kind is not Kind.POLICY]
    policies = [option_of(each, hits) for each in found if each.kind is Kind.POLICY]
    sections = [
        Section("Identities", identities),
        Section("Policies", policies),
        Section("Actions", [*tasks.general(text), *tasks.about(wish, found, account_id)]),
        Section("Policies that say it", _mentions(request, text, limit)),
        Section("AWS actions", find_actions(text, limit)),
        Section("Pages", tasks.pages(text)),
        Section("Changes", _changes(request, text)),
    ]
    return Results(text, [section for section in sections if section.options], _limits(request, kinds))


def _key_owner(request: ConsoleRequest, text: str, kinds: Sequence[Kind]) -> list[Found]:
    if Kind.USER not in kinds or not KEY_ID.fullmatch(text.upper()):
        return []
    owner = users.find_key_owner(request.principal.account_id, text.upper())
    if owner is None or not request.authorizer.allows("iam:ListAccessKeys", owner.arn, owner.context):
        return []
    return [Found(Kind.USER, owner.name, owner.arn, owner.created_at)]


def _mentions(request: ConsoleRequest, text: str, limit: int) -> list[Option]:
    """Return the policies that say what was typed; one that may not be read is never matched."""
    if len(text) < SHORTEST_STATEMENT:
        return []
    found = find_mentions(request.principal.account_id, text, max(limit, MOST_JUDGED))
    readable: list[Mention] = []
    for kind, action in READ_ACTIONS.items():
        mine = [mention for mention in found if mention.owner_kind is kind]
        resources = {mention.resource: mention.context for mention in mine}
        allowed = request.authorizer.allows_each(action, resources) if resources else set()
        readable += [mention for mention in mine if mention.resource in allowed]
    options = (_mention_option(mention, text) for mention in readable)
    return [option for option in options if option][:limit]


def _mention_option(mention: Mention, text: str) -> Option | None:
    if mention.owner_kind is None:
        note = "AWS managed" if mention.is_aws_managed else "Customer managed"
        url = open_url(Kind.POLICY, mention.resource) if page_of(Kind.POLICY, mention.resource) else None
    else:
        note = f"Inline, {mention.owner_kind.value} {mention.owner_name}"
        page = find_url(INLINE_PAGES[mention.owner_kind], mention.owner_name)
        url = f"{page}?expand={quote(f'inline|{mention.name}', safe='')}" if page else None
    return Option(mention.name, url, "policy", note, text.split()) if url else None


def _changes(request: ConsoleRequest, text: str) -> list[Option]:
    visible = visible_to(request, is_repeated=True)
    found = changes.find_titled(visible.rows, request.principal.account_id, text)
    options = []
    for record in found:
        url = find_url("changes:details", str(record.id))
        if url:
            _, state = LABELS.get(record.state, ("", "Failed"))
            options.append(Option(record.title, url, "changes", f"{state}, {record.actor_name}", text.split()))
    return options


def _limits(request: ConsoleRequest, kinds: Sequence[Kind]) -> list[str]:
    limits = [
        f"{label} are not searched: you are not authorized to perform {action}."
        for kind, (action, label) in LIST_ACTIONS.items()
        if kind not in kinds
    ]
    # Asked about a name that nothing has, so that the sentence says nothing about what there is.
    account_id = request.principal.account_id
    for action, resource, what in (
        ("iam:ListAccessKeys", f"arn:aws:iam::{account_id}:user/*", "Access key IDs find only users whose keys"),
        (
            "iam:GetPolicyVersion",
            f"arn:aws:iam::{account_id}:policy/*",
            "Statements are searched only in policies that",
        ),
    ):
        try:
            request.authorizer.check(action, resource)
        except IamError:
            limits.append(f"{what} you may read ({action}).")
    return limits
