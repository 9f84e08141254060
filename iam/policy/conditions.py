"""The condition operators: compiled once per document, asked with the values of a request.

IAM User Guide, "IAM JSON policy elements: Condition operators"."""

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from iam.policy import catalog
from iam.policy.document import Condition
from iam.policy.match import Template, Wildcard, arn_matcher, compiled, literal, parse_template, substitute

ContextValue = str | list[str]
# Whether one value of a request fits one value of the policy; `value_of` resolves policy variables.
ValueOf = Callable[[str], str | None]
Fits = Callable[[str, ValueOf], bool]


class Qualifier(Enum):
    """The set operators for keys that hold several values."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, slots=True)
class OperatorName:
    """A condition operator taken apart: `ForAnyValue:StringNotLikeIfExists`."""

    base: str
    qualifier: Qualifier | None
    if_exists: bool


class Values:
    """The context of a request: keys in any letter case, each with its values.

    A key without a value (null or an empty list) is absent."""

    __slots__ = ("_values",)

    def __init__(self, context: Mapping[str, ContextValue]) -> None:
        self._values: dict[str, ContextValue] = {}
        for key, value in context.items():
            if value is not None and value != []:
                self._values[key.lower()] = value

    def setdefault(self, key: str, value: ContextValue) -> None:
        self._values.setdefault(key.lower(), value)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._values

    def get(self, key: str) -> Sequence[str] | None:
        """Return all values of a key, given in lower case, or None when it is absent."""
        value = self._values.get(key)
        return (value,) if isinstance(value, str) else value

    def single(self, key: str) -> str | None:
        """Return the value a policy variable stands for: a multivalued key has none.

        A list of one is the value of a key that is not known to hold several."""
        value = self._values.get(key.lower())
        if isinstance(value, str) or value is None:
            return value
        known = catalog.find_condition_key(key)
        return value[0] if len(value) == 1 and not (known and known.is_multivalued) else None


@dataclass(frozen=True, slots=True)
class Test:
    """One compiled key of a Condition."""

    condition: Condition
    name: OperatorName | None
    key: str
    fits: tuple[Fits, ...]
    is_negated: bool
    templates: tuple[Template, ...]

    def holds(self, values: Values) -> bool:
        """Whether the request's values satisfy the condition. An unknown operator never holds."""
        if self.name is None:
            return False
        present = values.get(self.key)
        if self.name.base == "Null":
            return self._null_holds(present)
        if present is None:
            return self._absent_holds()
        value_of = values.single
        if self.name.qualifier is Qualifier.ALL:
            # An empty string is what a request gives for an empty set.
            return list(present) == [""] or all(self._fits(value, value_of) for value in present)
        if self.name.qualifier is Qualifier.ANY:
            return any(self._fits(value, value_of) for value in present)
        if self.is_negated:
            return all(self._fits(value, value_of) for value in present)
        return any(self._fits(value, value_of) for value in present)

    def _fits(self, value: str, value_of: ValueOf) -> bool:
        return any(fits(value, value_of) for fits in self.fits) != self.is_negated

    def _absent_holds(self) -> bool:
        assert self.name
        if self.name.if_exists or self.name.qualifier is Qualifier.ALL:
            return True
        return self.is_negated and self.name.qualifier is None

    def _null_holds(self, present: Sequence[str] | None) -> bool:
        assert self.name
        if self.name.qualifier is not None:
            return self.name.qualifier is Qualifier.ALL
        wanted = "true" if present is None else "false"
        return any(value.lower() == wanted for value in self.condition.values)


def compile_condition(condition: Condition, *, variables: bool) -> Test:
    """Compile one key of a Condition; `variables` is whether the document's version knows them."""
    name = operator_name(condition.operator)
    if name is None or name.base == "Null":
        return Test(condition, name, condition.key.lower(), (), False, ())
    make, is_negated = _OPERATORS[name.base]
    with_variables = variables and name.base in _WITH_VARIABLES
    templates = tuple(
        parse_template(value, variables=with_variables, wildcards=name.base in _WITH_WILDCARDS)
        for value in condition.values
    )
    fits = tuple(make(template) for template in templates)
    return Test(condition, name, condition.key.lower(), fits, is_negated, templates)


@lru_cache(maxsize=512)
def operator_name(text: str) -> OperatorName | None:
    """Take an operator's name apart; None when there is no such operator, in this spelling."""
    prefix, colon, rest = text.rpartition(":")
    qualifier = _QUALIFIERS.get(prefix)
    if colon and qualifier is None:
        return None
    if rest in BASE_OPERATORS:
        return OperatorName(rest, qualifier, False)
    base = rest.removesuffix("IfExists")
    # Null asks whether the key exists, so "if it exists" makes no sense of it.
    return OperatorName(base, qualifier, True) if base in _OPERATORS else None


def is_negated(base: str) -> bool:
    """Whether a base operator is one of the …Not… twins, which hold for an absent key."""
    return _OPERATORS[base][1] if base in _OPERATORS else False


def _constant(template: Template) -> str | None:
    """The template as text when it has no variables."""
    pieces = substitute(template, lambda key: None) if all(isinstance(p, str | Wildcard) for p in template) else None
    return None if pieces is None else literal(pieces)


def _string(template: Template) -> Fits:
    text = _constant(template)
    if text is not None:
        return lambda value, value_of: value == text

    def fits(value: str, value_of: ValueOf) -> bool:
        pieces = substitute(template, value_of)
        return pieces is not None and literal(pieces) == value

    return fits


def _string_ignoring_case(template: Template) -> Fits:
    text = _constant(template)
    if text is not None:
        folded = text.casefold()
        return lambda value, value_of: value.casefold() == folded

    def fits(value: str, value_of: ValueOf) -> bool:
        pieces = substitute(template, value_of)
        return pieces is not None and literal(pieces).casefold() == value.casefold()

    return fits


def _pattern(template: Template) -> Fits:
    constant = substitute(template, lambda key: None) if _constant(template) is not None else None
    if constant is not None:
        matches = compiled(constant)
        return lambda value, value_of: matches(value)

    def fits(value: str, value_of: ValueOf) -> bool:
        pieces = substitute(template, value_of)
        return pieces is not None and compiled(pieces)(value)

    return fits


def _arn(template: Template) -> Fits:
    def fits(value: str, value_of: ValueOf) -> bool:
        pieces = substitute(template, value_of)
        return pieces is not None and arn_matcher(pieces)(value)

    return fits


_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,6})?\Z", re.ASCII)


def read_number(text: str) -> Decimal | None:
    """Return an integer or decimal, or None for other text."""
    return Decimal(text) if _NUMBER.match(text) else None


_DATE = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d))?(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?([Zz]|[-+]\d\d(?::?\d\d)?)?)?\Z",
    re.ASCII,
)
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)
def read_date(text: str) -> Decimal | None:
    """Return an ISO 8601 date or time, or epoch seconds, as seconds since 1970; None for other text."""
    match = _DATE.match(text)
    if not match:
        return read_number(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        since = (
            datetime(int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC) - _EPOCH_START
        )
    except ValueError:
        return None
    # A minute has a 61st second when a leap second is inserted.
    if int(second or 0) > 60:
        return None
    seconds = since.days * 86400 + since.seconds + int(second or 0) - _zone_seconds(zone)
    return Decimal(seconds) + Decimal(f"0.{fraction or 0}")


def _zone_seconds(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _comparison(
    read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool]
) -> Callable[..., Fits]:
    def make(template: Template) -> Fits:
        wanted = read(_constant(template) or "")
        if wanted is None:
            return lambda value, value_of: False

        def fits(value: str, value_of: ValueOf) -> bool:
            given = read(value)
            return given is not None and compare(given, wanted)

        return fits

    return make


def _boolean(template: Template) -> Fits:
    def fits(value: str, value_of: ValueOf) -> bool:
        pieces = substitute(template, value_of)
        wanted = literal(pieces).lower() if pieces is not None else ""
        return wanted in ("true", "false") and value.lower() == wanted

    return fits


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _binary(template: Template) -> Fits:
    wanted = _decode(_constant(template) or "")
    return lambda value, value_of: wanted is not None and _decode(value) == wanted


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=4096)
def read_network(text: str) -> Network | None:
    """Return an address or CIDR range as a range, bits behind the mask ignored; None for other text."""
    _, slash, length = text.partition("/")
    # The standard library would also take a netmask, an empty length and an IPv6 zone.
    if "%" in text or (slash and not (length.isascii() and length.isdigit())):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(template: Template) -> Fits:
    network = read_network(_constant(template) or "")
    if network is None:
        return lambda value, value_of: False
    first, last, version = int(network.network_address), int(network.broadcast_address), network.version

    def fits(value: str, value_of: ValueOf) -> bool:
        given = read_network(value)
        return (
            given is not None
            and given.version == version
            and first <= int(given.network_address)
            and int(given.broadcast_address) <= last
        )

    return fits


def _comparisons(
    kind: str, read: Callable[[str], Decimal | None]
) -> Iterator[tuple[str, tuple[Callable[..., Fits], bool]]]:
    yield f"{kind}Equals", (_comparison(read, operator.eq), False)
    yield f"{kind}NotEquals", (_comparison(read, operator.eq), True)
    yield f"{kind}LessThan", (_comparison(read, operator.lt), False)
    yield f"{kind}LessThanEquals", (_comparison(read, operator.le), False)
    yield f"{kind}GreaterThan", (_comparison(read, operator.gt), False)
    yield f"{kind}GreaterThanEquals", (_comparison(read, operator.ge), False)


# How to compile a value, and whether the key must fit none of the values instead of any.
_OPERATORS: dict[str, tuple[Callable[..., Fits], bool]] = {
    "StringEquals": (_string, False),
    "StringNotEquals": (_string, True),
    "StringEqualsIgnoreCase": (_string_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_string_ignoring_case, True),
    "StringLike": (_pattern, False),
    "StringNotLike": (_pattern, True),
    **dict(_comparisons("Numeric", read_number)),
    **dict(_comparisons("Date", read_date)),
    "Bool": (_boolean, False),
    "BinaryEquals": (_binary, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
}
BASE_OPERATORS = (*_OPERATORS, "Null")
_QUALIFIERS = {qualifier.value: qualifier for qualifier in Qualifier}
_WITH_WILDCARDS = {"StringLike", "StringNotLike", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}
_WITH_VARIABLES = {name for name in _OPERATORS if name.startswith(("String", "Arn"))} | {"Bool"}
