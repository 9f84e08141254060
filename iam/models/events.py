"""The event history. Rows hold names and ids, not foreign keys: deleting a thing never deletes its history."""

import uuid

from django.db import models


class Event(models.Model):
    """One call or sign-in, allowed or refused, in CloudTrail's terms. A trigger refuses to change or delete a row."""

    event_id = models.UUIDField(default=uuid.uuid4, unique=True)
    account_id = models.CharField(max_length=12)
    at = models.DateTimeField()
    source = models.CharField(max_length=64)
    name = models.CharField(max_length=128)
    is_read_only = models.BooleanField()
    user_identity = models.JSONField()
    source_ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=1000, blank=True)
    request_id = models.UUIDField()
    request_parameters = models.JSONField(null=True)
    response_elements = models.JSONField(null=True)
    additional_event_data = models.JSONField(null=True)
    resources = models.JSONField(default=list)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account_id", "-id"], name="event_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"
