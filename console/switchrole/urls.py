"""URLs of the switchrole area. The first one is AWS's own, as people share it."""

from django.urls import path

from console.switchrole import listing, views

app_name = "switchrole"
urlpatterns = [
    path("switchrole", views.switch, name="switch"),
    path("switchrole/back/", views.switch_back, name="back"),
    path("switchrole/roles/", listing.list_roles, name="roles"),
    path("switchrole/roles/pin/", listing.pin, name="pin"),
]
