from typing import Any

import pytest

from iam.policy.findings import Finding, validate
from iam.policy.findings.checks import CHECKS
from tests.iam.policy.findings import cases_actions, cases_conditions, cases_principals, cases_structure
from tests.iam.policy.findings.documents import BASE, Case, document

CASES = [*cases_structure.CASES, *cases_actions.CASES, *cases_principals.CASES, *cases_conditions.CASES]


def place(location: dict[str, Any]) -> str:
    steps = (("~" if kind == "key" else "") + str(at) for step in location["path"] for kind, at in step.items())
    return ".".join(steps)


def findings_of(case: Case, text: str) -> list[Finding]:
    return [finding for finding in validate(text, *case.kind) if finding.code == case.code]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.kind[1] or case.kind[0]}")
def test_check_finds_its_trigger(case: Case) -> None:
    found = findings_of(case, case.trigger)

    assert len(found) == 1
    assert tuple(place(location.as_json()) for location in found[0].locations) == case.places
    assert found[0].type is CHECKS[case.code].type
    assert found[0].message.endswith((".", "?"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.kind[1] or case.kind[0]}")
def test_check_leaves_its_neighbour_alone(case: Case) -> None:
    assert findings_of(case, case.neighbour) == []


def test_every_check_has_a_case() -> None:
    assert {case.code for case in CASES} == set(CHECKS)


@pytest.mark.parametrize("kind", BASE, ids=str)
def test_a_good_policy_has_no_findings(kind: tuple[str, str | None]) -> None:
    assert validate(document(kind), *kind) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.kind[1] or case.kind[0]}")
def test_an_edit_removes_its_finding(case: Case) -> None:
    for finding in findings_of(case, case.trigger):
        if finding.edit is not None:
            assert findings_of(case, finding.edit.apply(case.trigger)) == []
