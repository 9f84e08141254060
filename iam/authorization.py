"""Deciding whether a principal may do something, from committed state, with the policy language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.utils import timezone

from iam import events, policy
from iam.errors import IamError
from iam.models import (
    GroupInlinePolicy,
    PolicyVersion,
    UserInlinePolicy,
    UserTag,
)
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


@dataclass(frozen=True, slots=True)
class Grants:
    """What a user brings to a decision: documents of identity policies and of the boundary, and tags."""

    identity: Sequence[str] = ()
    boundary: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def grants_of_user(user_pk: int) -> Grants:
    """Read the policies that bear on a user, in one query: own, inline, of groups, the boundary, and the tags."""

    def labelled(rows: "QuerySet[Any]", kind: str, first: str, second: str) -> "QuerySet[Any, Any]":
        return rows.order_by().values_list(Value(kind, CharField()), F(first), F(second))

    default = PolicyVersion.objects.filter(is_default=True)
    name = "policy__name"
    rows = labelled(
        default.filter(policy__user_attachments__user=user_pk),
        "identity",
        name,
        "document",
    ).union(
        labelled(
            default.filter(policy__group_attachments__group__memberships__user=user_pk),
            "identity",
            name,
            "document",
        ),
        labelled(
            UserInlinePolicy.objects.filter(user=user_pk),
            "identity",
            "name",
            "document",
        ),
        labelled(
            GroupInlinePolicy.objects.filter(group__memberships__user=user_pk),
            "identity",
            "name",
            "document",
        ),
        labelled(default.filter(policy__bounded_users=user_pk), "boundary", name, "document"),
        labelled(UserTag.objects.filter(user=user_pk), "tag", "key", "value"),
        all=True,
    )
    found: dict[str, list[tuple[str, str]]] = {
        "identity": [],
        "boundary": [],
        "tag": [],
    }
    for kind, key, value in rows:
        found[kind].append((key, value))
    return Grants(
        identity=tuple(document for _, document in found["identity"]),
        boundary=tuple(document for _, document in found["boundary"]),
        tags=dict(found["tag"]),
    )


def principal_context(principal: Principal, tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """Return the condition keys that follow from who calls, from where and when.

    See the IAM User Guide, "AWS global condition context keys".
    """
    now = timezone.now()
    context: dict[str, ContextValue] = {
        "aws:PrincipalArn": principal.arn,
        "aws:PrincipalAccount": principal.account_id,
        "aws:PrincipalType": str(principal.type),
        "aws:userid": principal.unique_id,
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SecureTransport": "true" if principal.source.is_secure else "false",
        "aws:RequestedRegion": "us-east-1",
        "aws:ViaAWSService": "false",
        "aws:ResourceAccount": principal.account_id,
    }
    if not principal.is_root:
        context["aws:username"] = principal.name
    if principal.source.ip:
        context["aws:SourceIp"] = principal.source.ip
    if principal.source.user_agent:
        context["aws:UserAgent"] = principal.source.user_agent
    # Requests signed with a long-term key have neither key: that is why policies say BoolIfExists.
    if principal.session_issued_at:
        context["aws:TokenIssueTime"] = principal.session_issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        context["aws:MultiFactorAuthPresent"] = "true" if principal.mfa_authenticated_at else "false"
        if principal.mfa_authenticated_at:
            age = now - principal.mfa_authenticated_at
            context["aws:MultiFactorAuthAge"] = str(int(age.total_seconds()))
    for key, value in tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    return context


class Authorizer:
    """Decides for one principal; reads its policies once, so it must not outlive the request or operation.

    `require` and `allows` note each decision; `record_reads` appends the notes to the event history.
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._grants: Grants | None = None
        self._noted: dict[tuple[str, str], events.Event] = {}

    def decide(
        self,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> policy.Decision:
        """Return the decision about one action on one resource. Not for root, whom no policy limits."""
        if self._grants is None:
            self._grants = grants_of_user(self.principal.user_pk) if self.principal.user_pk else Grants()
        grants = self._grants
        request = policy.Request(
            principal=self.principal.arn,
            action=action,
            resource=resource,
            resource_account=self.principal.account_id,
            context={
                **principal_context(self.principal, grants.tags),
                **(context or {}),
            },
        )
        policies = policy.PolicySet(
            identity=[compile_policy(document) for document in grants.identity],
            boundaries=[compile_policy(document) for document in grants.boundary],
        )
        return policy.evaluate(request, policies)

    def check(
        self,
        action: str,
        resource: str = "*",
        context: Mapping[str, ContextValue] | None = None,
    ) -> None:
        """Raise IamError AccessDenied unless the action is allowed."""
        if self.principal.is_root:
            return
        decision = self.decide(action, resource, context)
        if not decision.allowed:
            raise access_denied(self.principal, action, resource, decision)

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
            self._noted.setdefault((action, resource), self._read(action, [] if resource == "*" else [resource], error))

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
        refused: dict[str, IamError] = {}
        for arn, context in resources.items():
            try:
                self.check(action, arn, context)
            except IamError as refusal:
                refused[arn] = refusal
        allowed = set(resources) - set(refused)
        for arns, error in ((allowed, None), (set(refused), next(iter(refused.values()), None))):
            if arns:
                key = (action, " ".join(sorted(arns)))
                self._noted.setdefault(key, self._read(action, sorted(arns), error))
        return allowed

    def _read(self, action: str, arns: Sequence[str], error: IamError | None) -> events.Event:
        service, _, name = action.partition(":")
        return events.event_of_call(
            self.principal, name, service=service, is_read_only=True, resources=arns, error=error
        )

    def record_reads(self) -> None:
        """Append the noted reads to the event history, in one insert."""
        if self._noted:
            events.record_reads(*self._noted.values())
            self._noted.clear()


def access_denied(principal: Principal, action: str, resource: str, decision: policy.Decision) -> IamError:
    """Return the refusal in AWS's form (IAM User Guide, "Troubleshoot access denied error messages")."""
    explicit, implicit = _REASONS.get(str(decision.decided_by), _REASONS["identity"])
    if str(decision.decision) == "explicitDeny" or not implicit:
        reason = f"with an explicit deny in {explicit}"
    else:
        reason = f"because {implicit} the {action} action"
    return IamError(
        "AccessDenied",
        f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource} {reason}",
    )
