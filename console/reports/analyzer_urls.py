"""URLs of access analyzers."""

from django.urls import path

from console.reports import analyzers, archive_rules, findings

app_name = "analyzer"
urlpatterns = [
    path("", analyzers.list_analyzers, name="list"),
    path("create/", analyzers.create_analyzer, name="create"),
    # An analyzer
    path("details/<str:name>/", findings.list_findings, name="findings"),
    path("details/<str:name>/preferences/", findings.table_preferences, name="preferences"),
    path("details/<str:name>/edit/", analyzers.edit_analyzer, name="edit"),
    path("details/<str:name>/delete/", analyzers.delete_analyzer, name="delete"),
    path("details/<str:name>/scan/", analyzers.scan_now, name="scan"),
    path("details/<str:name>/progress/", analyzers.progress, name="progress"),
    # Findings
    path("details/<str:name>/findings/update/", findings.update_findings, name="update-findings"),
    path("details/<str:name>/findings/<uuid:finding_id>/", findings.finding_details, name="finding"),
    # Archive rules
    path("details/<str:name>/rules/", archive_rules.list_rules, name="rules"),
    path("details/<str:name>/rules/create/", archive_rules.create_rule, name="create-rule"),
    path("details/<str:name>/rules/delete/<str:rule>/", archive_rules.delete_rule, name="delete-rule"),
]
