"""Carrying an account's changes to AWS: one call after the other, each once, and read back afterwards.

What is sent stands in the tables as `applying` before and as `applied` after the call, under the lane's lock. Whoever
finds a change `applying` does not know whether its call took place, and asks AWS before repeating it.
"""

import logging
import random
import time
from functools import partial

from django.db import Error as DatabaseError
from django.utils import timezone

from iam import logs, metrics
from iam.models import Account, Change, Connection
from iam.operations import answers, circuits, lanes
from iam.operations.lanes import Carried
from iam.sync import read_back, stopping
from iam.sync.backends.aws import applying
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.errors import FAULTS, THROTTLES
from iam.sync.backends.base import BackendError
from iam.sync.lock import Lane, LaneLostError

logger = logging.getLogger(__name__)

BATCH = 50
# An error that passes often has passed a moment later; then the lane waits for longer.
_TRIES = 10
_LONGEST_TRYING = 30.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
_LONGEST_DELAY = 60.0
# So often a call is made that AWS itself fails at, while it answers others; then it must not hold up all that follows.
_MOST_FAULTS = 30


def carry_batch(account: Account, lane: Lane) -> bool:
    """Send the next changes and read back what was accepted; False where there is nothing to do at present."""
    connection = Connection.objects.get(account=account)
    if circuits.is_open(connection):
        return False
    clients = Clients(connection)
    try:
        return _Batch(connection, clients, lane).carry()
    except BackendError as error:
        # Reading failed; what was sent is noted already.
        _note(connection, error)
        return False


class _Batch:
    def __init__(self, connection: Connection, clients: Clients, lane: Lane) -> None:
        self.connection = connection
        self.clients = clients
        self.lane = lane
        self.account_id = str(connection.account_id)
        # Accepted by AWS, and not noted yet.
        self.carried: Carried | None = None

    def carry(self) -> bool:
        read_back.put_right(self.clients, self.account_id, self.lane)
        has_read = read_back.verify(self.clients, self.account_id, self.lane, only_answered=True)
        changes = lanes.to_send(self.account_id, BATCH)
        is_stopped = False
        for change in changes:
            if stopping.is_asked():
                is_stopped = True
                break
            if not lanes.note_sending(self.lane.execute, change.pk, self._noted()):
                continue
            with logs.bound(
                request_id=change.change_set.request_id, change_set_id=change.change_set_id, change_id=change.pk
            ):
                error = self._try(change)
            if error is None:
                continue
            if error.permanent or self._is_beyond_help(change, error):
                self._refused(change, error)
                # What depends on it must not go on.
                break
            self._postpone(change, error)
            is_stopped = True
            break
        self._flush()
        if len(changes) < BATCH or is_stopped or read_back.is_due(self.account_id):
            # Sending goes first: whoever waits for AWS must not wait for our reading.
            has_read = read_back.verify(self.clients, self.account_id, self.lane) or has_read
        return not is_stopped and (bool(changes) or has_read)

    def _noted(self) -> Carried | None:
        carried, self.carried = self.carried, None
        return carried

    def _flush(self) -> None:
        if self.carried:
            lanes.note_sending(self.lane.execute, None, self._noted())

    def _try(self, change: Change) -> BackendError | None:
        """Make a change's call, again where an error passes at once; return the error that remains."""
        is_uncertain = change.state == Change.State.APPLYING
        ends_at = time.monotonic() + _LONGEST_TRYING
        for attempt in range(1, _TRIES + 1):
            began_at = timezone.now()
            try:
                sent = self._send(change, is_uncertain=is_uncertain)
            except BackendError as error:
                if error.permanent and error.is_uncertain:
                    # No answer of IAM: that says something about the way there, and nothing about the change.
                    error.permanent, error.is_of_connection = False, True
                if error.code in THROTTLES:
                    metrics.backend_throttled(self.account_id)
                if error.permanent or error.is_of_connection or attempt == _TRIES or time.monotonic() > ends_at:
                    error.is_uncertain = is_uncertain or error.is_uncertain
                    return error
                if error.is_uncertain and not is_uncertain:
                    is_uncertain, change.sent_at = True, began_at
            else:
                self._accepted(change, sent)
                return None
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt)))  # noqa: S311
            if not lanes.note_sending(self.lane.execute, change.pk, None):
                # Somebody gave it up meanwhile; where AWS has it nevertheless, the tables will follow.
                return None
        raise AssertionError("unreachable")

    def _send(self, change: Change, *, is_uncertain: bool) -> applying.Sent:
        if self.connection.is_read_only:
            # It was not when the change was made.
            raise BackendError("AccessDenied", "The connection to the account is read-only.", permanent=True)
        again = partial(lanes.note_sending_again, self.lane.execute, change)
        try:
            return applying.send(self.clients, change, is_uncertain=is_uncertain, before_again=again)
        except (BackendError, DatabaseError, LaneLostError):
            raise
        except Exception as error:
            # One change must not hold up all others for ever. What went wrong may quote a secret.
            logger.exception("Change %s cannot be sent", change.pk)
            raise BackendError("InternalFailure", type(error).__name__, permanent=True) from None

    def _is_beyond_help(self, change: Change, error: BackendError) -> bool:
        is_fault = error.code in FAULTS or error.code.startswith("Http5")
        if not is_fault or change.attempts + _TRIES < _MOST_FAULTS:
            return False
        try:
            applying.call(self.clients.iam(), "GetAccountSummary", {})
        except BackendError:
            return False
        return True

    def _accepted(self, change: Change, sent: applying.Sent) -> None:
        circuits.note_success(self.connection)
        answer = answers.sealed(sent.answer) if change.is_answered else None
        self.carried = Carried(change.pk, sent.request_id, answer)
        if change.is_answered:
            # Somebody waits, and a secret must not be lost.
            self._flush()
            read_back.verify(self.clients, self.account_id, self.lane, only_answered=True)

    def _refused(self, change: Change, error: BackendError) -> None:
        self._flush()
        lanes.mark_failed(change, error.code, error.message, error.request_id)
        metrics.change_refused(self.account_id)
        read_back.put_right(self.clients, self.account_id, self.lane)

    def _postpone(self, change: Change, error: BackendError) -> None:
        self._flush()
        if error.is_of_connection or error.is_uncertain:
            circuits.note_failure(self.connection, error.code, error.message)
        turns = 1 + change.attempts // _TRIES
        delay = random.uniform(0, min(_LONGEST_DELAY, 2.0 ** min(turns, 10)))  # noqa: S311
        logger.warning("Change %s (%s) waits %.1f s: %s", change.pk, change.operation, delay, error)
        wait = lanes.keep_waiting if error.is_uncertain else lanes.postpone
        wait([change], delay, error.code, error.message)
        metrics.changes_postponed(self.account_id, 1)


def _note(connection: Connection, error: BackendError) -> None:
    logger.warning("Account %s cannot be read: %s", connection.account_id, error)
    circuits.note_failure(connection, error.code, error.message)
