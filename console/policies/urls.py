"""URLs of the policies area."""

from django.urls import path

from console.policies import views

app_name = "policies"
urlpatterns = [
    path("document/<path:arn>", views.show_document, name="document"),
]
