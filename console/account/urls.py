"""URLs of the account area."""

from django.urls import path

from console.account import alias, password_policy, root, sessions, sts, views

app_name = "account"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("alias/", alias.edit, name="alias"),
    path("alias/preview/", alias.preview, name="alias-preview"),
    path("delete-alias/", alias.delete, name="delete-alias"),
    path("password-policy/", password_policy.edit, name="password-policy"),
    path("password/", views.change_password, name="change-password"),
    # Security Token Service
    path("token-version/", sts.change_token_version, name="token-version"),
    path("sts/<slug:region_id>/", sts.switch_region, name="switch-region"),
    # The account, which is root's
    path("details/", root.details, name="details"),
    path("details/name/", root.change_name, name="change-name"),
    path("details/email/", root.change_email, name="change-email"),
    path("details/password/", root.change_password, name="change-root-password"),
    path("details/billing-access/", root.billing_access, name="billing-access"),
    path("billing/", root.billing, name="billing"),
    # Sessions
    path("sessions/", sessions.own_sessions, name="sessions"),
    path("sessions/end-others/", sessions.end_other_sessions, name="end-other-sessions"),
    path("sessions/<slug:session_id>/end/", sessions.end_session, name="end-session"),
]
