"""URLs of the policies area."""

from django.urls import re_path

from console.policies import views
from console.policies.picker import ARN

app_name = "policies"
urlpatterns = [
    re_path(rf"^document/(?P<arn>{ARN})$", views.show_document, name="document"),
]
