"""Access analyzers: creating, changing and deleting them (Access Analyzer API Reference)."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import Account, Analyzer
from iam.operations.registry import Access, Call, operation
from iam.operations.waking import nudge
from iam.queries.organizations import organization_of

SERVICE = "access-analyzer"
SCAN_TASK = "iam.sync.analyze"
# Of each type in an account.
QUOTAS = {Analyzer.Type.ACCOUNT: 1, Analyzer.Type.ORGANIZATION: 5, Analyzer.Type.UNUSED: 5}
# AWS's default for unused access.
DEFAULT_AGE = 90


def analyzer_arn(account_id: str, name: str) -> str:
    """Return the ARN of an analyzer of this name."""
    return Analyzer(account_id=account_id, name=name).arn


def named(call: Call, parameters: Mapping[str, Any]) -> Access:
    """The access rule of calls that give an analyzer's name."""
    return Access(analyzer_arn(call.account_id, parameters["analyzerName"]))


def lock_analyzer(call: Call, name: str) -> Analyzer:
    """Return an analyzer, locked. Raises IamError ResourceNotFoundException."""
    analyzer = Analyzer.objects.select_for_update().filter(account=call.account_id, name=name).first()
    if analyzer is None:
        raise IamError("ResourceNotFoundException", f"Analyzer {name} cannot be found.", parameter="analyzerName")
    return analyzer


def ask_for_scan(analyzer: Analyzer) -> None:
    """Have a worker scan, without saving; a scan that has begun is followed by another."""
    analyzer.scan_requested_at = timezone.now()
    transaction.on_commit(lambda: nudge(SCAN_TASK))


@operation("CreateAnalyzer", service=SERVICE, access=named)
def create_analyzer(
    call: Call, *, analyzer_name: str, type: str, configuration: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Create an analyzer, whose first scan begins at once.

    Raises IamError ConflictException, ServiceQuotaExceededException, ValidationException.
    """
    if type not in Analyzer.Type.values:
        raise IamError("ValidationException", f"Analyzers of type {type} are not supported.", parameter="type")
    if type == Analyzer.Type.ORGANIZATION and organization_of(call.account_id) is None:
        raise IamError("ValidationException", "The account is not in an organization.", parameter="type")
    kind = Analyzer.Type(type)
    age = _age(kind, configuration)
    # One after the other, so that two calls at once do not exceed the quota.
    Account.objects.select_for_update().get(pk=call.account_id)
    if Analyzer.objects.filter(account=call.account_id, type=kind).count() >= QUOTAS[kind]:
        raise IamError("ServiceQuotaExceededException", f"Cannot exceed quota for AnalyzersPerAccount: {QUOTAS[kind]}")
    analyzer = Analyzer(account_id=call.account_id, name=analyzer_name, type=kind, created_at=timezone.now())
    analyzer.unused_access_age = age
    ask_for_scan(analyzer)
    try:
        with transaction.atomic():
            analyzer.save(force_insert=True)
    except IntegrityError:
        raise IamError(
            "ConflictException", f"An analyzer with name {analyzer_name} already exists.", parameter="analyzerName"
        ) from None
    return {"arn": analyzer.arn}


def _age(kind: str, configuration: dict[str, Any] | None) -> int | None:
    unused = (configuration or {}).get("unusedAccess")
    if kind != Analyzer.Type.UNUSED:
        if configuration:
            raise IamError(
                "ValidationException", f"Analyzers of type {kind} have no configuration.", parameter="configuration"
            )
        return None
    age: int = (unused or {}).get("unusedAccessAge") or DEFAULT_AGE
    if not 1 <= age <= 365:
        raise IamError(
            "ValidationException", "The unused access age must be between 1 and 365 days.", parameter="configuration"
        )
    return age


@operation("UpdateAnalyzer", service=SERVICE, access=named)
def update_analyzer(call: Call, *, analyzer_name: str, configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Change after how many days access counts as unused, and scan again.

    Raises IamError ResourceNotFoundException, ValidationException.
    """
    analyzer = lock_analyzer(call, analyzer_name)
    analyzer.unused_access_age = _age(analyzer.type, configuration)
    ask_for_scan(analyzer)
    analyzer.save()
    age = analyzer.unused_access_age
    return {"configuration": {"unusedAccess": {"unusedAccessAge": age}}} if age else {}


@operation("DeleteAnalyzer", service=SERVICE, access=named)
def delete_analyzer(call: Call, *, analyzer_name: str) -> None:
    """Delete an analyzer with its findings and rules. Raises IamError ResourceNotFoundException."""
    lock_analyzer(call, analyzer_name).delete()
