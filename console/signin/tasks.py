"""What the console no longer needs, swept away by Celery."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from iam.operations.drafts import delete_stale_drafts
from iam.operations.throttles import delete_old_attempts


@shared_task(name="console.signin.forget", acks_late=True, ignore_result=True, time_limit=300)
def forget() -> None:
    """Delete sessions that have run out, wizards that nobody came back to, and failures that count no more."""
    SessionStore.clear_expired()
    delete_stale_drafts()
    delete_old_attempts()
