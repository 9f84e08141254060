"""Whom outside a zone of trust a trust policy lets in.

IAM User Guide, "How IAM Access Analyzer findings work". Conditions on who calls are decided, with callers that stand
for all outsiders; any other condition (an external id, an address, a time) is one that an outsider might meet. So
nothing that lets somebody in is passed over, and a finding may turn out to let in fewer than it seems.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iam.policy.compiled import CompiledStatement, compile_policy
from iam.policy.conditions import Test
from iam.policy.document import Effect, PrincipalEntry, Statement
from iam.policy.match import arn_fields
from iam.policy.requests import Facts, Request

EVERYONE = "*"
# Accounts that nobody has: they stand for everybody of whom no policy speaks.
_STRANGERS = ("000000000000", "999999999999")
_ACCOUNT_LENGTH = 12
# Keys that say who calls. An outsider cannot choose what they say.
_IDENTITY = frozenset({"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"})
# Conditions that keep the general public out without saying who is in.
_NARROWING = frozenset({"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:userid"})
# Whose tokens are for one application alone, so that their audience says whose users they are.
_APPLICATIONS = ("accounts.google.com:aud", "cognito-identity.amazonaws.com:aud", "graph.facebook.com:app_id")
_APPLICATION_KEYS = frozenset({*_APPLICATIONS, "www.amazon.com:app_id"})
_AUDIENCES = ("saml:aud", "saml:iss", "saml:doc", "saml:namequalifier")
# More combinations of accounts and organizations than a policy of the greatest size can name.
_MOST_CALLERS = 2000
_ACTION = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Zone:
    """Those whom an account trusts: `inside` are the accounts of the zone.

    `organization` is the account's own, empty for none, and `members` its accounts: where the zone is the account
    alone, the others of the organization are outsiders too.
    """

    inside: frozenset[str]
    organization: str = ""
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OutsideAccess:
    """One principal that a policy lets in from outside, by `actions` and under `conditions` (operator, key, values)."""

    kind: str
    principal: str
    actions: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    is_public: bool


def outside_access(text: str, role_arn: str, zone: Zone) -> list[OutsideAccess]:
    """Return whom a trust policy lets in from outside; a principal under the same conditions comes once.

    Raises PolicySyntaxError for what is no JSON.
    """
    policy = compile_policy(text)
    denials = [statement for statement in policy.statements if _always_denies(statement)]
    found: dict[tuple[object, ...], OutsideAccess] = {}
    for statement in policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        for entry in _entries(statement.statement):
            access = _Entry(entry, statement, denials, role_arn, zone).access()
            if access is None:
                continue
            key = (access.kind, access.principal, access.conditions)
            earlier = found.get(key)
            actions = (*earlier.actions, *access.actions) if earlier else access.actions
            found[key] = OutsideAccess(
                access.kind, access.principal, tuple(dict.fromkeys(actions)), access.conditions, access.is_public
            )
    return list(found.values())


def _entries(statement: Statement) -> Iterable[PrincipalEntry]:
    if statement.principal is not None:
        return statement.principal.entries
    if statement.not_principal is not None:
        # All but a few are everybody.
        return [PrincipalEntry("AWS", EVERYONE, statement.not_principal.path)]
    return ()


def _is_identity(test: Test) -> bool:
    return test.condition.key.lower() in _IDENTITY


def _always_denies(statement: CompiledStatement) -> bool:
    """Whether a denial depends on nothing that an outsider could choose."""
    return statement.effect is Effect.DENY and all(map(_is_identity, statement.tests))


class _Entry:
    """One principal of one Allow statement, and the callers that it might mean."""

    def __init__(
        self,
        entry: PrincipalEntry,
        statement: CompiledStatement,
        denials: list[CompiledStatement],
        role_arn: str,
        zone: Zone,
    ) -> None:
        self.entry = entry
        self.statement = statement
        self.denials = denials
        self.role_arn = role_arn
        self.zone = zone
        self.tests = [test for test in statement.tests if _is_identity(test)]

    def access(self) -> OutsideAccess | None:
        """Return what the entry lets in from outside, None for nothing."""
        if self.entry.kind == "Federated":
            is_let_in, is_public = not _limits_provider(self.statement), False
        elif self.entry.kind == "AWS":
            is_let_in, is_public = any(map(self._lets_in, self._callers())), self._is_public()
        else:
            # A service acts for the account that owns the role.
            is_let_in, is_public = False, False
        if not is_let_in:
            return None
        written = self.statement.statement
        conditions = tuple((each.operator, each.key, each.values) for each in written.conditions)
        actions = written.actions.values if written.actions else ()
        return OutsideAccess(self.entry.kind, self.entry.value, actions, conditions, is_public)

    def _is_public(self) -> bool:
        if self.entry.value != EVERYONE:
            return False
        if any(test.condition.key.lower() in _NARROWING for test in self.statement.tests):
            return False
        return any(self._lets_in(self._facts(_generic(account), account, "")) for account in _STRANGERS)

    def _lets_in(self, facts: Facts | None) -> bool:
        if facts is None or not all(test.holds(facts.values) for test in self.tests):
            return False
        return not any(
            denial.concerns(facts, has_principal=True) and denial.matches_conditions(facts) for denial in self.denials
        )

    # ---- who might come

    def _callers(self) -> Iterator[Facts | None]:
        number = 0
        for account in self._accounts():
            for arn in self._arns(account):
                for organization in self._organizations(account):
                    number += 1
                    if number > _MOST_CALLERS:
                        return
                    yield self._facts(arn, account, organization)

    def _accounts(self) -> list[str]:
        value = self.entry.value
        if value != EVERYONE:
            fields = arn_fields(value)
            account = fields[4] if len(fields) == 6 else value
            # What is no account is the id of somebody who is gone.
            is_outside = account.isdigit() and len(account) == _ACCOUNT_LENGTH and account not in self.zone.inside
            return [account] if is_outside else []
        named = [_account_like(value) for value in self._values("aws:principalaccount")]
        named += [_account_like(_account_field(value)) for value in self._values("aws:principalarn")]
        return [
            account
            for account in dict.fromkeys([*_STRANGERS, *named, *self.zone.members])
            if account and account not in self.zone.inside
        ]

    def _arns(self, account: str) -> list[str]:
        value = self.entry.value
        if len(arn_fields(value)) == 6 and not value.endswith(":root"):
            return [value]
        named = (_arn_like(value, account) for value in self._values("aws:principalarn"))
        return [_generic(account), f"arn:aws:iam::{account}:root", *filter(None, dict.fromkeys(named))]

    def _organizations(self, account: str) -> list[str]:
        if account in self.zone.members:
            return [self.zone.organization]
        named = [*self._values("aws:principalorgid"), *self._values("aws:principalorgpaths")]
        ids = dict.fromkeys(_filled(value.partition("/")[0], "x") for value in named)
        return ["", *(name for name in ids if name and name != self.zone.organization)]

    def _values(self, key: str) -> list[str]:
        return [value for test in self.tests if test.condition.key.lower() == key for value in test.condition.values]

    def _facts(self, arn: str, account: str, organization: str) -> Facts | None:
        context: dict[str, str | list[str]] = {"aws:PrincipalAccount": account}
        if ":assumed-role/" not in arn:
            context["aws:PrincipalArn"] = arn
        if organization:
            context["aws:PrincipalOrgID"] = organization
            paths = (value for value in self._values("aws:principalorgpaths") if value.startswith(organization))
            context["aws:PrincipalOrgPaths"] = [_filled(value, "x") for value in paths] or [f"{organization}/r-root/"]
        try:
            return Facts(Request(arn, _ACTION, self.role_arn, context=context))
        except ValueError:
            return None


def _generic(account: str) -> str:
    return f"arn:aws:iam::{account}:user/outsider"


def _filled(pattern: str, with_: str) -> str:
    """Return a text that a pattern fits."""
    return pattern.replace("*", with_).replace("?", with_[:1] or "x")


def _account_field(arn: str) -> str:
    fields = arn.split(":")
    return fields[4] if len(fields) > 4 else arn.rpartition(":")[2]


def _account_like(pattern: str) -> str:
    """Return an account id that a pattern fits, empty where none does."""
    missing = _ACCOUNT_LENGTH - len(pattern.replace("*", ""))
    if missing < 0 or (missing and "*" not in pattern):
        return ""
    filled = pattern.replace("*", "0" * missing, 1).replace("*", "").replace("?", "0")
    return filled if filled.isdigit() else ""


def _arn_like(pattern: str, account: str) -> str:
    """Return the ARN of somebody of an account that a pattern may fit, empty where the pattern is about others."""
    fields = arn_fields(pattern)
    if len(fields) != 6:
        return ""
    if not fields[4].isdigit() or fields[4] == account:
        return ":".join(["arn", "aws", _filled(fields[2], "iam"), "", account, _filled(fields[5], "outsider")])
    return ""


def _limits_provider(statement: CompiledStatement) -> bool:
    """Whether conditions say which of a provider's users may come, and not only for whom their tokens are."""
    return any(map(_limits, statement.tests))


def _limits(test: Test) -> bool:
    key, operator = test.condition.key.lower(), test.condition.operator.lower()
    if "not" in operator or operator.startswith("null") or ":" not in key:
        return False
    prefix, _, claim = key.rpartition(":")
    if prefix in {"aws", "sts"} or key in _AUDIENCES:
        return False
    if claim in {"aud", "app_id", "amr"}:
        return key in _APPLICATION_KEYS
    # GitHub's subjects begin with a word before what tells one owner from another.
    values = (value.removeprefix("repo:") for value in test.condition.values)
    return not any(value.startswith(("*", "?")) and "like" in operator for value in values)
