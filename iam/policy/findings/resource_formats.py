"""Which ARN formats of a service a resource pattern can mean."""

import re
from functools import cache

from iam.policy import catalog
from iam.policy.remembering import remember

# No resource of any service has a longer ARN.
_LONGEST = 2_048
_FIELD = re.compile(r"\$\{[^}]*\}|\*")
_WILDCARDS = re.compile(r"\$\{[^}]*\}|[*?]")
# What the catalogue lacks: AWS's own managed policies name these, and its validator does not object.
_UNLISTED = {
    "apigateway": ("/*",),
    "appflow": ("connector-profile/*",),
    "aps": ("/workspaces",),
    "autoscaling": ("scalingPolicy:*",),
    "backup": ("recovery-point:*",),
    "bedrock-agentcore": ("credential-provider/*",),
    "cloudformation": ("transform/*", "stack/*"),
    "cloudwatch": ("iotfleethub*",),
    "config": (":config-rule/*",),
    "ec2": ("vpc-endpoint:*",),
    "elasticloadbalancing": ("listener/*",),
    "grafana": ("/workspaces",),
    "kms": (":*",),
    "logs": ("/*",),
    "organizations": ("",),
    "pricingplanmanager": ("subscription:*",),
    "profile": ("/*",),
    "quicksight": ("vpcconnection/*",),
    "redshift-serverless": ("snapshotcopyconfiguration/*",),
    "robomaker": ("/*",),
    "sagemaker": ("endpointconfig/*", "canvas*", "Canvas*"),
    "secretsmanager": ("sqlworkbench!*",),
    "securityagent": ("agent-instance*",),
    "states": ("statemachine:*",),
    "sts": ("assumed-role/*", "federated-user/*"),
    "waf": ("changetoken/*",),
    "waf-regional": ("changetoken/*",),
}


class ResourceFormat:
    """The sixth field of an ARN format, as an automaton that a pattern of `*` and `?` is run through.

    States are bits: bit n stands for "the first n tokens are done". A token is a character, one arbitrary character,
    or any number of them; a field to fill is the last two in a row."""

    __slots__ = ("_anything", "_end", "_one", "_places", "head")

    def __init__(self, text: str) -> None:
        self.head = _FIELD.split(text, maxsplit=1)[0]
        self._places: dict[str, int] = {}
        self._one = self._anything = 0
        bit = 1
        position = 0
        for match in _FIELD.finditer(text):
            bit = self._add_literal(text[position : match.start()], bit)
            self._one |= bit
            self._anything |= bit << 1
            bit <<= 2
            position = match.end()
        self._end = self._add_literal(text[position:], bit)

    def _add_literal(self, text: str, bit: int) -> int:
        for char in text:
            self._places[char] = self._places.get(char, 0) | bit
            bit <<= 1
        return bit

    def can_be(self, pattern: str) -> bool:
        """Whether some resource fits both the format and the pattern."""
        head = _WILDCARDS.split(pattern, maxsplit=1)[0]
        if not (head.startswith(self.head) or (len(head) < len(pattern) and self.head.startswith(head))):
            return False
        if len(pattern) > _LONGEST:
            return True
        states = self._skip(1)
        position = 0
        for match in _WILDCARDS.finditer(pattern):
            states = self._read(states, pattern[position : match.start()])
            states = self._read_wildcard(states, match[0])
            position = match.end()
        return bool(self._read(states, pattern[position:]) & self._end)

    def _skip(self, states: int) -> int:
        return states | (states & self._anything) << 1

    def _read(self, states: int, text: str) -> int:
        for char in text:
            fits = self._places.get(char, 0) | self._one
            states = self._skip((states & fits) << 1 | states & self._anything)
        return states

    def _read_wildcard(self, states: int, wildcard: str) -> int:
        if wildcard == "?":
            return self._skip((states & ~self._anything & (self._end - 1)) << 1 | states & self._anything)
        # Any text leads from a state to all that come after it.
        return ((self._end << 1) - 1) & -(states & -states) if states else 0


@cache
def _formats(namespace: str) -> tuple[tuple[catalog.ArnFormat, ResourceFormat], ...]:
    return tuple((known, ResourceFormat(known.resource)) for known in catalog.arn_formats(namespace))


@cache
def _unlisted(namespace: str) -> tuple[ResourceFormat, ...]:
    return tuple(ResourceFormat(text) for text in _UNLISTED.get(namespace, ()))


def is_unlisted(namespace: str, resource: str) -> bool:
    """Whether a resource exists although no format of the catalogue fits it."""
    return any(form.can_be(resource) for form in _unlisted(namespace))


@remember(16384)
def formats_of(namespace: str, resource: str) -> tuple[catalog.ArnFormat, ...]:
    """Return the formats of a service that the sixth field of an ARN can belong to."""
    return tuple(known for known, form in _formats(namespace) if form.can_be(resource))
