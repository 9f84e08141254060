"""Finding users, groups, roles and policies of an account by name, unique id, ARN, or what a policy says.

Each search is one query, whatever the number of kinds, and looks at no more rows than an account may have. The search
decides nothing: callers pass the kinds that may be listed, and ask for each policy whether it may be read.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from iam.authorization import ContextValue
from iam.models import identifiers

# As the migration that indexes the words of documents cuts them.
WORD = re.compile(r"[a-z0-9_*-]+")
LONGEST_WORD = 255
MOST_WORDS = 20
ARN = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}|aws):(?P<kind>user|group|role|policy)/(?P<rest>.*)")
UNIQUE_ID = re.compile(r"A(?:IDA|GPA|ROA|NPA)[A-Z2-7]{17}")


class Kind(StrEnum):
    """What can be found by name."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found by name; `moment` is when a role was used last and when anything else was created."""

    kind: Kind
    name: str
    arn: str
    moment: datetime | None = None
    member_count: int = 0
    is_aws_managed: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A policy whose document says what was searched for; an inline one has an owner.

    `resource` is the ARN that reading it is decided on, `context` what follows from that resource's tags.
    """

    name: str
    owner_kind: Kind | None
    owner_name: str
    resource: str
    is_aws_managed: bool
    context: dict[str, ContextValue] = field(default_factory=dict)


# For each kind its table, who may be seen in it, and its columns arn, moment, member_count and is_aws_managed.
_COLUMNS = {
    Kind.USER: ("iam_user", "account_id = %(account)s", "'', created_at, 0, false"),
    Kind.GROUP: (
        "iam_group",
        "account_id = %(account)s",
        "'', created_at, (SELECT count(*) FROM iam_membership WHERE group_id = iam_group.id), false",
    ),
    Kind.ROLE: ("iam_role", "account_id = %(account)s", "'', last_used_at, 0, false"),
    Kind.POLICY: (
        "iam_managedpolicy",
        "(account_id = %(account)s OR account_id IS NULL)",
        "arn, created_at, 0, account_id IS NULL",
    ),
}


def _escaped(text: str) -> str:
    """Return a text as LIKE looks for it in lower case: nothing in it is a wildcard."""
    return re.sub(r"([\\%_])", r"\\\1", text.lower())


def find_named(account_id: str, text: str, kinds: Collection[Kind], limit: int) -> list[Found]:
    """Return what is called so, at most `limit` of each kind; names that begin with the text come first.

    A text of several words finds names that contain them all. A unique id and an ARN, even an unfinished one, find
    what they stand for.
    """
    wanted = list(kinds)
    parameters: dict[str, Any] = {"account": account_id, "limit": limit}
    arn = ARN.match(text)
    if arn:
        wanted = [kind for kind in wanted if kind == arn["kind"] and _may_hold(kind, arn["account"], account_id)]
        text = arn["rest"].rpartition("/")[2]
    condition = "lower(name) LIKE ALL(%(contained)s)"
    if UNIQUE_ID.fullmatch(text.upper()):
        condition = "unique_id = %(unique_id)s"
        parameters["unique_id"] = text.upper()
    words = [_escaped(word) for word in text.split()[:MOST_WORDS]] or [""]
    parameters |= {"contained": [f"%{word}%" for word in words], "begins": f"{words[0]}%"}
    return _found(account_id, wanted, condition, parameters)


def _may_hold(kind: Kind, owner: str, account_id: str) -> bool:
    return owner == account_id or (kind is Kind.POLICY and owner == "aws")


def find_exactly(account_id: str, names: Collection[tuple[Kind, str]]) -> list[Found]:
    """Return those of the names, each with its kind, that are still there; policies are named by their ARN."""
    kinds = {kind for kind, _ in names}
    condition = "{key} = ANY(%({kind})s)"
    parameters: dict[str, Any] = {"account": account_id, "limit": len(names), "begins": ""}
    for kind in kinds:
        named = [name for of, name in names if of is kind]
        parameters[kind.value] = named if kind is Kind.POLICY else [name.lower() for name in named]
    return _found(account_id, [kind for kind in Kind if kind in kinds], condition, parameters)


def _found(account_id: str, kinds: Sequence[Kind], condition: str, parameters: dict[str, Any]) -> list[Found]:
    if not kinds:
        return []
    branches = []
    for kind in kinds:
        table, visible, columns = _COLUMNS[kind]
        matches = condition.format(key="arn" if kind is Kind.POLICY else "lower(name)", kind=kind.value)
        branches.append(
            f"(SELECT '{kind}', name, path, {columns} FROM {table} WHERE {visible} AND {matches} "  # noqa: S608
            "ORDER BY lower(name) NOT LIKE %(begins)s, lower(name), id LIMIT %(limit)s)"
        )
    return [
        Found(
            kind=Kind(kind),
            name=name,
            arn=arn or identifiers.arn(account_id, kind, path, name),
            moment=moment,
            member_count=member_count,
            is_aws_managed=is_aws_managed,
        )
        for kind, name, path, arn, moment, member_count, is_aws_managed in _rows(branches, parameters)
    ]


def _rows(branches: Sequence[str], parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(branches), parameters)
        return cursor.fetchall()


def _tags(table: str, owner: str) -> str:
    return f"(SELECT jsonb_object_agg('aws:ResourceTag/' || key, value)::text FROM {table} WHERE {owner})"  # noqa: S608


_SAYS = "iam_words(document) @@ %(words)s::tsquery AND lower(document) LIKE ALL(%(contained)s)"
_MANAGED = f"""
    (SELECT NULL, its.name, '', '', its.arn, its.account_id IS NULL, {_tags("iam_policytag", "policy_id = its.id")}
    FROM iam_policyversion JOIN iam_managedpolicy its ON its.id = policy_id
    WHERE is_default AND (its.account_id = %(account)s OR its.account_id IS NULL) AND {_SAYS}
    ORDER BY its.account_id IS NULL, lower(its.name), its.id LIMIT %(limit)s)"""  # noqa: S608 - constants


def _inline(kind: Kind, tags: str) -> str:
    return f"""
    (SELECT '{kind}', iam_{kind}inlinepolicy.name, its.name, its.path, '', false, {tags}
    FROM iam_{kind}inlinepolicy JOIN iam_{kind} its ON its.id = {kind}_id
    WHERE its.account_id = %(account)s AND {_SAYS}
    ORDER BY lower(iam_{kind}inlinepolicy.name), its.id LIMIT %(limit)s)"""  # noqa: S608 - constants


_MENTIONS = (
    _MANAGED,
    _inline(Kind.USER, _tags("iam_usertag", "user_id = its.id")),
    _inline(Kind.GROUP, "NULL"),
    _inline(Kind.ROLE, _tags("iam_roletag", "role_id = its.id")),
)


def find_mentions(account_id: str, text: str, limit: int) -> list[Mention]:
    """Return policies whose document contains every word of the text, at most `limit` of each kind.

    Words are found from their beginning, or from a capital inside them: `GetObject` by `geto` and by `object`. Of
    managed policies only the default version counts.
    """
    parts = text.lower().split()[:MOST_WORDS]
    words = [[word[:LONGEST_WORD] for word in WORD.findall(part)] for part in parts]
    terms = [f"'{word}':*" for part in words for word in part]
    if not all(words) or not terms:
        return []
    parameters = {
        "account": account_id,
        "limit": limit,
        "words": " & ".join(terms[:MOST_WORDS]),
        "contained": [f"%{_escaped(part)}%" for part in parts],
    }
    return [
        Mention(
            name=name,
            owner_kind=Kind(kind) if kind else None,
            owner_name=owner,
            resource=arn or identifiers.arn(account_id, kind, path, owner),
            is_aws_managed=is_aws_managed,
            context=json.loads(tags) if tags else {},
        )
        for kind, name, owner, path, arn, is_aws_managed, tags in _rows(_MENTIONS, parameters)
    ]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A managed policy with its default version, to be judged whether it grants an action."""

    name: str
    arn: str
    is_aws_managed: bool
    document: str
    context: dict[str, ContextValue]


_CANDIDATES = f"""
    SELECT its.name, its.arn, its.account_id IS NULL, document, {_tags("iam_policytag", "policy_id = its.id")}
    FROM iam_policyversion JOIN iam_managedpolicy its ON its.id = policy_id
    WHERE is_default AND (its.account_id = %(account)s OR its.account_id IS NULL)
        AND iam_words(document) @@ %(words)s::tsquery
    ORDER BY NOT iam_words(document) @@ %(service)s::tsquery, its.account_id IS NULL, lower(its.name), its.id
    LIMIT %(limit)s"""  # noqa: S608 - constants


def find_candidates(account_id: str, service: str, limit: int) -> list[Candidate]:
    """Return policies that may grant actions of a service: those that name it first, the account's own before AWS's."""
    parameters = {
        "account": account_id,
        "limit": limit,
        "service": f"'{service}'",
        "words": f"'{service}' | 'notaction' | '*'",
    }
    return [
        Candidate(name, arn, is_aws_managed, document, json.loads(tags) if tags else {})
        for name, arn, is_aws_managed, document, tags in _rows([_CANDIDATES], parameters)
    ]
