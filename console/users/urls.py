"""URLs of the users area."""

from django.urls import include, path

from console.identities import names  # noqa: F401  registers <iam:name>
from console.users import (
    access_keys,
    access_keys_wizard,
    credentials,
    deletion,
    downloads,
    effective,
    inline_policies,
    last_accessed,
    listing,
    memberships,
    policies,
    renaming,
    tags,
)

app_name = "users"
urlpatterns = [
    path("", include("console.users.wizard_urls")),
    # The list
    path("", listing.list_users, name="list"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("delete/", deletion.delete_many, name="delete-many"),
    path("download/", downloads.download, name="download"),
    # A user
    path("details/<iam:name>/", policies.permissions, name="details"),
    path("details/<iam:name>/delete/", deletion.delete, name="delete"),
    path("details/<iam:name>/rename/", renaming.rename, name="rename"),
    # Permissions
    path("details/<iam:name>/remove-policies/", policies.remove_policies, name="remove-policies"),
    path("details/<iam:name>/remove-boundary/", policies.remove_boundary, name="remove-boundary"),
    path("details/<iam:name>/inline-policies/create/", inline_policies.create, name="create-inline-policy"),
    path("details/<iam:name>/inline-policies/edit/<iam:policy>/", inline_policies.edit, name="edit-inline-policy"),
    path("details/<iam:name>/access/", effective.access, name="access"),
    path("details/<iam:name>/last-accessed/", last_accessed.last_accessed, name="last-accessed"),
    # Groups
    path("details/<iam:name>/groups/", memberships.groups, name="groups"),
    path("details/<iam:name>/groups/add/", memberships.add_to_groups, name="add-to-groups"),
    path("details/<iam:name>/groups/remove/", memberships.remove_from_groups, name="remove-from-groups"),
    # Tags
    path("details/<iam:name>/tags/", tags.tags, name="tags"),
    path("details/<iam:name>/tags/manage/", tags.manage_tags, name="manage-tags"),
    # Security credentials
    path("details/<iam:name>/security-credentials/", credentials.credentials, name="security-credentials"),
    path("details/<iam:name>/console-access/", credentials.console_access, name="console-access"),
    path("details/<iam:name>/access-keys/create/", access_keys_wizard.create, name="create-access-key"),
    path(
        "details/<iam:name>/access-keys/create/<uuid:draft>/<slug:step>/",
        access_keys_wizard.create_step,
        name="create-access-key-step",
    ),
    path("details/<iam:name>/access-keys/<iam:key_id>/describe/", access_keys.describe, name="describe-access-key"),
    path("details/<iam:name>/access-keys/<iam:key_id>/activate/", access_keys.activate, name="activate-access-key"),
    path(
        "details/<iam:name>/access-keys/<iam:key_id>/deactivate/", access_keys.deactivate, name="deactivate-access-key"
    ),
    path("details/<iam:name>/access-keys/<iam:key_id>/delete/", access_keys.delete, name="delete-access-key"),
]
