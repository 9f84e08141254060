"""URLs of temporary delegation requests; operations hand out the address of one (`ConsoleDeepLink`)."""

from django.urls import path

from console.delegation import views

app_name = "delegation"
urlpatterns = [
    path("", views.list_requests, name="list"),
    path("<slug:request_id>/", views.details, name="details"),
]
