"""The scans of access analyzers: a batch of users or roles in each transaction, so that a dead worker loses one batch.

An analyzer's row says how far its scan is. It stays locked while a batch is done, so that no other worker takes it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from iam.models import Analyzer, Change, Finding
from iam.models.analyzers import EXTERNAL_TYPES
from iam.operations.archiving import archives
from iam.queries import analysis
from iam.queries.analysis import ROLE, USER, Found

logger = logging.getLogger(__name__)

BATCH = 50
# Without a change an account is looked at once a day, as time passes for what is unused.
RESCANNED_AFTER = timedelta(days=1)
# IAM User Guide, "Findings for external and unused access": findings that are resolved are kept for 90 days.
KEPT = timedelta(days=90)


def request_due_scans() -> None:
    """Ask for a scan where one is due: a day after the last, or for external access once something changed."""
    changed = Change.objects.filter(account=OuterRef("account"), created_at__gt=OuterRef("scanned_at"))
    due = Q(scanned_at=None, failure="") | Q(scanned_at__lt=timezone.now() - RESCANNED_AFTER)
    due |= Q(Exists(changed), type__in=EXTERNAL_TYPES)
    # The failure of a scan is told until the next, which is a day later.
    Analyzer.objects.filter(due, scan_requested_at=None).update(scan_requested_at=timezone.now())


def scan_next_batch() -> bool:
    """Do the next batch of the scan that waits longest; False where none waits."""
    with transaction.atomic():
        waiting = Analyzer.objects.filter(scan_requested_at__isnull=False).order_by("scan_requested_at", "pk")
        analyzer = waiting.select_for_update(skip_locked=True).first()
        if analyzer is None:
            return False
        try:
            _advance(analyzer)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("Analyzer %s of account %s cannot scan", analyzer.name, analyzer.account_id)
            analyzer.failure = "The scan could not be finished. It is tried again within a day."
            analyzer.scanned_at = timezone.now()
            _stop(analyzer)
        analyzer.save()
    return True


def _advance(analyzer: Analyzer) -> None:
    is_unused = analyzer.type == Analyzer.Type.UNUSED
    now = timezone.now()
    if analyzer.scan_started_at is None:
        analyzer.scan_started_at = now
        analyzer.scan_position = f"{USER if is_unused else ROLE}:0"
        analyzer.scan_done = 0
        analyzer.scan_total = analysis.size_of(analyzer.account_id, with_users=is_unused)
    kind, _, last = analyzer.scan_position.partition(":")
    rows: Any = (analysis.users_after if kind == USER else analysis.roles_after)(analyzer.account_id, int(last), BATCH)
    if rows:
        _keep(analyzer, list(_found(analyzer, kind, rows, now)), now)
        analyzer.scan_done += len(rows)
        analyzer.scan_position = f"{kind}:{rows[-1].pk}"
    elif kind == USER:
        analyzer.scan_position = f"{ROLE}:0"
    else:
        _finish(analyzer, now)


def _found(analyzer: Analyzer, kind: str, rows: Any, now: datetime) -> Iterable[Found]:
    if analyzer.type != Analyzer.Type.UNUSED:
        return analysis.outsiders(rows, analysis.zone_of(analyzer))
    border = now - timedelta(days=analyzer.unused_access_age or 1)
    find: Any = analysis.unused_by_users if kind == USER else analysis.unused_by_roles
    found: Iterable[Found] = find(analyzer.account_id, rows, border)
    return found


def _keep(analyzer: Analyzer, found: list[Found], now: datetime) -> None:
    """Write what a batch found: new findings, and those known already as they are now."""
    known = {row.key: row for row in analyzer.findings.filter(key__in=[each.key for each in found])}
    rules = list(analyzer.archive_rules.all())
    new, seen = [], []
    for each in found:
        row = known.get(each.key)
        if row is None:
            row = Finding(analyzer=analyzer, key=each.key, type=each.type, created_at=now, updated_at=now)
            row.status = Finding.Status.ACTIVE
            new.append(row)
            has_changed = True
        else:
            seen.append(row)
            has_changed = row.status == Finding.Status.RESOLVED or _is_other(row, each)
            if row.status == Finding.Status.RESOLVED:
                row.status = Finding.Status.ACTIVE
        for name in _TOLD:
            setattr(row, name, getattr(each, name))
        row.analyzed_at = now
        if has_changed:
            row.updated_at = now
            if row.status == Finding.Status.ACTIVE and any(archives(rule.criteria, row) for rule in rules):
                row.status = Finding.Status.ARCHIVED
    Finding.objects.bulk_create(new)
    Finding.objects.bulk_update(seen, [*_TOLD, "status", "updated_at", "analyzed_at"])


_TOLD = (
    "entity_kind",
    "entity_id",
    "resource",
    "name",
    "principal_kind",
    "principal",
    "is_public",
    "details",
)


def _is_other(row: Finding, found: Found) -> bool:
    return any(getattr(row, name) != getattr(found, name) for name in _TOLD)


def _finish(analyzer: Analyzer, now: datetime) -> None:
    """Resolve what was not found again."""
    gone = analyzer.findings.filter(analyzed_at__lt=analyzer.scan_started_at).exclude(status=Finding.Status.RESOLVED)
    gone.update(status=Finding.Status.RESOLVED, updated_at=now)
    analyzer.findings.filter(status=Finding.Status.RESOLVED, updated_at__lt=now - KEPT).delete()
    analyzer.failure = ""
    # From here on changes count as new.
    analyzer.scanned_at = analyzer.scan_started_at
    _stop(analyzer)


def _stop(analyzer: Analyzer) -> None:
    """End a scan; who asked for one meanwhile gets another."""
    started, requested = analyzer.scan_started_at, analyzer.scan_requested_at
    if started is None or requested is None or requested <= started:
        analyzer.scan_requested_at = None
    analyzer.scan_started_at = None
    analyzer.scan_position = ""
