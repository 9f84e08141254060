"""Why a request is refused: the page behind every refusal, for those who may read the policies."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.access.forms import QuestionForm
from console.access.layers import LABELS, Sight, layer_views
from console.access.reading import readable
from console.components import code
from console.components.access import refused
from console.components.navigation import find_url
from console.requests import ConsoleRequest
from iam.authorization import Authorizer, access_denied
from iam.errors import IamError
from iam.policy import PolicyType
from iam.policy.reasons import Addition, document_of
from iam.principals import Principal
from iam.queries import resources
from iam.queries.bearing import Owner, owner_of
from iam.queries.explanations import Explained, Question, explain, find_principal, given_context

CRUMBS = (("Why was access denied?", ""),)
# What lists the tags of a kind of resource, and what tells its boundary.
_TELLS_TAGS = {
    "user": "iam:ListUserTags",
    "role": "iam:ListRoleTags",
    "policy": "iam:ListPolicyTags",
    "instance-profile": "iam:ListInstanceProfileTags",
    "mfa": "iam:ListMFADeviceTags",
    "server-certificate": "iam:ListServerCertificateTags",
}
_TELLS_BOUNDARY = {"user": "iam:GetUser", "role": "iam:GetRole"}
_MFA = "aws:multifactorauthpresent"


@dataclass(frozen=True, slots=True)
class Fix:
    """A statement that is missing: where it belongs, and the document that holds nothing else."""

    where: str
    statement: str
    document: str
    is_identity: bool

    @property
    def lines(self) -> list[code.Line]:
        """The statement in colours."""
        return code.lines(self.statement)


@require_safe
def why(request: ConsoleRequest) -> HttpResponse:
    """Explain what the address asks about: a request of one's own, or of somebody whom one may simulate."""
    form = QuestionForm(request.GET)
    if not form.is_valid():
        raise BadRequest(str(form.errors))
    asked = form.cleaned_data
    given = given_context(asked["action"], asked["context"])
    question = Question(asked["action"], asked["resource"], given)
    try:
        authorizer = _authorizer_of(request, asked["principal"])
    except IamError as error:
        return refused(request, error, "Why was access denied?", CRUMBS)
    context: dict[str, Any] = {
        "question": question,
        "principal": authorizer.principal,
        "is_own": authorizer is request.authorizer,
        "crumbs": CRUMBS,
        "given": [(key, _text(value)) for key, value in given.items()],
        "now": timezone.now(),
    }
    if authorizer.principal.is_root:
        return render(request, "access/why.html", context)
    explained = explain(authorizer, question)
    return render(request, "access/why.html", {**context, **_explanation(request, authorizer, question, explained)})


def _authorizer_of(request: ConsoleRequest, arn: str) -> Authorizer:
    """Return who decides for the principal in question. Raises IamError AccessDenied before Http404."""
    own = request.principal
    if arn in {"", own.arn, own.policy_arn}:
        return request.authorizer
    context = resources.context_of(own.account_id, arn)
    request.authorizer.require("iam:SimulatePrincipalPolicy", arn, context)
    principal = find_principal(own, arn)
    if principal is None:
        raise Http404(f"No principal {arn}.")
    return Authorizer(principal)


def _explanation(
    request: ConsoleRequest, authorizer: Authorizer, question: Question, explained: Explained
) -> dict[str, Any]:
    """Return what the page shows of an explanation; what the reader may not know is not in it."""
    principal, decision = authorizer.principal, explained.decision
    refusal = (
        None
        if decision.allowed
        else access_denied(
            principal, question.action, question.resource, decision, question.context, grants=authorizer.grants
        )
    )
    context: dict[str, Any] = {"is_allowed": decision.allowed, "message": refusal.message if refusal else ""}
    may_read, others = readable(request, explained.bearings.values())
    owner = owner_of(principal)
    if not may_read and not _may_know_of_none(request, owner, others):
        return context
    sight = Sight(
        places=frozenset(item.place for item in may_read),
        is_complete=not others,
        hidden_keys=_hidden_keys(request, question.resource, explained),
    )
    views = layer_views(explained, sight, owner.name)
    denying = [view for view in views if view.mark == "deny" and "explicit deny" in view.heading]
    conditions = [condition for view in denying for shown in view.statements for condition in shown.conditions]
    return context | {
        "may_read": True,
        "is_complete": sight.is_complete,
        "layers": views,
        "is_explicit": decision.decision == "explicitDeny",
        "denying": [shown for view in denying for shown in view.statements],
        "conditions": conditions,
        "lacks_mfa": any(condition.key.lower() == _MFA for condition in conditions),
        "fixes": [_fix(addition, owner) for addition in explained.additions] if sight.is_complete else [],
        "owner": owner,
        "owner_url": find_url(f"{owner.kind.lower()}s:details", owner.name),
        "create_policy_url": find_url("policies:create"),
        "share_url": request.build_absolute_uri(share_url(principal, question)),
    }


def _may_know_of_none(request: ConsoleRequest, owner: Owner, others: list[Any]) -> bool:
    """Whether somebody without any policy may be told so: whoever could read one if there were one."""
    if others:
        return False
    context = resources.context_of(request.principal.account_id, owner.arn)
    return request.authorizer.allows(f"iam:Get{owner.kind}Policy", owner.arn, context)


def _hidden_keys(request: ConsoleRequest, resource: str, explained: Explained) -> frozenset[str]:
    """Return those keys of the resource whose values the reader may not see."""
    keys = explained.resource_keys
    kind = resource.rpartition(":")[2].partition("/")[0]
    if not keys or kind not in _TELLS_TAGS:
        return keys
    context = resources.context_of(request.principal.account_id, resource)
    hidden: set[str] = set()
    tags = {key for key in keys if "resourcetag/" in key}
    for told, action in ((tags, _TELLS_TAGS[kind]), (keys - tags, _TELLS_BOUNDARY.get(kind, ""))):
        if told and not (action and request.authorizer.allows(action, resource, context)):
            hidden |= told
    return frozenset(hidden)


def _fix(addition: Addition, owner: Owner) -> Fix:
    if addition.type is PolicyType.IDENTITY:
        where = f"A policy of {owner.kind.lower()} {owner.name} needs this statement"
    elif addition.type is PolicyType.TRUST:
        where = "The trust policy of the role needs this statement"
    else:
        where = f"The {LABELS[addition.type].lower()} must allow it, too"
    is_identity = addition.type is PolicyType.IDENTITY
    return Fix(where, addition.statement, document_of(addition.statement), is_identity)


def share_url(principal: Principal, question: Question) -> str:
    """Return the address of an explanation that means the same for everybody who opens it."""
    asked = {"action": question.action, "resource": question.resource, "principal": principal.policy_arn}
    if question.context:
        asked["context"] = json.dumps(question.context, separators=(",", ":"), sort_keys=True)
    return f"{reverse('access:why')}?{urlencode(asked)}"


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
