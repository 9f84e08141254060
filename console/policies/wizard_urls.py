"""URLs of the pages that write policies."""

from django.urls import path, re_path

from console.policies import editing, importing, wizard
from console.policies.picker import ARN

DRAFT = "(?P<draft>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
urlpatterns = [
    # An ARN may have slashes: what else begins like the page of one stands before it.
    re_path(rf"^edit/(?P<arn>{ARN})/{DRAFT}/permissions/import/$", editing.import_into_version, name="edit-import"),
    re_path(rf"^edit/(?P<arn>{ARN})/{DRAFT}/(?P<step>[a-z]+)/$", editing.edit_step, name="edit-step"),
    re_path(rf"^edit/(?P<arn>{ARN})$", editing.edit, name="edit"),
    path("create/", wizard.create, name="create"),
    path("create/<uuid:draft>/permissions/import/", importing.import_into_new, name="create-import"),
    path("create/<uuid:draft>/<slug:step>/", wizard.create_step, name="create-step"),
]
