"""Which kinds of resources an ARN pattern can mean, by the formats of the service catalogue."""

import re
from functools import lru_cache

from iam.policy import catalog
from iam.policy.match import arn_fields, glob

# `${BucketName}` in a format, and policy variables in a pattern.
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
# Fields whose values contain slashes; elsewhere a slash ends the field.
_WITH_SLASHES = re.compile(r"Path|ObjectName|Parameter|LogGroup|LogStream|Secret|Oidc|Key$")

_MAX_ARN_LENGTH = 2048


@lru_cache(maxsize=4096)
def formats_of(service: str, resource_type: str) -> tuple[str, ...]:
    """Return the ARN formats of a resource type; a few types have several."""
    kind = catalog.find_resource_type(service, resource_type)
    return tuple(re.split(r",\s*(?=arn:)", kind.arn)) if kind else ()


@lru_cache(maxsize=65536)
def can_mean(pattern: str, arn_format: str) -> bool:
    """Whether some ARN of a format fits a pattern, whose variables may stand for anything."""
    if not pattern.strip("*"):
        return True
    # No ARN is longer; comparing a longer pattern with every format would only cost time.
    if len(pattern) > _MAX_ARN_LENGTH:
        return False
    fields, wanted = arn_fields(_PLACEHOLDER.sub("*", pattern)), arn_fields(arn_format)
    if len(fields) < 6 or len(wanted) < 6:
        return all(_field_can_mean(field, other) for field, other in zip(fields, wanted, strict=False))
    heads = zip(fields[:5], wanted[:5], strict=True)
    return all(_field_can_mean(field, other) for field, other in heads) and _can_mean_resource(fields[5], wanted[5])


def _field_can_mean(field: str, other: str) -> bool:
    return glob(field)(other) or (_PLACEHOLDER.fullmatch(other) is not None and field != "")


@lru_cache(maxsize=8192)
def _regex(resource: str) -> re.Pattern[str]:
    """The sixth field of a format as an expression, each placeholder a group."""
    parts = _PLACEHOLDER.split(resource)
    source = "".join(
        re.escape(part) if index % 2 == 0 else "(.+)" if _WITH_SLASHES.search(part) else "([^/]+)"
        for index, part in enumerate(parts)
    )
    return re.compile(source, re.DOTALL)


def _can_mean_resource(pattern: str, resource: str) -> bool:
    if _regex(resource).fullmatch(pattern):
        return True
    return ("*" in pattern or "?" in pattern) and _meet(pattern, resource)


# What one place of a format takes: one certain character, or any but a slash, or any; then how often.
_Place = tuple[str, bool]


def _places(resource: str) -> list[_Place]:
    places: list[_Place] = []
    for index, part in enumerate(_PLACEHOLDER.split(resource)):
        if index % 2 == 0:
            places.extend((char, False) for char in part)
        else:
            kind = "any" if _WITH_SLASHES.search(part) else "segment"
            places.extend([(kind, False), (kind, True)])
    return places


def _meet(pattern: str, resource: str) -> bool:
    """Whether a pattern and a format have a text in common: the reachable pairs of places, once each."""
    places = _places(resource)
    pending = [(0, 0)]
    seen = set(pending)
    while pending:
        at, place = pending.pop()
        if at == len(pattern) and place == len(places):
            return True
        for step in _steps(pattern, at, places, place):
            if step not in seen:
                seen.add(step)
                pending.append(step)
    return False


def _steps(pattern: str, at: int, places: list[_Place], place: int) -> list[tuple[int, int]]:
    """Where matching may go on from: past a repetition without using it, or past one common character."""
    steps: list[tuple[int, int]] = []
    is_star = at < len(pattern) and pattern[at] == "*"
    repeats = place < len(places) and places[place][1]
    if is_star:
        steps.append((at + 1, place))
    if repeats:
        steps.append((at, place + 1))
    if at < len(pattern) and place < len(places) and _agree(pattern[at], places[place][0]):
        steps.append((at if is_star else at + 1, place if repeats else place + 1))
    return steps


def _agree(char: str, wanted: str) -> bool:
    if char in "*?" or wanted == "any":
        return True
    return char != "/" if wanted == "segment" else char == wanted


def parts_of(pattern: str, arn_format: str) -> list[tuple[str, str]] | None:
    """Return the fields of a format with what a pattern says for them; None when it says them otherwise."""
    fields, wanted = arn_fields(pattern), arn_fields(arn_format)
    match = _regex(wanted[5]).fullmatch(fields[5]) if len(fields) == 6 else None
    return list(zip(_PLACEHOLDER.findall(wanted[5]), match.groups(), strict=True)) if match else None
