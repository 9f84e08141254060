"""What Prometheus reads: what the processes counted, and what the tables say at this moment."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import Error as DatabaseError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from iam import metrics
from iam.queries.operating import Installation, read_installation

logger = logging.getLogger(__name__)


def text() -> bytes:
    """Return all metrics in Prometheus' text format; without a database, those of the processes."""
    tables = CollectorRegistry(auto_describe=False)
    tables.register(Tables())
    return generate_latest(metrics.readings()) + generate_latest(tables)


class Tables(Collector):
    """Gauges that are read from the tables."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read them, if the database answers."""
        is_up = GaugeMetricFamily("iam_database_up", "Whether the database answered this reading")
        try:
            installation = read_installation()
        except DatabaseError:
            logger.warning("The database did not answer for metrics", exc_info=True)
            is_up.add_metric([], 0)
            yield is_up
            return
        is_up.add_metric([], 1)
        yield is_up
        yield from _changes(installation)
        yield from _circuits(installation)
        yield from _history(installation)


def _changes(installation: Installation) -> Iterator[GaugeMetricFamily]:
    labels = ["account_id", "kind", "state"]
    length = GaugeMetricFamily("iam_changes", "Changes on their way to backends, and failed ones", labels=labels)
    age = GaugeMetricFamily("iam_changes_oldest_seconds", "Age of the oldest of them", labels=labels)
    for waiting in installation.waiting:
        values = [waiting.account_id, waiting.kind, waiting.state]
        length.add_metric(values, waiting.count)
        age.add_metric(values, _age(waiting.oldest_at))
    drifts = GaugeMetricFamily("iam_drifts", "Differences to backends that nobody ignores", labels=["account_id"])
    for account_id, count in installation.drifts.items():
        drifts.add_metric([account_id], count)
    yield from (length, age, drifts)


def _circuits(installation: Installation) -> Iterator[GaugeMetricFamily]:
    failures = GaugeMetricFamily(
        "iam_connection_failures", "Failures of an AWS account in a row", labels=["account_id"]
    )
    is_open = GaugeMetricFamily(
        "iam_connection_circuit_open", "Whether nothing is sent to an AWS account for a while", labels=["account_id"]
    )
    now = timezone.now()
    for circuit in installation.circuits:
        failures.add_metric([circuit.account_id], circuit.failures)
        is_open.add_metric([circuit.account_id], circuit.retry_at is not None and circuit.retry_at > now)
    yield from (failures, is_open)


def _history(installation: Installation) -> Iterator[GaugeMetricFamily]:
    unchained = GaugeMetricFamily("iam_events_unchained", "Events that have no place in a chain yet, at most")
    unchained.add_metric([], installation.unchained)
    lag = GaugeMetricFamily("iam_events_unchained_oldest_seconds", "Age of the oldest of them, 0 without any")
    lag.add_metric([], _age(installation.oldest_unchained_at) if installation.oldest_unchained_at else 0)
    yield from (unchained, lag)
    if installation.swept_at:
        sweep = GaugeMetricFamily("iam_sweep_age_seconds", "Time since a worker last looked for what waits")
        sweep.add_metric([], _age(installation.swept_at))
        yield sweep


def _age(moment: datetime) -> float:
    return max((timezone.now() - moment).total_seconds(), 0.0)
