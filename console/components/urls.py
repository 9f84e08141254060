"""URLs that belong to no area: the appearance of the console and, for developers, the gallery."""

from django.conf import settings
from django.urls import path

from console.components import views

app_name = "components"
urlpatterns = [
    path("preferences/appearance/", views.appearance, name="appearance"),
    path("status/changes/", views.change_status, name="change-status"),
]
if settings.DEBUG:
    urlpatterns += [
        path("components/", views.gallery, name="gallery"),
        path("components/dialog/", views.gallery_dialog, name="gallery-dialog"),
    ]
