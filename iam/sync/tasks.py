"""What Celery runs. The rows are the truth, a message is a nudge: each task may run twice, or never."""

from celery import shared_task

from iam.operations.outbox import wake_worker
from iam.queries.lanes import due_accounts
from iam.sync import carrying

# A turn is 20 seconds; a task that hangs longer than this is killed, and with it its hold on the lane.
LONGEST = 300


@shared_task(name="iam.sync.drain", acks_late=True, ignore_result=True, time_limit=LONGEST)
def drain(account_id: str) -> None:
    """Carry an account's changes to its backend."""
    if carrying.drain(account_id):
        wake_worker(account_id)


@shared_task(name="iam.sync.sweep", acks_late=True, ignore_result=True, time_limit=LONGEST)
def sweep() -> None:
    """Wake workers for accounts whose changes wait: a message was lost, a worker died, or a delay is over."""
    for account_id in due_accounts():
        wake_worker(account_id)
