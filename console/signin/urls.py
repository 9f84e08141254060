"""URLs of the signin area."""

from django.urls import path, re_path

from console.signin import confirming, recovery, steps, views

app_name = "signin"
urlpatterns = [
    path("signin/", views.chooser, name="chooser"),
    path("signin/root/", views.root, name="root"),
    path("signin/root/password/", views.root_password, name="root-password"),
    path("signin/user/", views.user, name="user"),
    path("signin/mfa/", steps.code, name="mfa"),
    path("signin/mfa/type/", steps.mfa_type, name="mfa-type"),
    path("signin/mfa/key/", steps.key, name="mfa-key"),
    path("signin/mfa/resync/", steps.resynchronize, name="mfa-resync"),
    path("signin/password/", steps.change_password, name="change-password"),
    path("signin/forgotten/", recovery.ask, name="forgotten"),
    path("signin/recover/<str:token>/", recovery.recover, name="recover"),
    path("signin/confirm/", confirming.confirm, name="confirm"),
    path("signin/expired/", views.expired, name="expired"),
    path("signin/sign-out/", views.sign_out, name="sign-out"),
    path("signin/signed-out/", views.signed_out, name="signed-out"),
    re_path(r"^(?P<account>[A-Za-z0-9-]{1,63})/console/?$", views.user, name="account"),
]
