"""URLs of the users area."""

from django.urls import include, path

app_name = "users"
urlpatterns = [
    path("", include("console.users.wizard_urls")),
]
