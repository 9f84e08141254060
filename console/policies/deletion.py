"""Deleting policies with their versions and attachments: IAM never cascades, so the console removes those first.

A policy that limits somebody is not deleted: taking a boundary away gives permissions (console reference 8.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components import changing
from console.components.access import refusal, refused
from console.components.changing import Question, counted
from console.components.htmx import render_page
from console.policies.access import crumbs, own_policy_page
from console.policies.attaching import step_for
from console.policies.entity_picker import ENTITIES
from console.policies.picker import ARN_PATTERN
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries import policy_details, policy_usage
from iam.queries.keyset import Cut
from iam.queries.policy_details import PolicyDetails
from iam.queries.policy_usage import EntityRecord

# More are detached on the policy's own page, some at a time.
MOST_DETACHED = 500
# One page of the list at its largest.
MOST_TICKED = 100


@dataclass(frozen=True, slots=True)
class Doomed:
    """A policy to delete; who has it is `is_readable` to those who may ask."""

    policy: PolicyDetails
    attached: Sequence[EntityRecord]
    bounded: Sequence[EntityRecord]
    is_readable: bool

    @property
    def steps(self) -> list[Step]:
        """The calls that delete the policy after all that IAM wants to be gone first."""
        arn = {"PolicyArn": self.policy.arn}
        extra = [number for number in self.policy.versions if number != self.policy.default_version]
        return [
            *(step_for("Detach{}Policy", entity.key, **arn) for entity in self.attached),
            *(Step("DeletePolicyVersion", {**arn, "VersionId": f"v{number}"}) for number in extra),
            Step("DeletePolicy", arn),
        ]

    @property
    def hindrance(self) -> str:
        """Why the policy cannot be deleted now, empty where it can."""
        if self.bounded:
            names = ", ".join(f"{entity.kind.label.lower()} {entity.name}" for entity in self.bounded)
            whom = names if self.is_readable else "users or roles"
            return (
                f"{self.policy.name} is the permissions boundary of {whom}. Remove the boundary or set another first."
            )
        if len(self.attached) > MOST_DETACHED:
            return f"{self.policy.name} is attached to more than {MOST_DETACHED} entities. Detach some of them first."
        return ""


def _doomed(request: ConsoleRequest, policy: PolicyDetails) -> Doomed:
    account_id = request.principal.account_id
    some = Cut(limit=MOST_DETACHED + 1)
    attached = policy_usage.list_having(account_id, policy.pk, some, use="permissions")
    bounded = policy_usage.list_having(account_id, policy.pk, some, use="boundary")
    return Doomed(policy, attached, bounded, refusal(request, ENTITIES, policy.arn, policy.context) is None)


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def delete(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Ask for the policy's name, then delete the policy."""
    return _ask(request, [policy], reverse("policies:details", args=[policy.arn]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete_many(request: ConsoleRequest) -> HttpResponse:
    """Ask, then delete the ticked policies together; AWS's are passed over."""
    # Without it the dialog would tell which policies exist.
    error = refusal(request, "iam:ListPolicies")
    if error:
        return refused(request, error, "Delete policies", crumbs(None, ("Delete", "")))
    ticked = [arn for arn in dict.fromkeys(request.GET.getlist("policy")) if ARN_PATTERN.fullmatch(arn)][:MOST_TICKED]
    found = policy_details.find_own(request.principal.account_id, ticked)
    passed_over = sum(arn.startswith("arn:aws:iam::aws:") for arn in ticked)
    return _ask(request, found, reverse("policies:list"), passed_over)


def _ask(request: ConsoleRequest, found: list[PolicyDetails], back: str, passed_over: int = 0) -> HttpResponse:
    doomed = [_doomed(request, policy) for policy in found]
    only = found[0] if len(found) == 1 else None
    what = only.name if only else counted(len(found), "policy")
    hindrances = [item.hindrance for item in doomed if item.hindrance]
    trail = crumbs(only, ("Delete", ""))
    if hindrances or (passed_over and not found):
        reasons = hindrances or ["AWS manages the selected policies. You can detach them, but not delete them."]
        context = {"what": what if found else "AWS managed policies", "reasons": reasons, "back": back, "crumbs": trail}
        return render_page(request, "policies/not_deleted.html", "policies/_not_deleted.html", context)
    question = Question(
        heading=f"Delete {what}?",
        submit="Delete",
        steps=[step for item in doomed for step in item.steps],
        title=f"Delete policy {what}" if only else f"Delete {what}",
        done=f"Deleted {f'policy {what}' if only else what}.",
        back=back,
        next=reverse("policies:list"),
        crumbs=trail,
        text="The policy is deleted permanently, with all its versions."
        if only
        else "The policies are deleted permanently, with all their versions.",
        warning=_warning(doomed, passed_over),
        typed=only.name if only else "delete",
        typed_label="To confirm deletion, enter the policy name" if only else "To confirm deletion, enter delete",
        body="policies/_deleted.html",
        context={"rows": doomed},
    )
    return changing.ask(request, question)


def _warning(doomed: Sequence[Doomed], passed_over: int) -> str:
    sentences = []
    if any(item.attached for item in doomed):
        sentences.append("Whoever has the policy loses its permissions at once: it is detached first.")
    if passed_over:
        selected = counted(passed_over, "AWS managed policy")
        sentences.append(f"{selected} of your selection cannot be deleted and will stay.")
    return " ".join(sentences)
