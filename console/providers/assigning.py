"""Giving a provider's users a role: a new one, or one that exists (console reference 9.3)."""

from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.fields import Option
from console.components.forms import ConsoleForm
from console.components.htmx import redirect_to, render_page
from console.providers.access import crumbs, provider_page, url_of
from console.requests import ConsoleRequest
from iam.queries.providers import ProviderRecord


class AssignForm(ConsoleForm):
    """Which role."""

    parameter_fields: ClassVar = {}

    role = forms.ChoiceField(
        label="Role",
        choices=(
            ("new", Option("Create a new role", "Its trust policy names this provider.")),
            ("existing", Option("Use an existing role", "Open the role and let its trust policy name the provider.")),
        ),
        initial="new",
        widget=forms.RadioSelect,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@provider_page
def assign_role(request: ConsoleRequest, provider: ProviderRecord) -> HttpResponse:
    """Lead to the role."""
    form = AssignForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if form.cleaned_data["role"] == "new":
            return redirect_to(request, f"{reverse('roles:create')}?{urlencode({'provider': provider.arn})}")
        return redirect_to(request, reverse("roles:list"))
    context = {
        "form": form,
        "name": provider.name,
        "arn": provider.arn,
        "action": request.path,
        "back": url_of(provider),
        "crumbs": crumbs(provider, ("Assign role", "")),
    }
    status = 422 if form.errors else 200
    return render_page(request, "providers/assign.html", "providers/_assign.html", context, status=status)
