"""URLs of My security credentials."""

from django.urls import path

from console.credentials import addresses, views
from console.credentials.downloads import download_for_oneself
from console.credentials.owners import own_page

app_name = "credentials"
urlpatterns = [
    path("", own_page(views.show), name="security-credentials"),
    path("codecommit/", own_page(views.codecommit), name="codecommit"),
    path("keyspaces/", own_page(views.keyspaces), name="keyspaces"),
    path("api-keys/", own_page(views.api_keys), name="api-keys"),
    path("download/", download_for_oneself, name="download"),
    *addresses.addresses(own_page),
]
