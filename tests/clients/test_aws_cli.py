"""The tutorials of the IAM user guide, followed with the aws command line."""

import json
from pathlib import Path

import pytest

from tests.factories import allow, policy_document, trust_document

PASSWORD = "Correct-Horse-9"


@pytest.fixture
def alice(cli):
    """A user without permissions, and her own command line."""
    cli("iam", "create-user", "--user-name", "alice")
    key = cli("iam", "create-access-key", "--user-name", "alice")["AccessKey"]
    return cli.acting_with(key["AccessKeyId"], key["SecretAccessKey"])


def test_user_for_emergencies_is_made_by_hand(cli, account):
    """IAM User Guide, "Create an IAM user in your AWS account" and "… for emergency access", by command line."""
    cli("iam", "create-group", "--group-name", "EmergencyAccessGroup")
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    cli("iam", "attach-group-policy", "--group-name", "EmergencyAccessGroup", "--policy-arn", administrator)
    cli("iam", "create-user", "--user-name", "EmergencyAccess", "--tags", "Key=purpose,Value=emergency")
    profile = ("--user-name", "EmergencyAccess", "--password", PASSWORD, "--password-reset-required")
    cli("iam", "create-login-profile", *profile)
    member = ("--group-name", "EmergencyAccessGroup", "--user-name", "EmergencyAccess")
    cli("iam", "add-user-to-group", *member)
    key = cli("iam", "create-access-key", "--user-name", "EmergencyAccess")["AccessKey"]

    emergency = cli.acting_with(key["AccessKeyId"], key["SecretAccessKey"])

    arn = f"arn:aws:iam::{account.account_id}:user/EmergencyAccess"
    assert emergency("sts", "get-caller-identity")["Arn"] == arn
    assert emergency("iam", "get-user")["User"]["Tags"] == [{"Key": "purpose", "Value": "emergency"}]
    assert [group["GroupName"] for group in emergency("iam", "list-groups-for-user", *profile[:2])["Groups"]] == [
        "EmergencyAccessGroup"
    ]


def test_user_without_permissions_is_told_what_is_missing(alice, account):
    refusal = alice.refusal("iam", "list-users")

    assert "An error occurred (AccessDenied) when calling the ListUsers operation" in refusal
    assert (
        f"User: arn:aws:iam::{account.account_id}:user/alice is not authorized to perform: iam:ListUsers "
        "on resource: * because no identity-based policy allows the iam:ListUsers action"
    ) in refusal


def test_why_a_call_was_refused_can_be_decoded(cli, alice):
    encoded = alice.refusal("iam", "list-users").rpartition("Encoded authorization failure message: ")[2]

    decoded = cli("sts", "decode-authorization-message", "--encoded-message", encoded.split()[0])

    assert json.loads(decoded["DecodedMessage"])["allowed"] is False


def test_role_is_assumed_by_a_profile(cli, alice, account, environment):
    """IAM User Guide, "Tutorial: Delegate access across AWS accounts using IAM roles"."""
    arn = f"arn:aws:iam::{account.account_id}:user/alice"
    trust = trust_document({"AWS": arn})
    role = cli("iam", "create-role", "--role-name", "SupportUserRole", "--assume-role-policy-document", trust)["Role"]
    support = "arn:aws:iam::aws:policy/job-function/SupportUser"
    cli("iam", "attach-role-policy", "--role-name", "SupportUserRole", "--policy-arn", support)
    keys = alice.environment
    Path(environment["AWS_CONFIG_FILE"]).write_text(
        f"[profile alice]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
        f"[profile support]\nrole_arn = {role['Arn']}\nsource_profile = alice\nrole_session_name = help\n"
    )

    identity = cli("sts", "get-caller-identity", "--profile", "support")

    assert identity["Arn"] == f"arn:aws:sts::{account.account_id}:assumed-role/SupportUserRole/help"
    assert cli("iam", "list-users", "--profile", "support")["Users"]
    assert "AccessDenied" in cli.refusal("iam", "create-user", "--user-name", "mallory", "--profile", "support")


def test_policy_has_versions_and_a_default(cli):
    first, second = policy_document(allow("s3:GetObject")), policy_document(allow("s3:PutObject"))
    made = cli("iam", "create-policy", "--policy-name", "Things", "--policy-document", first)["Policy"]
    arn = ("--policy-arn", made["Arn"])
    cli("iam", "create-policy-version", *arn, "--policy-document", second, "--set-as-default")

    versions = cli("iam", "list-policy-versions", *arn)["Versions"]
    default = cli("iam", "get-policy-version", *arn, "--version-id", "v2")["PolicyVersion"]
    refused = cli.refusal("iam", "delete-policy-version", *arn, "--version-id", "v2")

    assert [version["VersionId"] for version in versions] == ["v2", "v1"]
    assert default["Document"] == json.loads(second)
    assert "(DeleteConflict)" in refused


def test_lists_are_paged_and_waiters_end(cli):
    for number in range(5):
        cli("iam", "create-user", "--user-name", f"user-{number}")

    paged = cli("iam", "list-users", "--page-size", "2", "--query", "Users[].UserName")
    first = cli("iam", "list-users", "--max-items", "2")
    rest = cli("iam", "list-users", "--starting-token", first["NextToken"])

    assert paged == [f"user-{number}" for number in range(5)]
    assert len(first["Users"]) == 2
    assert [user["UserName"] for user in rest["Users"]] == paged[2:]
    assert cli("iam", "wait", "user-exists", "--user-name", "user-0") is None


def test_simulation_and_reports(cli, account):
    cli("iam", "create-user", "--user-name", "bob")
    cli("iam", "attach-user-policy", "--user-name", "bob", "--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    source = ("--policy-source-arn", f"arn:aws:iam::{account.account_id}:user/bob")

    simulated = cli("iam", "simulate-principal-policy", *source, "--action-names", "s3:GetObject", "s3:PutObject")
    details = cli("iam", "get-account-authorization-details", "--filter", "User")

    decisions = {result["EvalActionName"]: result["EvalDecision"] for result in simulated["EvaluationResults"]}
    assert decisions == {"s3:GetObject": "allowed", "s3:PutObject": "implicitDeny"}
    assert [user["UserName"] for user in details["UserDetailList"]] == ["bob"]
    assert cli("iam", "generate-credential-report")["State"] == "STARTED"


def test_partner_trades_the_token_of_a_request_in(cli, alice, account, stack, new_account):
    """docs/delegation.md, from the request to the credentials."""
    allow_all = policy_document(allow("*"))
    cli("iam", "put-user-policy", "--user-name", "alice", "--policy-name", "all", "--policy-document", allow_all)
    other = new_account()
    partner = cli.acting_with(other.access_key_id, other.secret_access_key)
    reading = policy_document(allow("iam:ListUsers"))
    template = partner("iam", "create-policy", "--policy-name", "Read", "--policy-document", reading)["Policy"]["Arn"]
    about = ("--description", "Reads", "--requestor-workflow-id", "workflow-1", "--session-duration", "3600")
    channel = ("--notification-channel", f"arn:aws:sns:us-east-1:{other.account_id}:partner")
    permissions = ("--permissions", f"PolicyTemplateArn={template}", "--owner-account-id", account.account_id)
    asked = partner("iam", "create-delegation-request", *about, *channel, *permissions)["DelegationRequestId"]
    for step in ("associate-delegation-request", "accept-delegation-request", "send-delegation-token"):
        alice("iam", step, "--delegation-request-id", asked)
    messages = [json.loads(line) for line in stack.manage("delegation_notifications", other.account_id).splitlines()]
    token = messages[-1]["Message"]["ExchangeToken"]

    made = partner("sts", "get-delegated-access-token", "--trade-in-token", token)

    given = made["Credentials"]
    delegate = cli.acting_with(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert made["AssumedPrincipal"] == f"arn:aws:iam::{account.account_id}:user/alice"
    assert [user["UserName"] for user in delegate("iam", "list-users")["Users"]] == ["alice"]
    assert "AccessDenied" in delegate.refusal("iam", "list-roles")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("get-user", "--user-name", "nobody"),
            "(NoSuchEntity) when calling the GetUser operation: The user with name",
        ),
        (
            ("create-user", "--user-name", "a b"),
            "(ValidationError) when calling the CreateUser operation: The specified value for userName is invalid.",
        ),
        (("delete-policy", "--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"), "(AccessDenied)"),
    ],
)
def test_refusals_have_the_words_of_iam(cli, arguments, expected):
    assert expected in cli.refusal("iam", *arguments)
