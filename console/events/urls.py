"""URLs of the event history."""

from django.urls import path

from console.events import views

app_name = "events"
urlpatterns = [
    path("", views.list_events, name="list"),
    path("preferences/", views.table_preferences, name="preferences"),
    path("export/<slug:kind>/", views.export, name="export"),
    path("<uuid:event_id>/", views.details, name="details"),
]
