"""My security credentials, of an IAM user and of the root user (console reference 11.1, 11.2)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.credentials import panels
from console.credentials.owners import Owner
from console.mfa.panel import panel_of
from console.requests import ConsoleRequest

TABS = (
    ("AWS IAM credentials", "security-credentials"),
    ("AWS CodeCommit credentials", "codecommit"),
    ("Amazon Keyspaces credentials", "keyspaces"),
    ("API keys", "api-keys"),
)


def _frame(owner: Owner, tab: str) -> dict[str, Any]:
    of_user = "My security credentials (IAM user)" if owner.user else "My security credentials (root user)"
    return {
        "owner": owner,
        "heading": of_user,
        "tabs": [(label, reverse(f"credentials:{page}"), None) for label, page in TABS] if owner.user else [],
        "tab": tab,
    }


@require_safe
def show(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Show who calls, and what signs in and signs requests as them."""
    context = {
        **_frame(owner, TABS[0][0]),
        "sign_in": panels.console_sign_in(request, owner) if owner.user else None,
        "mfa": panel_of(request),
        "keys": panels.access_keys(request, owner),
        "certificates": panels.certificates(request, owner),
    }
    return render(request, "credentials/own.html", context)


@require_safe
def codecommit(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Show what Git connects to repositories with."""
    context = {
        **_frame(owner, TABS[1][0]),
        "ssh_keys": panels.ssh_keys(request, owner) if owner.user else None,
        "services": panels.service_credentials(request, owner, "codecommit") if owner.user else [],
    }
    return render(request, "credentials/own.html", context)


@require_safe
def keyspaces(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Show what Cassandra drivers sign in with."""
    services = panels.service_credentials(request, owner, "keyspaces") if owner.user else []
    return render(request, "credentials/own.html", {**_frame(owner, TABS[2][0]), "services": services})


@require_safe
def api_keys(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Show the keys of services that take one in place of a signature."""
    services = panels.service_credentials(request, owner, "bedrock", "logs") if owner.user else []
    return render(request, "credentials/own.html", {**_frame(owner, TABS[3][0]), "services": services})
