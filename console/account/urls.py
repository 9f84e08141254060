"""URLs of the account area."""

from django.urls import URLPattern

app_name = "account"
urlpatterns: list[URLPattern] = []
