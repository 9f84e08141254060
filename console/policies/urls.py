"""URLs of the policies area."""

from django.conf import settings
from django.urls import include, path

from console.policies import editor_gallery, editor_views

app_name = "policies"
urlpatterns = [
    path("", include("console.policies.wizard_urls")),
    path("", include("console.policies.page_urls")),
    # What the policy editor asks while somebody types.
    path("editor/language/", editor_views.editor_language, name="editor_language"),
    path("editor/actions/", editor_views.editor_actions, name="editor_actions"),
    path("editor/resources/", editor_views.editor_resources, name="editor_resources"),
    path("editor/keys/", editor_views.editor_keys, name="editor_keys"),
    path("editor/principals/", editor_views.editor_principals, name="editor_principals"),
    path("editor/findings/", editor_views.editor_findings, name="editor_findings"),
]
if settings.DEBUG:
    urlpatterns.append(path("editor/gallery/", editor_gallery.editor_gallery, name="editor_gallery"))
