"""URLs of the policy simulator."""

from django.urls import path

from console.simulator import views

app_name = "simulator"
urlpatterns = [
    path("", views.simulate, name="home"),
]
