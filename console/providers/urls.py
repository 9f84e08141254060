"""URLs of the identity providers. The ARN stands last, since it has slashes of its own."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, re_path
from django.urls.resolvers import URLPattern

from console.providers import assigning, audiences, creating, deletion, details, encryption, listing, tags, thumbprints
from console.signin.freshness import requires_recent_sign_in

app_name = "providers"
ARN = r"arn:aws:iam::[0-9]{12}:[a-z]{4}-provider/[^?#\s]{1,255}"


def _of_provider(page: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    return re_path(rf"^{page}/(?P<arn>{ARN})$", view, name=name)


def _letting_in(page: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    """What decides whose users come in: a session found open must not be enough to change it."""
    return _of_provider(page, requires_recent_sign_in(view), name)


urlpatterns = [
    path("", listing.list_providers, name="list"),
    path("create/", requires_recent_sign_in(creating.create), name="create"),
    path("delete/", deletion.delete_selected, name="delete-selected"),
    _of_provider("details", details.details, "details"),
    _of_provider("delete", deletion.delete, "delete"),
    _of_provider("assign-role", assigning.assign_role, "assign-role"),
    _of_provider("manage-tags", tags.manage_tags, "manage-tags"),
    # SAML
    _of_provider("metadata", details.metadata, "metadata"),
    _letting_in("replace-metadata", encryption.replace_metadata, "replace-metadata"),
    _of_provider("encryption", encryption.change_mode, "change-mode"),
    _letting_in("add-private-key", encryption.add_private_key, "add-private-key"),
    _of_provider("remove-private-key", encryption.remove_private_key, "remove-private-key"),
    # OpenID Connect
    _letting_in("add-audience", audiences.add_audience, "add-audience"),
    _of_provider("remove-audience", audiences.remove_audience, "remove-audience"),
    _letting_in("thumbprints", thumbprints.manage_thumbprints, "thumbprints"),
]
