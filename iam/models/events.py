"""The event history. Rows hold names and ids, not foreign keys: deleting a thing never deletes its history."""

import uuid

from django.db import models
from django.db.models import Q


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


class EventLink(models.Model):
    """The place of an event in its account's chain, laid by a worker, and what the history is searched by.

    `hash` covers the event and the hash before it, with a key outside the database (`iam.queries.event_chain`).
    `event_id` is the id of the event's row. Texts that people search by are in lower case. What is written here is
    never changed.
    """

    event_id = models.BigIntegerField(primary_key=True)
    account_id = models.CharField(max_length=12, db_collation="C")
    sequence = models.BigIntegerField()
    hash = models.BinaryField()
    at = models.DateTimeField()
    is_read_only = models.BooleanField()
    name = models.CharField(max_length=128, db_collation="C")
    source = models.CharField(max_length=64, db_collation="C")
    actor = models.CharField(max_length=128, blank=True, db_collation="C")
    principal_id = models.CharField(max_length=128, blank=True, db_collation="C")
    access_key_id = models.CharField(max_length=128, blank=True, db_collation="C")
    error_code = models.CharField(max_length=64, blank=True, db_collation="C")

    class Meta:
        constraints = [
            models.UniqueConstraint("account_id", "sequence", name="event_link_sequence_unique"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="event_link_sequence_positive"),
        ]
        # Each filter of the history has an index that gives its events newest first.
        indexes = [
            models.Index("account_id", "at", "event_id", name="event_link_newest"),
            models.Index("account_id", "at", "event_id", name="event_link_writes", condition=Q(is_read_only=False)),
            models.Index("account_id", "actor", "at", "event_id", name="event_link_actor"),
            models.Index("account_id", "principal_id", "at", "event_id", name="event_link_principal"),
            models.Index(
                "account_id", "actor", "at", "event_id", name="event_link_actor_writes", condition=Q(is_read_only=False)
            ),
            models.Index("account_id", "name", "at", "event_id", name="event_link_name"),
            models.Index("account_id", "source", "at", "event_id", name="event_link_source"),
            models.Index(
                "account_id", "error_code", "at", "event_id", name="event_link_error", condition=~Q(error_code="")
            ),
            models.Index(
                "account_id", "access_key_id", "at", "event_id", name="event_link_key", condition=~Q(access_key_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.sequence}"


class EventResource(models.Model):
    """One thing that an event is about, by type and name in lower case: `user`, `alice`. Laid with the event's link."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.BigIntegerField()
    account_id = models.CharField(max_length=12, db_collation="C")
    type = models.CharField(max_length=64, db_collation="C")
    name = models.CharField(max_length=512, db_collation="C")
    at = models.DateTimeField()
    is_read_only = models.BooleanField()

    class Meta:
        indexes = [
            models.Index("event_id", name="event_resource_event"),
            models.Index("account_id", "name", "at", "event_id", name="event_resource_name"),
            models.Index(
                "account_id", "name", "at", "event_id", name="event_resource_writes", condition=Q(is_read_only=False)
            ),
            models.Index("account_id", "type", "at", "event_id", name="event_resource_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.name}"


class EventChain(models.Model):
    """How long an account's chain is, and its last hash; "" is the chain of events that belong to no account.

    `noted_sequence` is up to where the head outside the database tells of it. `key_id` names the key, without telling.
    """

    account_id = models.CharField(primary_key=True, max_length=12, db_collation="C")
    sequence = models.BigIntegerField()
    hash = models.BinaryField()
    noted_sequence = models.BigIntegerField(default=0)
    key_id = models.CharField(max_length=16)

    class Meta:
        indexes = [
            models.Index(
                fields=["account_id"], name="event_chain_to_note", condition=Q(sequence__gt=models.F("noted_sequence"))
            )
        ]

    def __str__(self) -> str:
        return f"chain of {self.account_id or 'no account'}"
