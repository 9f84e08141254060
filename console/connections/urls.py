"""URLs of connections to AWS accounts."""

from django.urls import path

from console.connections import changing, views

app_name = "connections"
urlpatterns = [
    path("", views.list_connections, name="list"),
    path("connect/", views.connect, name="connect"),
    path("connect/<uuid:draft>/<slug:step>/", views.connect_step, name="connect-step"),
    path("details/<uuid:connection>/", views.details, name="details"),
    path("details/<uuid:connection>/status/", views.status, name="status"),
    path("details/<uuid:connection>/template/", views.template, name="template"),
    path("details/<uuid:connection>/test/", changing.test, name="test"),
    path("details/<uuid:connection>/role/", changing.set_role, name="role"),
    path("details/<uuid:connection>/edit/", changing.edit, name="edit"),
    path("details/<uuid:connection>/keys/", changing.replace_keys, name="keys"),
    path("details/<uuid:connection>/read-only/", changing.switch_read_only, name="read-only"),
    path("details/<uuid:connection>/disconnect/", changing.disconnect_account, name="disconnect"),
]
