"""URLs of the setup area."""

from django.urls import path

from console.setup import views

app_name = "setup"
urlpatterns = [path("<str:token>/", views.set_up, name="set-up")]
