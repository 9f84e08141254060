"""URLs of the setup area."""

from django.urls import URLPattern

app_name = "setup"
urlpatterns: list[URLPattern] = []
