"""URLs of the user guide."""

from django.urls import path

from console.guide import views

app_name = "guide"

urlpatterns = [
    path("", views.contents, name="contents"),
    path("<slug:name>/", views.show, name="chapter"),
]
