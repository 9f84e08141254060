"""URLs of the users area."""

from django.urls import URLPattern

app_name = "users"
urlpatterns: list[URLPattern] = []
