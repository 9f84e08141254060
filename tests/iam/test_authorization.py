"""What a decision knows about the session that asks."""

from dataclasses import replace

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.operations import perform
from tests.factories import allow, make_account, make_user, principal_of

pytestmark = pytest.mark.django_db


def may_list(principal) -> bool:
    try:
        perform(principal, "ListUsers")
    except IamError as error:
        return error.code != "AccessDenied"
    return True


def user_with(operator: str, value: str):
    condition = {operator: {"aws:MultiFactorAuthPresent": value}}
    return principal_of(make_user(make_account(), statements=[allow("iam:ListUsers", Condition=condition)]))


def test_session_passes_a_demand_for_mfa_only_with_it():
    session = user_with("Bool", "true")

    assert not may_list(session)
    assert may_list(replace(session, mfa_authenticated_at=timezone.now()))


def test_long_term_key_has_no_mfa_key_at_all():
    session = user_with("Bool", "false")

    assert may_list(session)
    assert not may_list(replace(session, session_issued_at=None))


def test_source_address_is_the_callers():
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    inside = principal_of(make_user(make_account(), statements=[allow("iam:ListUsers", Condition=condition)]))

    assert may_list(inside)
    assert not may_list(replace(inside, source=replace(inside.source, ip="198.51.100.1")))
