from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from console.celery import app
from console.signin.tasks import forget
from iam.errors import IamError
from iam.models import Draft, SignInThrottle
from iam.operations import drafts, signin, throttles
from tests import factories


@pytest.mark.django_db
def test_forget_leaves_sessions_drafts_and_failures_that_count():
    account = factories.make_account()
    root = factories.root_of(account)
    factories.sign_in(Client(), root)
    draft = drafts.create_draft(root, "create-user")
    with pytest.raises(IamError):
        signin.sign_in_user(account.pk, "nobody", "wrong", factories.SOURCE)

    forget()

    assert Session.objects.count() == 1
    assert [row.pk for row in Draft.objects.all()] == [draft]
    assert SignInThrottle.objects.exists()


@pytest.mark.django_db
def test_forget_deletes_what_is_over():
    account = factories.make_account()
    root = factories.root_of(account)
    factories.sign_in(Client(), root)
    drafts.create_draft(root, "create-user")
    with pytest.raises(IamError):
        signin.sign_in_user(account.pk, "nobody", "wrong", factories.SOURCE)
    now = timezone.now()
    Session.objects.update(expire_date=now - timedelta(seconds=1))
    Draft.objects.update(updated_at=now - drafts.LIFETIME - timedelta(seconds=1))
    SignInThrottle.objects.update(first_failure_at=now - 2 * throttles.WINDOW - timedelta(seconds=1))

    forget()

    assert not Session.objects.exists()
    assert not Draft.objects.exists()
    assert not SignInThrottle.objects.exists()


def test_every_scheduled_task_is_one_that_workers_know():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
