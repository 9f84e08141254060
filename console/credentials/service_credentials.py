"""Service-specific credentials: generated and reset, their secret shown once (console reference 6.8)."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.components.downloads import offer_csv
from console.components.fields import RevealingRadio
from console.components.flashes import flash
from console.components.forms import ConsoleForm, Refusal
from console.components.htmx import redirect_to, render_page
from console.credentials.kinds import SERVICE_CREDENTIALS, SERVICES, Service
from console.credentials.owners import Owner
from console.credentials.standing import find
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step, perform_change_set
from iam.operations.drafts import DraftGoneError, create_draft, delete_draft
from iam.operations.shapes import constraint
from iam.queries.credentials import ServiceCredentialRecord

# What a form that makes a secret begins: sent twice, by a double click or a reload, it makes one.
ONCE = "service-credential"
AGE = constraint("CreateServiceSpecificCredential", "CredentialAgeDays")
NEVER, CUSTOM = "never", "custom"


class SecretForm(ConsoleForm):
    """A form whose answer shows a secret, and which is carried out once."""

    draft = forms.UUIDField(widget=forms.HiddenInput)


class ApiKeyForm(SecretForm):
    """An API key, which may expire."""

    parameter_fields: ClassVar = {"CredentialAgeDays": "days"}

    age = forms.ChoiceField(
        label="API key expiration",
        choices=[
            ("5", "5 days"),
            ("30", "30 days"),
            ("90", "90 days"),
            ("365", "365 days"),
            (CUSTOM, "Custom duration"),
            (NEVER, "Never expires"),
        ],
        initial="30",
        widget=RevealingRadio([CUSTOM]),
    )
    days = forms.IntegerField(
        label="Days until it expires",
        required=False,
        min_value=AGE.minimum,
        max_value=AGE.maximum,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), f"Enter a number from {AGE.minimum} to {AGE.maximum}, such as 60."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a number of days where none of the usual was chosen."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("age") != CUSTOM:
            self.errors.pop("days", None)
        elif "days" not in self.errors and not cleaned.get("days"):
            self.add_error("days", "Enter the number of days, such as 60.")
        return cleaned

    @property
    def credential_age(self) -> int | None:
        """After how many days the key expires, None for never."""
        age = self.cleaned_data["age"]
        if age == NEVER:
            return None
        return int(self.cleaned_data["days"] if age == CUSTOM else age)


def _service(slug: str) -> Service:
    found = next((service for service in SERVICES if service.slug == slug), None)
    if found is None:
        raise Http404(f"{slug} is no service with credentials of its own.")
    return found


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def generate(request: ConsoleRequest, owner: Owner, for_service: str) -> HttpResponse:
    """Ask, then give the owner a credential for a service and show its secret, the only time."""
    service = _service(for_service)
    if owner.user is None:
        raise Http404
    kind = ApiKeyForm if service.is_api_key else SecretForm
    form = kind(request.POST if request.method == "POST" else None)
    heading = f"Generate {service.one}"
    if form.is_valid():
        age = form.credential_age if isinstance(form, ApiKeyForm) else None
        parameters = {**owner.named, "ServiceName": service.name, "CredentialAgeDays": age}
        step = Step("CreateServiceSpecificCredential", parameters)
        title, done = f"{heading} {owner.whose}: {service.heading}", f"Generated {service.one}."
        if answer := _perform(request, owner, form, service, step, title, done):
            return answer
    return _show(request, owner, form, heading, {"service": service, "submit": heading})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: ConsoleRequest, owner: Owner, credential_id: str) -> HttpResponse:
    """Ask, then replace the secret of a credential and show the new one, the only time."""
    found = find(request, owner, SERVICE_CREDENTIALS, credential_id)
    assert isinstance(found, ServiceCredentialRecord)
    service = next(service for service in SERVICES if service.name == found.service_name)
    form = SecretForm(request.POST if request.method == "POST" else None)
    heading = f"Reset {service.secret}"
    if form.is_valid():
        step = Step("ResetServiceSpecificCredential", {**owner.named, "ServiceSpecificCredentialId": credential_id})
        title, done = f"{heading} {found.user_name} {owner.whose}", f"Reset the {service.secret} of {found.user_name}."
        if answer := _perform(request, owner, form, service, step, title, done):
            return answer
    return _show(request, owner, form, heading, {"service": service, "credential": found, "submit": heading})


def _show(request: ConsoleRequest, owner: Owner, form: SecretForm, heading: str, more: dict[str, Any]) -> HttpResponse:
    if not form.is_bound:
        form.initial["draft"] = create_draft(request.principal, ONCE)
    context = {
        "title": heading,
        "form": form,
        "action": request.path,
        "back": owner.home,
        "crumbs": owner.crumbs((heading, "")),
        "dialog": "credentials/_generate.html",
        **more,
    }
    status = 422 if form.errors else 200
    return render_page(request, "credentials/dialog.html", "credentials/_generate.html", context, status=status)


def _perform(
    request: ConsoleRequest, owner: Owner, form: SecretForm, service: Service, step: Step, title: str, done: str
) -> HttpResponse | None:
    """Return the page with the secret, None where IAM refused and the form says why."""

    def once() -> None:
        delete_draft(request.principal, ONCE, form.cleaned_data["draft"])

    try:
        performed = perform_change_set(request.principal, [step], title=title, first=once)
    except DraftGoneError:
        flash(request, "warning", "This form was sent already. Its secret is not shown a second time.")
        return redirect_to(request, owner.home)
    except IamError as error:
        form.add_error(form.field_of(error.parameter), Refusal(error))
        return None
    flash(request, "success", done, change_set_id=performed.change_set_id)
    return _show_secret(request, owner, service, performed.results[0]["ServiceSpecificCredential"])


def _show_secret(request: ConsoleRequest, owner: Owner, service: Service, shape: dict[str, Any]) -> HttpResponse:
    name = shape.get("ServiceUserName") or shape["ServiceCredentialAlias"]
    secret = shape.get("ServicePassword") or shape["ServiceCredentialSecret"]
    header = ("API key name", "API key") if service.is_api_key else ("User Name", "Password")
    file = f"{owner.name}_{service.slug}_credentials.csv"
    context = {
        "title": service.heading,
        "service": service,
        "name": name,
        "secret": secret,
        "expires_at": shape.get("ExpirationDate"),
        "back": owner.home,
        "download_url": owner.download_url,
        "offer": offer_csv(request, file, header, [(name, secret)], user_name=owner.name),
        "hands_over": not owner.is_own,
        "crumbs": owner.crumbs((service.heading, "")),
        "dialog": "credentials/_service_secret.html",
    }
    return render_page(request, "credentials/dialog.html", "credentials/_service_secret.html", context)
