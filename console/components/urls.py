"""URLs that no area owns."""

from django.urls import URLPattern

app_name = "components"
urlpatterns: list[URLPattern] = []
