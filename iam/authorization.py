"""Deciding whether a principal may do something, from committed state, with the policy language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

from django.utils import timezone

from iam import events, policy
from iam.errors import IamError
from iam.grants import Grants, grants_of
from iam.principals import Principal

ContextValue = str | list[str]

# Compiled once per text: a changed policy is another text, so nothing here can be stale.
compile_policy = lru_cache(maxsize=4096)(policy.compile_policy)

_REASONS = {
    "identity": ("an identity-based policy", "no identity-based policy allows"),
    "boundary": ("a permissions boundary", "no permissions boundary allows"),
    "session": ("a session policy", "no session policy allows"),
    "resource": ("a resource-based policy", "no resource-based policy allows"),
    "trust": ("the role trust policy", "no role trust policy allows"),
    "scp": ("a service control policy", ""),
}


def principal_context(principal: Principal, tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """Return the condition keys that follow from who calls, from where and when.

    See the IAM User Guide, "AWS global condition context keys".
    """
    now = timezone.now()
    context: dict[str, ContextValue] = {
        **_caller_context(principal),
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SecureTransport": "true" if principal.source.is_secure else "false",
        "aws:RequestedRegion": "us-east-1",
        "aws:ViaAWSService": "false",
    }
    if principal.source.ip:
        context["aws:SourceIp"] = principal.source.ip
    if principal.source.user_agent:
        context["aws:UserAgent"] = principal.source.user_agent
    if principal.session_issued_at:
        # Finer than AWS's second: revoking sessions must not catch those that begin in the same second afterwards.
        issued = principal.session_issued_at.astimezone(UTC).isoformat(timespec="microseconds")
        context["aws:TokenIssueTime"] = issued.replace("+00:00", "Z")
        context["aws:MultiFactorAuthPresent"] = "false"
    # Requests signed with a long-term key have neither key, unless a code comes with them: that is why policies say
    # BoolIfExists.
    if principal.mfa_authenticated_at:
        age = now - principal.mfa_authenticated_at
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = str(int(age.total_seconds()))
    for key, value in tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    return context


def _caller_context(principal: Principal) -> dict[str, ContextValue]:
    """Return the condition keys that say who calls; none for somebody whom only a provider knows so far."""
    if principal.is_vouched_for:
        return {}
    session = principal.session
    context: dict[str, ContextValue] = {
        **(session.claims if session else {}),
        "aws:PrincipalArn": principal.policy_arn,
        "aws:PrincipalAccount": principal.account_id,
        "aws:PrincipalType": str(principal.type),
        "aws:userid": principal.unique_id,
    }
    if principal.is_user:
        context["aws:username"] = principal.name
    if principal.is_assumed_root:
        context["aws:AssumedRoot"] = "true"
    if session and session.source_identity:
        context["aws:SourceIdentity"] = session.source_identity
    if session and session.provider:
        context["aws:FederatedProvider"] = session.provider
    return context


@dataclass(frozen=True, slots=True)
class Guard:
    """A resource's own policy and the account it belongs to; `document` is None where there is no such resource."""

    account_id: str
    document: str | None


class Authorizer:
    """Decides for one principal; reads its policies once, so it must not outlive the request or operation.

    `require` and `allows` note each decision; `record_reads` appends the notes to the event history.
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._grants: Grants | None = None
        self._noted: dict[tuple[str, tuple[str, ...]], events.Read] = {}

    @property
    def grants(self) -> Grants:
        """What the principal brings to each decision, read once."""
        if self._grants is None:
            self._grants = grants_of(self.principal)
        return self._grants

    def decide(
        self,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
        *,
        guard: Guard | None = None,
    ) -> policy.Decision:
        """Return the decision about one action on one resource. Not for root, whom no policy limits.

        `guard` is the resource's own policy, where it has one: a role's trust policy.
        """
        grants = self.grants
        owner = guard.account_id if guard else self.principal.account_id
        request = policy.Request(
            principal={"federated": self.principal.arn} if self.principal.is_vouched_for else self.principal.arn,
            action=action,
            resource=resource,
            resource_account=owner,
            context={
                **principal_context(self.principal, grants.tags),
                "aws:ResourceAccount": owner,
                **(context or {}),
            },
        )
        # A void session must not get in even where a trust policy names it.
        document = guard.document if guard and not grants.is_void else None
        policies = policy.PolicySet(
            identity=[compile_policy(text) for text in grants.identity],
            boundaries=[compile_policy(text) for text in grants.boundary],
            session=[compile_policy(text) for text in grants.session],
            resource=compile_policy(document) if document is not None else None,
        )
        return policy.evaluate(request, policies)

    def check(
        self,
        action: str,
        resource: str = "*",
        context: Mapping[str, ContextValue] | None = None,
        *,
        guard: Guard | None = None,
    ) -> None:
        """Raise IamError AccessDenied unless the action is allowed."""
        if self.principal.is_unlimited:
            return
        decision = self.decide(action, resource, context, guard=guard)
        if not decision.allowed:
            raise access_denied(self.principal, action, resource, decision, context, grants=self.grants)

    def denies(self, action: str, resource: str, context: Mapping[str, ContextValue] | None = None) -> bool:
        """Whether a policy denies the action, not only fails to allow it."""
        return self.decide(action, resource, context).decision is policy.Outcome.EXPLICIT_DENY

    def require(
        self,
        action: str,
        resource: str = "*",
        context: Mapping[str, ContextValue] | None = None,
    ) -> None:
        """Like `check`, for what a page shows: the read is noted for the event history, denied or not."""
        error = None
        try:
            self.check(action, resource, context)
        except IamError as refusal:
            error = refusal
            raise
        finally:
            self._note(action, () if resource == "*" else (resource,), error)

    def allows(
        self,
        action: str,
        resource: str = "*",
        context: Mapping[str, ContextValue] | None = None,
    ) -> bool:
        """Whether a page may show something; notes the read like `require`."""
        try:
            self.require(action, resource, context)
        except IamError:
            return False
        return True

    def allows_each(self, action: str, resources: Mapping[str, Mapping[str, ContextValue]]) -> set[str]:
        """Return those ARNs of a list that the action is allowed on; `resources` maps each to its context.

        The decisions are noted together, as one allowed and one denied read, so that a list of a hundred rows does not
        bury the event history.
        """
        refused = {} if self.principal.is_unlimited else self._refusals(action, resources)
        allowed = set(resources) - set(refused)
        for arns, error in ((allowed, None), (set(refused), next(iter(refused.values()), None))):
            if arns:
                self._note(action, tuple(sorted(arns)), error)
        return allowed

    def _refusals(self, action: str, resources: Mapping[str, Mapping[str, ContextValue]]) -> dict[str, IamError]:
        refused: dict[str, IamError] = {}
        for arn, context in resources.items():
            try:
                self.check(action, arn, context)
            except IamError as refusal:
                refused[arn] = refusal
        return refused

    def _note(self, action: str, arns: tuple[str, ...], error: IamError | None) -> None:
        service, _, name = action.partition(":")
        self._noted.setdefault((action, arns), events.Read(name, service, arns, error))

    def record_reads(self) -> None:
        """Append the noted reads to the event history, in one insert."""
        if self._noted:
            events.record_reads_of_page(self.principal, self._noted.values())
            self._noted.clear()


class AccessDenied(IamError):
    """A refusal by policies, with what was asked: `context` has the keys that the call gave besides its principal's.

    It may hold tags of the resource, which the refused have no right to know; neither may they know the `decision`, nor
    the `grants` that tell the names of its policies.
    """

    def __init__(
        self,
        message: str,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue],
        *,
        decision: policy.Decision,
        grants: Grants,
    ) -> None:
        super().__init__("AccessDenied", message)
        self.action = action
        self.resource = resource
        self.context = context
        self.decision = decision
        self.grants = grants


def access_denied(
    principal: Principal,
    action: str,
    resource: str,
    decision: policy.Decision,
    context: Mapping[str, ContextValue] | None = None,
    *,
    grants: Grants,
) -> AccessDenied:
    """Return the refusal in AWS's form (IAM User Guide, "Troubleshoot access denied error messages")."""
    explicit, implicit = _REASONS.get(str(decision.decided_by), _REASONS["identity"])
    if decision.request.resource_account != principal.account_id:
        # Across accounts AWS gives no reason, which would tell about the other account's policies.
        reason = ""
    elif str(decision.decision) == "explicitDeny" or not implicit:
        reason = f" with an explicit deny in {explicit}"
    else:
        reason = f" because {implicit} the {action} action"
    message = f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource}{reason}"
    if principal.is_vouched_for:
        message = f"Not authorized to perform {action}"
    return AccessDenied(message, action, resource, context or {}, decision=decision, grants=grants)
