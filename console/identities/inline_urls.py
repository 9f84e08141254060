"""URLs of the wizards for inline policies: one for each kind of identity, named after the identity."""

from django.urls import path

from console.identities import (
    inline,
    names,  # noqa: F401  registers <iam:name>
)

app_name = "inline-policies"
urlpatterns = [
    pattern
    for kind in inline.WIZARDS
    for pattern in (
        path(
            f"{kind}/<iam:name>/<uuid:draft>/permissions/import/",
            inline.import_into,
            {"kind": kind},
            name=f"{kind}-import",
        ),
        path(f"{kind}/<iam:name>/<uuid:draft>/<slug:step>/", inline.step, {"kind": kind}, name=f"{kind}-step"),
    )
]
