"""URLs of the search: the page, the palette over every page, and what they lead to."""

from django.urls import path

from console.search import views

app_name = "search"
urlpatterns = [
    path("", views.page, name="page"),
    path("palette/", views.palette, name="palette"),
    path("palette/results/", views.palette_results, name="palette-results"),
    path("open/", views.open_found, name="open"),
    path("actions/<slug:service>/<slug:name>/", views.action, name="action"),
    path("shortcuts/", views.shortcuts, name="shortcuts"),
]
