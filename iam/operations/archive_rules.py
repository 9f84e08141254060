"""Archive rules: findings that nobody has to look at (Access Analyzer API Reference)."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import Analyzer, ArchiveRule, Finding
from iam.operations.analyzers import SERVICE, analyzer_arn, lock_analyzer
from iam.operations.archiving import OPERATORS, PROPERTIES, archives
from iam.operations.registry import Access, Call, operation

MOST_RULES = 100
LONGEST_VALUE = 2048
_ROWS_AT_ONCE = 1000


def _of_rule(call: Call, parameters: Mapping[str, Any]) -> Access:
    analyzer = parameters.get("analyzerName") or parameters["analyzerArn"].partition("analyzer/")[2]
    return Access(f"{analyzer_arn(call.account_id, analyzer)}/archive-rule/{parameters['ruleName']}")


@operation("CreateArchiveRule", service=SERVICE, access=_of_rule)
def create_archive_rule(call: Call, *, analyzer_name: str, rule_name: str, filter: dict[str, Any]) -> None:
    """Create a rule for findings to come.

    Raises IamError ResourceNotFoundException, ConflictException, ServiceQuotaExceededException, ValidationException.
    """
    _check(filter)
    analyzer = lock_analyzer(call, analyzer_name)
    if analyzer.archive_rules.count() >= MOST_RULES:
        raise IamError(
            "ServiceQuotaExceededException", f"Cannot exceed quota for ArchiveRulesPerAnalyzer: {MOST_RULES}"
        )
    try:
        with transaction.atomic():
            ArchiveRule.objects.create(analyzer=analyzer, name=rule_name, criteria=filter, created_at=timezone.now())
    except IntegrityError:
        raise IamError(
            "ConflictException", f"An archive rule with name {rule_name} already exists.", parameter="ruleName"
        ) from None


def _check(criteria: dict[str, Any]) -> None:
    """Raise IamError ValidationException unless criteria can be met."""

    def refuse(message: str) -> IamError:
        return IamError("ValidationException", message, parameter="filter")

    if not criteria:
        raise refuse("An archive rule needs at least one criterion.")
    for name, tests in criteria.items():
        if name not in PROPERTIES:
            raise refuse(f"{name} is no property of a finding; use one of {', '.join(PROPERTIES)}.")
        if not tests or set(tests) - set(OPERATORS):
            raise refuse(f"The criterion for {name} needs one of the operators {', '.join(OPERATORS)}.")
        for operator, values in tests.items():
            if operator == "exists":
                continue
            if any(not 1 <= len(value) <= LONGEST_VALUE for value in values):
                raise refuse(f"A value has between 1 and {LONGEST_VALUE:,} characters.")


@operation("DeleteArchiveRule", service=SERVICE, access=_of_rule)
def delete_archive_rule(call: Call, *, analyzer_name: str, rule_name: str) -> None:
    """Delete a rule; what it archived stays archived. Raises IamError ResourceNotFoundException."""
    _find_rule(lock_analyzer(call, analyzer_name), rule_name).delete()


def _find_rule(analyzer: Analyzer, name: str) -> ArchiveRule:
    rule = analyzer.archive_rules.filter(name=name).first()
    if rule is None:
        raise IamError("ResourceNotFoundException", f"Archive rule {name} cannot be found.", parameter="ruleName")
    return rule


@operation("ApplyArchiveRule", service=SERVICE, access=_of_rule)
def apply_archive_rule(call: Call, *, analyzer_arn: str, rule_name: str) -> None:
    """Archive the active findings that a rule is about. Raises IamError ResourceNotFoundException."""
    analyzer = lock_analyzer(call, name_in(call, analyzer_arn))
    rule = _find_rule(analyzer, rule_name)
    active = analyzer.findings.filter(status=Finding.Status.ACTIVE)
    met = [row.pk for row in active.defer("details").iterator(_ROWS_AT_ONCE) if archives(rule.criteria, row)]
    active.filter(pk__in=met).update(status=Finding.Status.ARCHIVED, updated_at=timezone.now())


def name_in(call: Call, arn: str) -> str:
    """Return the name in an analyzer's ARN. Raises IamError ResourceNotFoundException for one of another account."""
    name = arn.partition("analyzer/")[2]
    if arn != analyzer_arn(call.account_id, name):
        raise IamError("ResourceNotFoundException", f"Analyzer {arn} cannot be found.", parameter="analyzerArn")
    return name
