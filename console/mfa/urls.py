"""URLs of the mfa area: each page once for a user, and once for who is signed in."""

from django.urls import path

from console.identities import names  # noqa: F401  registers <iam:name>
from console.mfa import devices, wizard

app_name = "mfa"
urlpatterns = [
    # A user's devices
    path("users/details/<iam:name>/mfa/", devices.devices, name="devices"),
    path("users/details/<iam:name>/mfa/assign/", wizard.assign, name="assign"),
    path("users/details/<iam:name>/mfa/assign/<uuid:draft>/<slug:step>/", wizard.assign_step, name="assign-step"),
    path("users/details/<iam:name>/mfa/resync/", devices.resync, name="resync"),
    path("users/details/<iam:name>/mfa/remove/", devices.remove, name="remove"),
    # One's own
    path("security_credentials/mfa/", devices.devices, name="devices-own"),
    path("security_credentials/mfa/assign/", wizard.assign, name="assign-own"),
    path("security_credentials/mfa/assign/<uuid:draft>/<slug:step>/", wizard.assign_step, name="assign-step-own"),
    path("security_credentials/mfa/resync/", devices.resync, name="resync-own"),
    path("security_credentials/mfa/remove/", devices.remove, name="remove-own"),
]
