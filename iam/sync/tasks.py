"""What Celery runs. The rows are the truth, a message is a nudge: each task may run twice, or never."""

import logging
from uuid import UUID

from celery import shared_task

from iam import logs
from iam.operations import connections, event_chain, heartbeats, inventories, onboarding, resolving_drift
from iam.operations.last_accesses import follow_events
from iam.operations.waking import DRAIN, nudge, wake_worker
from iam.queries.drifts import accounts_to_settle
from iam.queries.inventories import due_inventories
from iam.queries.lanes import due_accounts
from iam.queries.onboarding import is_onboarding_waiting
from iam.queries.waiting_reports import is_report_waiting, is_scan_waiting
from iam.sync import analyzing, carrying, reporting, settling_drift, taking_inventory, testing_connections

logger = logging.getLogger(__name__)

# A turn is 20 seconds; a task that hangs longer than this is killed, and with it its hold on the lane.
LONGEST = 300


@shared_task(name=DRAIN, acks_late=True, ignore_result=True, time_limit=LONGEST)
def drain(account_id: str) -> None:
    """Carry an account's changes to its backend."""
    logs.note(account_id=account_id)
    if carrying.drain(account_id):
        wake_worker(account_id)


@shared_task(name="iam.sync.sweep", acks_late=True, ignore_result=True, time_limit=LONGEST)
def sweep() -> None:
    """Wake workers for what waits: a message was lost, a worker died, or a delay is over."""
    heartbeats.note_sweep()
    for account_id in due_accounts():
        wake_worker(account_id)
    for account_id in due_inventories():
        nudge(inventories.TASK, account_id)
    for account_id in accounts_to_settle():
        nudge(resolving_drift.TASK, account_id)
    if is_report_waiting():
        nudge("iam.sync.report")
    if is_scan_waiting():
        nudge("iam.sync.analyze")
    if is_onboarding_waiting():
        nudge(onboarding.TASK)
    for connection_id in testing_connections.waiting_tests():
        nudge(connections.TEST_TASK, str(connection_id))


@shared_task(name=connections.TEST_TASK, acks_late=True, ignore_result=True, time_limit=LONGEST)
def test_connection(connection_id: str) -> None:
    """See who we are in an AWS account and what we may not do, where somebody asked for it."""
    testing_connections.test_connection(UUID(connection_id))


@shared_task(name=inventories.TASK, acks_late=True, ignore_result=True, time_limit=LONGEST)
def take_inventory(account_id: str) -> None:
    """Read an account from its backend, to import it or to compare it."""
    logs.note(account_id=account_id)
    if taking_inventory.take(account_id):
        nudge(inventories.TASK, account_id)


@shared_task(name=resolving_drift.TASK, acks_late=True, ignore_result=True, time_limit=LONGEST)
def settle_drift(account_id: str) -> None:
    """Make the tables of an account like its backend where somebody decided so."""
    logs.note(account_id=account_id)
    if settling_drift.settle(account_id):
        nudge(resolving_drift.TASK, account_id)


@shared_task(name="iam.sync.detect_drift", acks_late=True, ignore_result=True, time_limit=LONGEST)
def detect_drift() -> None:
    """Have the accounts compared of which it is time."""
    inventories.request_due()


@shared_task(name="iam.sync.report", acks_late=True, ignore_result=True, time_limit=LONGEST)
def report() -> None:
    """Write the reports that somebody asked for."""
    if reporting.write_reports():
        nudge("iam.sync.report")


@shared_task(name="iam.sync.analyze", acks_late=True, ignore_result=True, time_limit=LONGEST)
def analyze() -> None:
    """Look for external and unused access where somebody asked for it, or where it is time."""
    if analyzing.scan():
        nudge("iam.sync.analyze")


@shared_task(name=onboarding.TASK, acks_late=True, ignore_result=True, time_limit=LONGEST)
def onboard() -> None:
    """Create the users that somebody asked for by the hundred; one request a turn."""
    if onboarding.carry_out_next() and is_onboarding_waiting():
        nudge(onboarding.TASK)


@shared_task(name="iam.sync.follow", acks_late=True, ignore_result=True, time_limit=LONGEST)
def follow() -> None:
    """Note who used what last, from the events that are new."""
    follow_events()


@shared_task(name="iam.sync.chain", acks_late=True, ignore_result=True, time_limit=LONGEST)
def chain() -> None:
    """Chain the events that are new."""
    try:
        is_late = event_chain.lay_chain()
    except event_chain.HistoryRewrittenError:
        logger.exception("The event history is not chained any further")
    else:
        if is_late:
            nudge("iam.sync.chain")


@shared_task(name="iam.sync.forget", acks_late=True, ignore_result=True, time_limit=LONGEST)
def forget() -> None:
    """Delete old reports and change sets, uses before the tracking period, and links that have expired."""
    reporting.forget()
