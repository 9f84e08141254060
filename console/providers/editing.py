"""Pages with one form that changes a provider by one call."""

from django.http import HttpResponse
from django.shortcuts import render

from console.components import changing
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.providers.access import crumbs, url_of
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries.providers import ProviderRecord


def change(
    request: ConsoleRequest, provider: ProviderRecord, form: ConsoleForm, step: Step, *, title: str, done: str
) -> HttpResponse | None:
    """Perform the call of a valid form and go back to the provider; None where it is not valid, or was refused."""
    if form.is_valid():
        with errors_on(form):
            changing.change(request, [step], title=f"{title} of {provider.name}", done=done)
            return redirect_to(request, url_of(provider))
    return None


def show(
    request: ConsoleRequest, provider: ProviderRecord, form: ConsoleForm, *, heading: str, button: str, about: str
) -> HttpResponse:
    """Show the form."""
    context = {
        "form": form,
        "heading": heading,
        "button": button,
        "about": about,
        "name": provider.name,
        "back": url_of(provider),
        "crumbs": crumbs(provider, (heading, "")),
    }
    return render(request, "providers/form.html", context, status=422 if form.errors else 200)
