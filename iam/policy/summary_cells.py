"""What the cells of the summary tables say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from iam.policy import catalog
from iam.policy.arn_formats import can_mean, formats_of, parts_of
from iam.policy.document import Condition, Statement
from iam.policy.match import arn_fields, is_everything

ALL_RESOURCES = "All resources"
NONE, MULTIPLE = "None", "Multiple"


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """A resource of an action, as the innermost table shows it."""

    resource: str
    region: str
    account: str
    condition: str


def one_of(texts: Sequence[str]) -> str:
    """Return what a cell shows: nothing, the one text, or that there are several."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return NONE
    return distinct[0] if len(distinct) == 1 else MULTIPLE


_OPERATOR_WORDS = {"IpAddress": "IP address", "NotIpAddress": "not IP address", "Bool": "bool", "Null": "null"}


def condition_texts(statement: Statement) -> Iterator[str]:
    for condition in statement.conditions:
        for value in condition.values:
            yield f"{condition.key} | {operator_words(condition)} | {value}"


def operator_words(condition: Condition) -> str:
    """Return an operator as the console words it: `StringNotLike` is "string not like"."""
    prefix, colon, base = condition.operator.rpartition(":")
    if base in _OPERATOR_WORDS:
        words = _OPERATOR_WORDS[base]
    else:
        words = "".join(f" {char.lower()}" if char.isupper() else char for char in base).strip()
    return f"{prefix}{colon} {words}" if prefix else words


@lru_cache(maxsize=8192)
def resource_text(resource: str, prefix: str) -> str:
    if is_everything(resource):
        return ALL_RESOURCES
    for kind in catalog.resource_types(prefix):
        for arn_format in formats_of(prefix, kind.name):
            parts = parts_of(resource, arn_format) if can_mean(resource, arn_format) else None
            if parts:
                return ", ".join(f"{name} | string like | {_all(value)}" for name, value in parts)
    return resource


def _all(value: str) -> str:
    return "All" if is_everything(value) else value


@lru_cache(maxsize=8192)
def resource_line(resource: str, prefix: str, condition: str) -> ResourceLine:
    fields = arn_fields(resource)
    region, account = (fields[3], fields[4]) if len(fields) == 6 else ("*", "*")
    return ResourceLine(
        resource=resource_text(resource, prefix),
        region="All regions" if region in ("", "*") else region,
        account="All accounts" if account in ("", "*") else account,
        condition=condition,
    )
