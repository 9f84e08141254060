"""URLs of the federation area, which services elsewhere read to check tokens of an account."""

from django.urls import path

from console.federation import views

app_name = "federation"
urlpatterns = [
    path("<uuid:issuer>/.well-known/openid-configuration", views.configuration, name="configuration"),
    path("<uuid:issuer>/.well-known/jwks.json", views.keys, name="keys"),
]
