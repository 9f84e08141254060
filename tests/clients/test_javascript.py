"""The AWS SDK for JavaScript."""


def test_administrator_works_with_the_sdk_for_javascript(node, account):
    seen = node("walk.mjs")

    assert seen == {
        "caller": f"arn:aws:iam::{account.account_id}:root",
        "users": [["alice", "bob"], ["carol"]],
        "tags": [{"Key": "team", "Value": "blau + grün"}],
        "isDated": True,
        "trust": True,
        "refused": "AccessDenied: Roles may not be assumed by root accounts.",
        "unknown": {"isNoSuchEntity": True, "status": 404},
    }
