"""Whom trust policies let in from outside, as tables of statements."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy import PolicySyntaxError
from iam.policy.outsiders import Zone, outside_access

OWN, OTHER, SISTER = "111122223333", "444455556666", "777788889999"
ROLE = f"arn:aws:iam::{OWN}:role/Support"
ALONE = Zone(frozenset({OWN}))
# An account in an organization, trusting itself alone or the whole organization.
MEMBER = Zone(frozenset({OWN}), "o-ours123456", frozenset({OWN, SISTER}))
ORGANIZATION = Zone(frozenset({OWN, SISTER}), "o-ours123456", frozenset({OWN, SISTER}))


def trust(principal, *, action="sts:AssumeRole", effect="Allow", **condition):
    statement = {"Effect": effect, "Principal": principal, "Action": action}
    return {**statement, "Condition": condition} if condition else statement


def found(*statements, zone=ALONE):
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return [access.principal for access in outside_access(document, ROLE, zone)]


def root(account):
    return f"arn:aws:iam::{account}:root"


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": root(OWN)},
        {"AWS": f"arn:aws:iam::{OWN}:user/alice"},
        {"AWS": "AIDAABCDEFGHIJKLMNOP2"},
        {"Service": "ec2.amazonaws.com"},
    ],
)
def test_own_principals_services_and_who_is_gone_are_no_outsiders(principal):
    assert found(trust(principal)) == []


@pytest.mark.parametrize(
    "value", [root(OTHER), f"arn:aws:iam::{OTHER}:user/bob", f"arn:aws:sts::{OTHER}:assumed-role/Admin/bob", "*"]
)
def test_other_accounts_and_everyone_are_outsiders(value):
    assert found(trust({"AWS": value})) == [value]


def test_everyone_written_short_is_an_outsider():
    assert found(trust("*")) == ["*"]


def test_all_but_a_few_is_everyone():
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": root(OTHER)}, "Action": "sts:AssumeRole"}

    assert found(statement) == ["*"]


# Conditions that outsiders might meet do not make them insiders.
@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"sts:ExternalId": "secret"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:PrincipalTag/team": "red"}},
        {"StringNotEquals": {"aws:PrincipalAccount": OTHER}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-theirs12345"}},
        {"StringEquals": {"aws:PrincipalAccount": OTHER}},
        {"StringLike": {"aws:PrincipalAccount": "4444*"}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deploy"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-theirs12345"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-theirs12345/r-ab12/*"}},
        {"Null": {"aws:PrincipalOrgID": "true"}},
    ],
)
def test_everyone_under_such_conditions_is_an_outsider(condition):
    assert found(trust("*", **condition)) == ["*"]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalAccount": OWN}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/*"}},
        {"StringEquals": {"aws:PrincipalAccount": OWN, "sts:ExternalId": "secret"}},
    ],
)
def test_everyone_of_the_own_account_is_no_outsider(condition):
    assert found(trust("*", **condition)) == []


def test_organization_is_outside_an_account_and_inside_itself():
    statement = trust("*", StringEquals={"aws:PrincipalOrgID": "o-ours123456"})

    assert found(statement, zone=MEMBER) == ["*"]
    assert found(statement, zone=ORGANIZATION) == []
    assert found(trust({"AWS": root(SISTER)}), zone=MEMBER) == [root(SISTER)]
    assert found(trust({"AWS": root(SISTER)}), zone=ORGANIZATION) == []


def test_account_outside_the_organization_does_not_meet_its_condition():
    statement = trust({"AWS": root(OTHER)}, StringEquals={"aws:PrincipalOrgID": "o-ours123456"})

    assert found(statement, zone=ORGANIZATION) == []


def test_denial_of_everybody_else_keeps_outsiders_out():
    denial = trust("*", effect="Deny", StringNotEquals={"aws:PrincipalAccount": OWN})

    assert found(trust("*"), denial) == []


def test_denial_that_outsiders_can_avoid_keeps_nobody_out():
    denial = trust("*", effect="Deny", IpAddress={"aws:SourceIp": "203.0.113.0/24"})

    assert found(trust("*"), denial) == ["*"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, True),
        ({"StringEquals": {"sts:ExternalId": "x"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-theirs12345"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": OTHER}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
    ],
)
def test_public_is_what_lets_in_everybody(condition, expected):
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust("*", **condition)]})

    (access,) = outside_access(document, ROLE, ALONE)

    assert access.is_public == expected


GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{OWN}:saml-provider/Okta"


@pytest.mark.parametrize(
    ("provider", "condition", "is_found"),
    [
        (GITHUB, {}, True),
        (GITHUB, {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}, True),
        (GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}, False),
        (GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}}, True),
        (GITHUB, {"StringNotEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/x"}}, True),
        (GITHUB, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ("accounts.google.com", {"StringEquals": {"accounts.google.com:aud": "client"}}, False),
        ("accounts.google.com", {}, True),
        (SAML, {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}, True),
        (SAML, {"StringEquals": {"saml:edupersonorgdn": "ExampleOrg"}}, False),
    ],
)
def test_provider_is_found_unless_a_claim_says_who(provider, condition, is_found):
    assert found(trust({"Federated": provider}, action="sts:AssumeRoleWithSAML", **condition)) == [provider] * is_found


def test_same_principal_under_the_same_conditions_comes_once_with_all_actions():
    document = json.dumps({"Statement": [trust({"AWS": OTHER}), trust({"AWS": OTHER}, action="sts:TagSession")]})

    (access,) = outside_access(document, ROLE, ALONE)

    assert access.actions == ("sts:AssumeRole", "sts:TagSession")


_keys = st.sampled_from(
    ["aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "sts:ExternalId"]
)
_operators = st.sampled_from(
    ["StringEquals", "StringLike", "StringNotLike", "ArnLike", "Null", "ForAnyValue:StringLike"]
)
_values = st.lists(st.text("*?o-/:1a", max_size=20), max_size=3)
_principals = st.sampled_from(["*", {"AWS": OTHER}, {"AWS": ["x", root(OTHER)]}, {"Federated": SAML}, 3, {}])


@given(_principals, st.dictionaries(_operators, st.dictionaries(_keys, _values, max_size=3), max_size=3))
def test_no_document_breaks_the_analysis(principal, condition):
    found(trust(principal, **condition))


@given(st.text(max_size=30))
def test_no_text_breaks_the_analysis(text):
    try:
        outside_access(text, ROLE, ALONE)
    except PolicySyntaxError:
        pass


@given(st.dictionaries(_operators, st.dictionaries(_keys, _values, max_size=2), max_size=2))
def test_own_account_is_never_an_outsider(condition):
    assert found(trust({"AWS": root(OWN)}, **condition)) == []
