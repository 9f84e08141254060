"""Documents made ready for many decisions."""

from collections.abc import Iterable, Iterator

from iam.policy.conditions import Test, compile_condition
from iam.policy.document import Effect, Element, Policy, Statement, read_policy
from iam.policy.match import ActionPatterns, ResourcePattern, variables_of
from iam.policy.parser import parse_tree
from iam.policy.principals import Closeness, reach
from iam.policy.requests import Facts


class CompiledStatement:
    """A statement whose patterns and conditions are compiled."""

    __slots__ = ("actions", "effect", "index", "not_actions", "not_resources", "resources", "statement", "tests")

    def __init__(self, statement: Statement, *, variables: bool) -> None:
        self.statement = statement
        self.index = statement.index
        self.effect = statement.effect
        self.actions = _actions(statement.action)
        self.not_actions = _actions(statement.not_action)
        self.resources = _resources(statement.resource, variables)
        self.not_resources = _resources(statement.not_resource, variables)
        self.tests: tuple[Test, ...] = tuple(
            compile_condition(condition, variables=variables) for condition in statement.conditions
        )

    def matches_action(self, facts: Facts) -> bool:
        """Whether the action is named, or not named by NotAction."""
        if self.actions is not None and not self.actions.match(facts.service, facts.name):
            return False
        if self.not_actions is not None:
            return not self.not_actions.match(facts.service, facts.name)
        return self.actions is not None

    def matches_resource(self, facts: Facts, *, is_identity_side: bool) -> bool:
        """Whether the resource is named, or not named by NotResource.

        A resource policy may leave the element out: it means the resource it is attached to."""
        if self.resources is not None and not _any_fits(self.resources, facts, is_identity_side):
            return False
        if self.not_resources is not None:
            return not _any_fits(self.not_resources, facts, is_identity_side)
        return self.resources is not None or not is_identity_side

    def matches_conditions(self, facts: Facts) -> bool:
        """Whether every condition holds."""
        values = facts.values
        return all(test.holds(values) for test in self.tests)

    def closeness(self, facts: Facts) -> Closeness:
        """How the statement's principals reach the caller."""
        statement = self.statement
        if self.effect is Effect.DENY and statement.not_principal is not None and facts.is_limited_by_boundary:
            # IAM User Guide, "NotPrincipal": with Deny it hits whoever has a permissions boundary, listed or not.
            return Closeness.DIRECT
        reached = [
            reach(element, facts) for element in (statement.principal, statement.not_principal) if element is not None
        ]
        return min(reached, default=Closeness.NONE)

    def concerns(self, facts: Facts, *, has_principal: bool) -> bool:
        """Whether action, resource and principal match; conditions are left to `matches_conditions`.

        `has_principal` is whether the policy is of a type whose statements name principals."""
        return (
            self.matches_action(facts)
            and self.matches_resource(facts, is_identity_side=not has_principal)
            and (not has_principal or self.closeness(facts) is not Closeness.NONE)
        )

    def context_keys(self) -> Iterator[str]:
        """Yield the context keys that conditions and variables ask for, as they are spelled."""
        for test in self.tests:
            yield test.condition.key
            for template in test.templates:
                yield from (piece.key for piece in variables_of(template))
        for pattern in (*(self.resources or ()), *(self.not_resources or ())):
            yield from (variable.key for variable in pattern.variables)


def _actions(element: Element | None) -> ActionPatterns | None:
    return None if element is None else ActionPatterns(element.values)


def _resources(element: Element | None, variables: bool) -> tuple[ResourcePattern, ...] | None:
    if element is None:
        return None
    return tuple(ResourcePattern(value, variables=variables) for value in element.values)


def _any_fits(patterns: Iterable[ResourcePattern], facts: Facts, may_be_short: bool) -> bool:
    resource, fields, value_of = facts.resource, facts.fields, facts.values.single
    return any(pattern.match(resource, fields, value_of, may_be_short=may_be_short) for pattern in patterns)


class CompiledPolicy:
    """A document ready for decisions. Immutable in use; share it and cache it by its text."""

    __slots__ = ("_by_service", "_everywhere", "policy", "statements")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.statements = tuple(
            CompiledStatement(statement, variables=policy.has_variables) for statement in policy.statements
        )
        self._everywhere: tuple[CompiledStatement, ...] = tuple(filter(_is_everywhere, self.statements))
        services: set[str] = set()
        for statement in self.statements:
            if statement.actions is not None:
                services |= statement.actions.services
        self._by_service = {
            service: tuple(item for item in self.statements if _is_everywhere(item) or _names(item, service))
            for service in services
        }

    def candidates(self, service: str) -> tuple[CompiledStatement, ...]:
        """Return the statements that may have something to say about a service's actions."""
        return self._by_service.get(service, self._everywhere)

    def context_keys(self) -> list[str]:
        """Return the condition keys that the document asks for, each once, as first spelled."""
        found: dict[str, str] = {}
        for statement in self.statements:
            for key in statement.context_keys():
                found.setdefault(key.lower(), key)
        return list(found.values())


def _is_everywhere(statement: CompiledStatement) -> bool:
    if statement.effect is None:
        return False
    actions = statement.actions
    return statement.not_actions is not None if actions is None else actions.is_any_service


def _names(statement: CompiledStatement, service: str) -> bool:
    return statement.effect is not None and statement.actions is not None and service in statement.actions.services


def compile_policy(text: str) -> CompiledPolicy:
    """Compile a stored document: what has no readable shape in it never applies.

    Raises PolicySyntaxError for what is no JSON."""
    return CompiledPolicy(read_policy(parse_tree(text)))
