"""URLs of the wizards that create users and add permissions."""

from django.urls import path

from console.identities import names  # noqa: F401  registers <iam:name>
from console.users import policies, wizard_views

urlpatterns = [
    path("create/", wizard_views.create, name="create"),
    path("create/<uuid:draft>/permissions/create-group/", wizard_views.create_group, name="create-group"),
    path("create/<uuid:draft>/<slug:step>/", wizard_views.create_step, name="create-step"),
    path("details/<iam:name>/add-permissions/", wizard_views.add_permissions, name="add-permissions"),
    path(
        "details/<iam:name>/add-permissions/<uuid:draft>/permissions/create-group/",
        wizard_views.add_permissions_group,
        name="add-permissions-group",
    ),
    path(
        "details/<iam:name>/add-permissions/<uuid:draft>/<slug:step>/",
        wizard_views.add_permissions_step,
        name="add-permissions-step",
    ),
    path("details/<iam:name>/boundary/", policies.set_boundary, name="set-boundary"),
]
