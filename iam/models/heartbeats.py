"""Signs of life."""

from django.db import models


class Heartbeat(models.Model):
    """When workers last did what comes round again and again: that takes the clock, the broker and a worker."""

    name = models.CharField(primary_key=True, max_length=32, db_collation="C")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
