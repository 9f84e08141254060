"""URLs of the activity of an organization."""

from django.urls import path

from console.reports import organization

app_name = "organization"
urlpatterns = [
    path("", organization.activity, name="activity"),
    path("accounts/<str:account>/", organization.activity, name="account"),
]
