"""Links for forgotten root passwords, sent by Celery, and what the console no longer needs, swept away by it."""

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from console.signin.stores import SessionStore
from iam.operations import password_recovery
from iam.operations.console_sessions import delete_old_sessions
from iam.operations.drafts import delete_stale_drafts
from iam.operations.throttles import delete_old_attempts


@shared_task(name="console.signin.forget", acks_late=True, ignore_result=True, time_limit=300)
def forget() -> None:
    """Delete sessions that have run out, wizards that nobody came back to, and failures that count no more."""
    SessionStore.clear_expired()
    delete_old_sessions()
    password_recovery.delete_old_recoveries()
    delete_stale_drafts()
    delete_old_attempts()


@shared_task(name=password_recovery.TASK, acks_late=True, ignore_result=True, time_limit=300)
def recover() -> None:
    """Send the links that wait."""
    password_recovery.send_pending(_send_link)


def _send_link(address: str, token: str) -> None:
    url = f"{settings.PUBLIC_URL}{reverse('signin:recover', args=[token])}"
    text = render_to_string("signin/recovery_email.txt", {"url": url, "address": address})
    send_mail("A new password for your root user", text, None, [address])
