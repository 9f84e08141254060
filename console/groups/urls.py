"""URLs of the groups area."""

from django.urls import path

from console.groups import changes, creating, deletion, details, listing

app_name = "groups"
urlpatterns = [
    # The list
    path("", listing.list_groups, name="list"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("create/", creating.create, name="create"),
    path("delete/", deletion.delete_many, name="delete-many"),
    # A group
    path("details/<str:name>/", details.members, name="details"),
    path("details/<str:name>/delete/", deletion.delete, name="delete"),
    path("details/<str:name>/edit/", creating.rename, name="rename"),
    # Users
    path("details/<str:name>/users/add/", changes.add_users, name="add-users"),
    path("details/<str:name>/users/remove/", changes.remove_users, name="remove-users"),
    # Permissions
    path("details/<str:name>/permissions/", details.permissions, name="permissions"),
    path("details/<str:name>/attach-policies/", changes.attach_policies, name="attach-policies"),
    path("details/<str:name>/remove-policies/", changes.remove_policies, name="remove-policies"),
    path("details/<str:name>/inline-policies/create/", changes.create_inline_policy, name="create-inline-policy"),
    path(
        "details/<str:name>/inline-policies/edit/<str:policy>/", changes.edit_inline_policy, name="edit-inline-policy"
    ),
]
