"""The filters of the event history: what the address of the list and of its export may ask for."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from console.components.forms import ConsoleForm
from iam.queries.event_history import Wanted

KINDS = (("", "Write events"), ("all", "All events"), ("read", "Read-only events"))
SOURCES = (
    ("", "All sources"),
    ("iam.amazonaws.com", "IAM"),
    ("sts.amazonaws.com", "STS"),
    ("signin.amazonaws.com", "Sign-in"),
    ("console.amazonaws.com", "Console"),
)
RESOURCE_TYPES = (
    ("", "All types"),
    ("user", "User"),
    ("group", "User group"),
    ("role", "Role"),
    ("policy", "Customer managed policy"),
    ("aws-policy", "AWS managed policy"),
    ("access-key", "Access key"),
    ("mfa", "MFA device"),
    ("instance-profile", "Instance profile"),
    ("saml-provider", "SAML provider"),
    ("oidc-provider", "OpenID Connect provider"),
    ("server-certificate", "Server certificate"),
)
PERIODS = (
    ("", "Any time"),
    ("1h", "Last hour"),
    ("1d", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
)
_LENGTHS = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}


class Moment(forms.DateTimeField):
    """A moment in UTC, as `datetime-local` sends it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "class": "input"}, format="%Y-%m-%dT%H:%M")


class FilterForm(ConsoleForm):
    """What is looked for; an empty field asks nothing."""

    user = forms.CharField(label="User name", required=False, max_length=128)
    event = forms.CharField(label="Event name", required=False, max_length=128)
    source = forms.ChoiceField(label="Event source", required=False, choices=SOURCES)
    events = forms.ChoiceField(label="Read-only", required=False, choices=KINDS)
    type = forms.ChoiceField(label="Resource type", required=False, choices=RESOURCE_TYPES)
    resource = forms.CharField(label="Resource name", required=False, max_length=512)
    error = forms.CharField(label="Error code", required=False, max_length=64)
    key = forms.CharField(label="AWS access key", required=False, max_length=128)
    period = forms.ChoiceField(label="Time", required=False, choices=PERIODS)
    since = Moment(label="From (UTC)", required=False)
    until = Moment(label="To (UTC)", required=False)

    def __init__(self, data: QueryDict | dict[str, str]) -> None:
        super().__init__(data, auto_id="filter-%s")
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
        self.is_valid()

    @property
    def filters(self) -> dict[str, str]:
        """What the address says, as far as it makes sense."""
        found = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        return {
            name: value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else str(value)
            for name, value in found.items()
            if not isinstance(value, str) or _is_text(value)
        }

    def wanted(self, **more: Any) -> Wanted:
        """Return the filter for the query."""
        asked = self.filters
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if asked.get("period"):
            since = max(filter(None, [since, timezone.now() - _LENGTHS[asked["period"]]]))
        return Wanted(
            actor=asked.get("user", ""),
            name=asked.get("event", ""),
            source=asked.get("source", ""),
            resource=asked.get("resource", ""),
            resource_type=asked.get("type", ""),
            error_code=asked.get("error", ""),
            access_key_id=asked.get("key", ""),
            is_read_only={"all": None, "read": True}.get(asked.get("events", ""), False),
            since=since,
            until=until,
            **more,
        )


def _is_text(value: str) -> bool:
    # PostgreSQL knows no half of a surrogate pair; a form refuses NUL.
    return value.isprintable()
