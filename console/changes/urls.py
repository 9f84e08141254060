"""URLs of the changes area."""

from django.urls import path

from console.changes import editing, undoing, views

app_name = "changes"
urlpatterns = [
    path("", views.list_change_sets, name="list"),
    path("<uuid:change_set_id>/", views.details, name="details"),
    # Parts of pages, which they ask for again while a change set moves
    path("<uuid:change_set_id>/summary/", views.summary, name="summary"),
    path("<uuid:change_set_id>/status/", views.status, name="status"),
    path("<uuid:change_set_id>/<int:change_id>/answer/", views.take_answer, name="answer"),
    path("<uuid:change_set_id>/undo/", undoing.undo_change_set, name="undo"),
    # What people do about a change that its backend does not take
    path("<uuid:change_set_id>/<int:change_id>/retry/", views.retry, name="retry"),
    path("<uuid:change_set_id>/<int:change_id>/edit/", editing.edit, name="edit"),
    path("<uuid:change_set_id>/<int:change_id>/discard/", views.discard, name="discard"),
]
