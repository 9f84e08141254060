"""Views of the wizard that creates a role."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.wizards import run_step, start
from console.requests import ConsoleRequest
from console.roles.wizard import CREATE_ROLE, finish_creating


@require_safe
def create(request: ConsoleRequest) -> HttpResponse:
    """Begin to create a role."""
    return start(request, CREATE_ROLE)


@require_http_methods(["GET", "HEAD", "POST"])
def create_step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step of creating a role."""
    return run_step(request, CREATE_ROLE, draft, step, finish=finish_creating)
