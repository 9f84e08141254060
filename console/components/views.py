"""The appearance of the console without script, and the gallery of components."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from console.components import gallery as samples
from console.components.appearance import THEMES, Appearance
from console.components.context import frame_record
from console.components.htmx import is_fragment, redirect_to, render_page
from console.components.navigation import find_url
from console.requests import ConsoleRequest


class AppearanceForm(forms.Form):
    """One button of the menu: either a theme or a density."""

    theme = forms.ChoiceField(choices=[(name, name) for name in THEMES], required=False)
    density = forms.ChoiceField(choices=[("compact", "compact")], required=False)
    next = forms.CharField(required=False, max_length=4096)

    def clean_next(self) -> str:
        target = str(self.cleaned_data["next"])
        return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else "/"


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Remember a theme or a density in this browser, and go back."""
    form = AppearanceForm(request.POST)
    form.is_valid()
    now = Appearance.of(request)
    chosen = Appearance(
        theme=form.cleaned_data.get("theme", now.theme) if "theme" in request.POST else now.theme,
        is_compact=form.cleaned_data.get("density") == "compact" if "density" in request.POST else now.is_compact,
        is_nav_closed=now.is_nav_closed,
    )
    response = HttpResponseRedirect(form.cleaned_data.get("next", "/"))
    chosen.remember(response)
    return response


@require_safe
def change_status(request: ConsoleRequest) -> HttpResponse:
    """Return the top bar's word on open changes; 286 once there is nothing left to wait for."""
    if not is_fragment(request):
        return HttpResponseRedirect(find_url("changes:list") or "/")
    response = render(request, "components/_change_status.html")
    is_done = not frame_record(request).moving
    return HttpResponseStopPolling(response.content) if is_done else response


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component and its states."""
    return render(request, "gallery/index.html", samples.context())


def gallery_dialog(request: HttpRequest) -> HttpResponse:
    """Show a dialog that asks for a typed name, as a page and over one."""
    form = samples.ConfirmForm(request.POST or None)
    if form.is_valid():
        return redirect_to(request, reverse("components:gallery"))
    context = {"form": form}
    return render_page(request, "gallery/dialog.html", "gallery/_dialog.html", context, 422 if form.is_bound else 200)
