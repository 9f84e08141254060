"""Every URL of the console, by area."""

from django.urls import include, path

urlpatterns = [
    # Doors
    path("", include("console.signin.urls")),
    path("setup/", include("console.setup.urls")),
    path("", include("console.switchrole.urls")),
    path("federation/", include("console.federation.urls")),
    path("", include("console.handovers.urls")),
    # Pages
    path("", include("console.dashboard.urls")),
    path("account/", include("console.account.urls")),
    path("security_credentials/", include("console.credentials.urls")),
    path("", include("console.mfa.urls")),
    path("users/onboarding/", include("console.onboarding.urls")),
    path("users/", include("console.users.urls")),
    path("groups/", include("console.groups.urls")),
    path("roles/", include("console.roles.urls")),
    path("policies/", include("console.policies.urls")),
    path("identity-providers/", include("console.providers.urls")),
    path("delegation-requests/", include("console.delegation.urls")),
    path("inline-policies/", include("console.identities.inline_urls")),
    path("access-analyzer/", include("console.reports.analyzer_urls")),
    path("organization-activity/", include("console.reports.organization_urls")),
    path("credential-report/", include("console.reports.urls")),
    path("aws-accounts/", include("console.connections.urls")),
    path("changes/", include("console.changes.urls")),
    path("drift/", include("console.drift.urls")),
    path("events/", include("console.events.urls")),
    path("guide/", include("console.guide.urls")),
    path("search/", include("console.search.urls")),
    path("access/", include("console.access.urls")),
    path("simulator/", include("console.simulator.urls")),
    path("", include("console.components.urls")),
]

handler400 = "console.errors.bad_request"
handler403 = "console.errors.permission_denied"
handler404 = "console.errors.not_found"
handler500 = "console.errors.server_error"
