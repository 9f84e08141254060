"""URLs of the account area."""

from django.urls import path

from console.account import alias, password_policy, views

app_name = "account"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("alias/", alias.edit, name="alias"),
    path("alias/preview/", alias.preview, name="alias-preview"),
    path("delete-alias/", alias.delete, name="delete-alias"),
    path("password-policy/", password_policy.edit, name="password-policy"),
    path("password/", views.change_password, name="change-password"),
]
