"""Views of the wizard that creates a role."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.views_of_steps import UNJUDGED
from console.components.wizards import run_step, start_prefilled
from console.requests import ConsoleRequest
from console.roles.trust_form import STEP as TRUST
from console.roles.wizard import CREATE_ROLE, finish_creating


@require_safe
def create(request: ConsoleRequest) -> HttpResponse:
    """Begin to create a role, whose trusted entity is the identity provider that the address may name."""
    arn = request.GET.get("provider", "")[:2048]
    answers = {TRUST: _trust_in(arn)} if arn else {}
    return start_prefilled(request, CREATE_ROLE, answers)


def _trust_in(arn: str) -> dict[str, list[str]]:
    kind = "saml" if ":saml-provider/" in arn else "web-identity"
    return {"entity_type": [kind], "shown": [kind], "provider": [arn], "access": ["console"], UNJUDGED: ["1"]}


@require_http_methods(["GET", "HEAD", "POST"])
def create_step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step of creating a role."""
    return run_step(request, CREATE_ROLE, draft, step, finish=finish_creating)
