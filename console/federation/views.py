"""What an account publishes as an issuer of tokens (OpenID Connect Discovery 1.0, section 4)."""

from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from console.signin.middleware import public
from iam.queries.issuers import issuer_url, public_keys

_KEPT_SECONDS = 60 * 60


@public
@require_safe
@cache_control(public=True, max_age=_KEPT_SECONDS)
def configuration(_request: HttpRequest, issuer: UUID) -> JsonResponse:
    """Tell who the issuer is and where its keys are."""
    found = public_keys(issuer)
    if not found:
        raise Http404
    url = issuer_url(issuer)
    return JsonResponse(
        {
            "issuer": url,
            "jwks_uri": f"{url}/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [key["alg"] for key in found],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "jti"],
        }
    )


@public
@require_safe
@cache_control(public=True, max_age=_KEPT_SECONDS)
def keys(_request: HttpRequest, issuer: UUID) -> JsonResponse:
    """Return the public keys of an issuer."""
    found = public_keys(issuer)
    if not found:
        raise Http404
    return JsonResponse({"keys": found})
