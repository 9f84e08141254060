"""The addresses of pages about credentials, which exist once for each user and once for oneself."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path

from console.credentials import access_keys, access_keys_wizard, rotation, service_credentials, standing, uploads
from console.credentials.kinds import KINDS, Kind
from console.identities import names  # noqa: F401  registers <iam:name>
from console.signin.freshness import requires_recent_sign_in

View = Callable[..., HttpResponse]


def _about(view: View, kind: Kind) -> View:
    return wraps(view)(partial(view, kind=kind))


def addresses(door: Callable[[View], View], begin: str = "") -> list[URLPattern]:
    """Return the URLs below `begin`; `door` gives a view the owner that the address names."""

    def page(route: str, view: View, name: str) -> URLPattern:
        return path(begin + route, door(view), name=name)

    def fresh(route: str, view: View, name: str) -> URLPattern:
        return path(begin + route, requires_recent_sign_in(door(view)), name=name)

    found = [
        page("access-keys/rotate/", rotation.rotate, "rotate-access-key"),
        fresh("access-keys/create/", access_keys_wizard.create, "create-access-key"),
        fresh("access-keys/create/<uuid:draft>/<slug:step>/", access_keys_wizard.create_step, "create-access-key-step"),
        page("access-keys/<iam:key_id>/describe/", access_keys.describe, "describe-access-key"),
        fresh("access-keys/<iam:key_id>/activate/", access_keys.activate, "activate-access-key"),
        page("access-keys/<iam:key_id>/deactivate/", access_keys.deactivate, "deactivate-access-key"),
        page("access-keys/<iam:key_id>/delete/", access_keys.delete, "delete-access-key"),
        fresh("signing-certificates/upload/", uploads.upload_certificate, "upload-signing-certificate"),
        fresh("ssh-public-keys/upload/", uploads.upload_ssh_key, "upload-ssh-public-key"),
        fresh(
            "service-credentials/generate/<slug:for_service>/",
            service_credentials.generate,
            "generate-service-credential",
        ),
        fresh("service-credentials/<iam:credential_id>/reset/", service_credentials.reset, "reset-service-credential"),
    ]
    verbs: dict[str, Any] = {
        "activate": standing.activate,
        "deactivate": standing.deactivate,
        "delete": standing.delete,
    }
    for kind in KINDS:
        for verb, view in verbs.items():
            route = f"{kind.slug}/<iam:credential_id>/{verb}/"
            address = fresh if verb == "activate" else page
            found.append(address(route, _about(view, kind), kind.page(verb)))
    return found
