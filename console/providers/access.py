"""Finding identity providers for a page, with what its caller may not read taken out."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse
from django.urls import reverse

from console.components.access import refusal, refused
from console.components.changing import Crumbs
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step
from iam.queries import providers
from iam.queries.providers import OidcProviderRecord, ProviderRecord, SamlProviderRecord

Arguments = ParamSpec("Arguments")
SAML, OIDC = "SAML", "OpenID Connect"


def type_of(provider: ProviderRecord) -> str:
    """Return the type as the console writes it."""
    return SAML if isinstance(provider, SamlProviderRecord) else OIDC


def title_of(arn: str) -> str:
    """Return the kind of a provider as operations are named after it."""
    return "SAMLProvider" if ":saml-provider/" in arn else "OpenIDConnectProvider"


def step(provider: ProviderRecord, operation: str, **parameters: Any) -> Step:
    """Return a call about a provider: `Delete{}` becomes DeleteSAMLProvider."""
    title = title_of(provider.arn)
    return Step(operation.format(title), {f"{title}Arn": provider.arn, **parameters})


def kind_and_name(arn: str) -> tuple[str, str]:
    """Return what changes call a provider: `saml-provider`, `Okta`."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    return kind, name


def url_of(provider: ProviderRecord, page: str = "details") -> str:
    """Return the address of one of a provider's pages."""
    return reverse(f"providers:{page}", args=[provider.arn])


def crumbs(provider: ProviderRecord | None, *more: tuple[str, str]) -> Crumbs:
    """Return the breadcrumbs of a provider's pages."""
    trail = [("Identity providers", reverse("providers:list"))]
    if provider:
        trail.append((provider.name, url_of(provider) if more else ""))
    return [*trail, *more]


def denied(request: ConsoleRequest, provider: ProviderRecord, action: str) -> IamError | None:
    """Return why the caller may not read something of a provider: `List{}Tags` becomes iam:ListSAMLProviderTags."""
    return refusal(request, f"iam:{action.format(title_of(provider.arn))}", provider.arn, provider.context)


def open_provider(request: ConsoleRequest, arn: str) -> ProviderRecord:
    """Return a provider whose page is asked for. Raises IamError AccessDenied before Http404."""
    found = providers.find_provider(request.principal.account_id, arn)
    request.authorizer.require(f"iam:Get{title_of(arn)}", arn, found.context if found else None)
    if found is None:
        raise Http404(f"There is no identity provider {arn} in this account.")
    return found


def provider_page(
    view: Callable[Concatenate[ConsoleRequest, Any, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the provider that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, arn: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            provider = open_provider(request, arn)
        except IamError as error:
            name = arn.partition("/")[2]
            return refused(request, error, name, [*crumbs(None), (name, "")])
        return view(request, provider, *args, **kwargs)

    return opened


def _only(
    kind: type[ProviderRecord], view: Callable[Concatenate[ConsoleRequest, Any, Arguments], HttpResponse]
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    @wraps(view)
    def opened(
        request: ConsoleRequest, provider: ProviderRecord, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if not isinstance(provider, kind):
            raise Http404(f"{provider.name} has no such page.")
        return view(request, provider, *args, **kwargs)

    return provider_page(opened)


def saml_page(
    view: Callable[Concatenate[ConsoleRequest, SamlProviderRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Like `provider_page`, for SAML providers alone."""
    return _only(SamlProviderRecord, view)


def oidc_page(
    view: Callable[Concatenate[ConsoleRequest, OidcProviderRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Like `provider_page`, for OpenID Connect providers alone."""
    return _only(OidcProviderRecord, view)
