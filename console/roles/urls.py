"""URLs of the roles area."""

from django.urls import path

from console.identities import names  # noqa: F401  registers <iam:name>
from console.roles import (
    deletion,
    editing,
    effective,
    history,
    last_accessed,
    listing,
    permissions,
    sessions,
    tags,
    trust,
    wizard_views,
)

app_name = "roles"
urlpatterns = [
    # The list
    path("", listing.list_roles, name="list"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("delete/", deletion.delete_many, name="delete-many"),
    # Creating
    path("create/", wizard_views.create, name="create"),
    path("create/<uuid:draft>/<slug:step>/", wizard_views.create_step, name="create-step"),
    # A role
    path("details/<iam:name>/", permissions.permissions, name="details"),
    path("details/<iam:name>/edit/", editing.edit, name="edit"),
    path("details/<iam:name>/delete/", deletion.delete, name="delete"),
    # Permissions
    path("details/<iam:name>/attach-policies/", permissions.attach_policies, name="attach-policies"),
    path("details/<iam:name>/remove-policies/", permissions.remove_policies, name="remove-policies"),
    path("details/<iam:name>/boundary/", permissions.set_boundary, name="set-boundary"),
    path("details/<iam:name>/remove-boundary/", permissions.remove_boundary, name="remove-boundary"),
    path("details/<iam:name>/inline-policies/create/", permissions.create_inline_policy, name="create-inline-policy"),
    path(
        "details/<iam:name>/inline-policies/edit/<iam:policy>/",
        permissions.edit_inline_policy,
        name="edit-inline-policy",
    ),
    # Trust
    path("details/<iam:name>/trust/", trust.trust, name="trust"),
    path("details/<iam:name>/trust/edit/", trust.edit_trust, name="edit-trust"),
    # Tags
    path("details/<iam:name>/tags/", tags.tags, name="tags"),
    path("details/<iam:name>/tags/manage/", tags.manage_tags, name="manage-tags"),
    # Use
    path("details/<iam:name>/access/", effective.access, name="access"),
    path("details/<iam:name>/last-accessed/", last_accessed.last_accessed, name="last-accessed"),
    path("details/<iam:name>/history/", history.history, name="history"),
    path("details/<iam:name>/revoke-sessions/", sessions.revoke_sessions, name="revoke-sessions"),
    path("details/<iam:name>/revoke-sessions/revoke/", sessions.revoke, name="revoke"),
]
