"""URLs of the wizards that create users and add permissions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
