"""URLs of the credential report."""

from django.urls import path

from console.reports import credentials

app_name = "reports"
urlpatterns = [
    path("", credentials.credential_report, name="credentials"),
    path("file/", credentials.credential_file, name="credential-file"),
    path("generate/", credentials.generate_credential_report, name="generate-credentials"),
    path("download/", credentials.download_credential_report, name="download-credentials"),
    path("preferences/", credentials.credential_preferences, name="preferences"),
]
