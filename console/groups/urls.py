"""URLs of the groups area."""

from django.urls import path

from console.groups import changes, creating, deletion, details, effective, history, last_accessed, listing
from console.identities import names  # noqa: F401  registers <iam:name>

app_name = "groups"
urlpatterns = [
    # The list
    path("", listing.list_groups, name="list"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("create/", creating.create, name="create"),
    path("delete/", deletion.delete_many, name="delete-many"),
    # A group
    path("details/<iam:name>/", details.members, name="details"),
    path("details/<iam:name>/delete/", deletion.delete, name="delete"),
    path("details/<iam:name>/edit/", creating.rename, name="rename"),
    # Users
    path("details/<iam:name>/users/add/", changes.add_users, name="add-users"),
    path("details/<iam:name>/users/remove/", changes.remove_users, name="remove-users"),
    # Permissions
    path("details/<iam:name>/permissions/", details.permissions, name="permissions"),
    path("details/<iam:name>/access/", effective.access, name="access"),
    path("details/<iam:name>/last-accessed/", last_accessed.last_accessed, name="last-accessed"),
    path("details/<iam:name>/history/", history.history, name="history"),
    path("details/<iam:name>/attach-policies/", changes.attach_policies, name="attach-policies"),
    path("details/<iam:name>/remove-policies/", changes.remove_policies, name="remove-policies"),
    path("details/<iam:name>/inline-policies/create/", changes.create_inline_policy, name="create-inline-policy"),
    path(
        "details/<iam:name>/inline-policies/edit/<iam:policy>/", changes.edit_inline_policy, name="edit-inline-policy"
    ),
]
