"""Whom a trust policy names: in the text, where names are exchanged for others, and in a few words."""

import json
from collections.abc import Iterator, Mapping

from iam.policy.document import Effect, PrincipalEntry
from iam.policy.grammar import parse
from iam.policy.match import arn_fields


def principals_of(text: str) -> tuple[PrincipalEntry, ...]:
    """Return the principals of all statements as typed. Raises PolicySyntaxError."""
    statements = parse(text).statements
    return tuple(entry for item in statements if item.principals for entry in item.principals.entries)


def with_principals(text: str, names: Mapping[str, str]) -> str:
    """Return the text with those AWS principals that `names` has exchanged for others; all else stays as typed.

    Raises PolicySyntaxError.
    """
    tree = parse(text).tree
    found = [
        (tree.find(entry.path), names[entry.value])
        for entry in principals_of(text)
        if entry.kind == "AWS" and entry.value in names
    ]
    for node, name in sorted(found, key=lambda pair: pair[0].start, reverse=True):
        text = text[: node.start] + json.dumps(name) + text[node.end :]
    return text


def trusted_entities(text: str) -> tuple[str, ...]:
    """Return whom the policy lets assume its role, as the roles list says it, such as `AWS Service: ec2`.

    Raises PolicySyntaxError.
    """
    return tuple(dict.fromkeys(_labels(text)))


def _labels(text: str) -> Iterator[str]:
    for statement in parse(text).statements:
        if statement.effect is Effect.ALLOW and statement.principal:
            yield from map(_label, statement.principal.entries)


def _label(entry: PrincipalEntry) -> str:
    if entry.kind == "Service":
        return f"AWS Service: {entry.value.removesuffix('.amazonaws.com')}"
    if entry.kind == "Federated":
        return f"Identity Provider: {entry.value}"
    fields = arn_fields(entry.value)
    return f"Account: {fields[4] if len(fields) == 6 else entry.value}"
