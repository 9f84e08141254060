"""URLs of creating users from a CSV file."""

from django.urls import path

from console.onboarding import views

app_name = "onboarding"

urlpatterns = [
    path("", views.begin, name="begin"),
    path("sample/", views.sample, name="sample"),
    path("<uuid:onboarding>/", views.progress, name="progress"),
    path("<uuid:onboarding>/download/", views.download, name="download"),
    path("<uuid:onboarding>/hand-over/", views.hand_over, name="hand-over"),
    path("create/<uuid:draft>/<slug:step>/", views.step, name="step"),
]
