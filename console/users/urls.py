"""URLs of the users area."""

from django.urls import include, path

from console.credentials.addresses import addresses
from console.credentials.downloads import download_for_users
from console.identities import names  # noqa: F401  registers <iam:name>
from console.users import (
    credentials,
    deletion,
    effective,
    history,
    inline_policies,
    last_accessed,
    listing,
    memberships,
    policies,
    renaming,
    sessions,
    tags,
)

app_name = "users"
urlpatterns = [
    path("", include("console.users.wizard_urls")),
    # The list
    path("", listing.list_users, name="list"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("delete/", deletion.delete_many, name="delete-many"),
    path("download/", download_for_users, name="download"),
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
    path("details/<iam:name>/history/", history.history, name="history"),
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
    path("details/<iam:name>/end-sessions/", sessions.end_sessions, name="end-sessions"),
    *addresses(credentials.owner_page, "details/<iam:name>/"),
]
