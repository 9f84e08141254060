"""Policies less what nobody uses."""

import json

import pytest

from iam.policy.trimming import without_unused


def document(*actions, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), **more}]})


def actions_of(trimmed):
    return [action for statement in json.loads(trimmed.text)["Statement"] for action in statement["Action"]]


def test_unused_service_goes_and_others_stay():
    trimmed = without_unused(document("iam:List*", "s3:Get*"), ["iam"], {})

    assert actions_of(trimmed) == ["s3:Get*"]
    assert trimmed.removed == ("iam:List*",)


def test_pattern_makes_way_for_the_actions_that_are_used():
    trimmed = without_unused(document("sts:Get*"), [], {"sts": ["GetSessionToken", "GetFederationToken"]})

    assert "sts:GetCallerIdentity" in actions_of(trimmed)
    assert "sts:GetSessionToken" not in actions_of(trimmed)


def test_nothing_is_left_of_a_policy_that_nobody_uses():
    assert without_unused(document("iam:*"), ["iam"], {}).text == ""


@pytest.mark.parametrize("action", ["*", "s3:*", "iam:GetUser"])
def test_what_is_used_or_unknown_stays(action):
    assert without_unused(document(action), [], {"iam": ["ListUsers"]}) is None


def test_denials_and_exceptions_stay():
    text = json.dumps(
        {
            "Statement": [
                {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
                {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            ]
        }
    )

    assert without_unused(text, ["iam"], {}) is None


def test_single_statement_and_single_action_are_read():
    text = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}})

    assert without_unused(text, ["iam"], {}).removed == ("iam:ListUsers",)
