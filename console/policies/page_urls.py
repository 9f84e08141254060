"""URLs of the list of policies and of the pages of one. The ARN stands last, since it has slashes of its own."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, re_path
from django.urls.resolvers import URLPattern

from console.policies import attaching, deletion, details, history, listing, tags, usage, versions, views
from console.policies.picker import ARN


def _of_policy(page: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    return re_path(rf"^{page}/(?P<arn>{ARN})$", view, name=name)


urlpatterns = [
    # The list
    path("", listing.list_policies, name="list"),
    path("get-started/", listing.get_started, name="get-started"),
    path("preferences/", listing.table_preferences, name="preferences"),
    path("attach/", attaching.attach_selected, name="attach-selected"),
    path("detach/", attaching.detach_selected, name="detach-selected"),
    path("delete/", deletion.delete_many, name="delete-many"),
    # A policy
    _of_policy("details", details.permissions, "details"),
    _of_policy("last-accessed", details.last_accessed, "last-accessed"),
    _of_policy("history", history.history, "history"),
    _of_policy("document", views.show_document, "document"),
    _of_policy("delete", deletion.delete, "delete"),
    # Versions
    _of_policy("versions", versions.versions, "versions"),
    _of_policy("compare", versions.compare_versions, "compare"),
    _of_policy("set-default", versions.set_default, "set-default"),
    _of_policy("delete-versions", versions.delete_versions, "delete-versions"),
    # Entities attached
    _of_policy("entities", usage.entities, "entities"),
    _of_policy("boundaries", usage.boundaries, "boundaries"),
    _of_policy("attach", attaching.attach, "attach"),
    _of_policy("detach", attaching.detach, "detach"),
    _of_policy("detach-entities", attaching.detach_entities, "detach-entities"),
    _of_policy("set-boundary", attaching.set_boundary, "set-boundary"),
    _of_policy("change-boundary", attaching.change_boundary, "change-boundary"),
    _of_policy("remove-boundary", attaching.remove_boundary, "remove-boundary"),
    # Tags
    _of_policy("tags", tags.tags, "tags"),
    _of_policy("manage-tags", tags.manage_tags, "manage-tags"),
]
