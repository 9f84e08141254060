"""URLs of the drift area."""

from django.urls import path

from console.drift import deciding, views

app_name = "drift"
urlpatterns = [
    path("", views.list_drift, name="list"),
    path("check/", views.check, name="check"),
    path("import/", views.import_account, name="import"),
    # How far the reading of the account is, for pages that ask again
    path("progress/", views.progress, name="progress"),
    # What people do about the ticked entities, or some members of one
    path("take-theirs/", deciding.take_theirs, name="take"),
    path("put-back/", deciding.put_back, name="put-back"),
    path("ignore/", deciding.ignore, name="ignore"),
    path("notice/", deciding.notice, name="notice"),
    path("details/<str:entity>/<path:drifting>", views.details, name="details"),
]
