"""Inline policies of a user."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.identities import inline
from console.identities.access import refusal, unknown
from console.identities.inline import Owner
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from iam.queries import identity_policies
from iam.queries.identity_policies import IdentityPolicy
from iam.queries.users import UserRecord


def _owner(user: UserRecord, heading: str, names: list[str]) -> Owner:
    back = reverse("users:details", args=[user.name])
    return Owner("User", user.name, back, crumbs(user.name, (heading, "")), names)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def create(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Embed a new policy in a user."""
    may_list = refusal(request, "iam:ListUserPolicies", user.arn, user.context) is None
    names = [policy.name for policy in identity_policies.inline_of_user(user.pk)] if may_list else []
    return inline.edit(request, _owner(user, "Create inline policy", names))


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def edit(request: ConsoleRequest, user: UserRecord, policy: str) -> HttpResponse:
    """Change what an inline policy says."""
    owner = _owner(user, policy, [])
    error = refusal(request, "iam:GetUserPolicy", user.arn, user.context)
    if error:
        return inline.edit(request, owner, name=policy, document="", refusal=error)
    document = identity_policies.document_of(IdentityPolicy(policy), request.principal.account_id, user=user.name)
    if not document:
        raise unknown("user policy", policy)
    return inline.edit(request, owner, name=policy, document=document)
