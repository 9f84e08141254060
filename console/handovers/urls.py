"""URLs of hand-over links."""

from django.urls import path

from console.handovers import views

app_name = "handovers"

urlpatterns = [
    path("handover/<str:token>/", views.open_link, name="open"),
    path("handovers/", views.own, name="list"),
    path("handovers/create/", views.create, name="create"),
    path("handovers/<uuid:handover>/withdraw/", views.withdraw, name="withdraw"),
]
