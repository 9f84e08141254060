"""URLs of what explains permissions."""

from django.urls import path

from console.access import why

app_name = "access"
urlpatterns = [
    path("why/", why.why, name="why"),
]
