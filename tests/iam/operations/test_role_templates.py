"""Roles come from templates once, and role manager keeps its setting."""

import json

import pytest

from iam.models import Account, Role
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import allow, make_account, make_role, make_user, principal_of, root_of
from tests.iam.operations.test_accounts import refusal

pytestmark = pytest.mark.django_db
POWER = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1"
LAMBDA = {"AWSServiceName": {"Values": ["lambda.amazonaws.com"]}}


@pytest.fixture
def account() -> Account:
    load_catalog()
    return make_account()


def acquire(account: Account, *, who=None, **values: list[str]) -> dict:
    given = {**LAMBDA, **{name: {"Values": listed} for name, listed in values.items()}}
    return perform(who or root_of(account), "AcquireRole", TemplateArn=POWER, ReplacementValues=given)["Role"]


def test_acquired_role_is_what_the_template_says(account):
    acquired = acquire(account)

    role = Role.objects.get(name="PowerUserRole")
    source = {"TemplateArn": POWER, "TemplateMinorVersion": 0}
    assert acquired["SourceRoleTemplate"] == source
    assert perform(root_of(account), "GetRole", RoleName="PowerUserRole")["Role"]["SourceRoleTemplate"] == source
    trusted = json.loads(role.assume_role_policy_document)["Statement"][0]["Principal"]
    assert trusted == {"Service": "lambda.amazonaws.com"}
    assert [each.policy.name for each in role.attachments.all()] == ["PowerUserAccess"]


def test_acquiring_again_returns_the_role_that_is_there(account):
    assert acquire(account, RoleName=["worker"]) == acquire(account, RoleName=["worker"])
    assert Role.objects.count() == 1


def test_role_of_another_origin_is_in_the_way(account):
    make_role(account, "worker")

    assert refusal(acquire, account, RoleName=["worker"]).code == "NameConflict"


def test_role_that_lost_what_the_template_gives_is_refused(account):
    acquire(account)
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    perform(root_of(account), "DetachRolePolicy", RoleName="PowerUserRole", PolicyArn=arn)

    assert refusal(acquire, account).code == "RoleModified"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"AWSServiceName": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}, "InvalidInput"),
        ({"Unused": ["x"]}, "InvalidInput"),
        ({"RoleName": ["no name"]}, "InvalidInput"),
        ({"AWSServiceName": ["not-a-service"]}, "MalformedPolicyDocument"),
    ],
)
def test_values_must_fit_the_template(account, values, code):
    assert refusal(acquire, account, **values).code == code
    assert not Role.objects.exists()


def test_required_value_must_be_given(account):
    assert refusal(perform, root_of(account), "AcquireRole", TemplateArn=POWER).code == "InvalidInput"


@pytest.mark.parametrize("parameters", [{"TemplateArn": POWER[:-1] + "9"}, {"TemplateArn": POWER, "MinorVersion": 7}])
def test_unknown_template_cannot_be_found(account, parameters):
    assert refusal(perform, root_of(account), "GetRoleTemplateVersion", **parameters).code == "NoSuchEntity"


def test_template_tells_patterns_and_parameters(account):
    version = perform(root_of(account), "GetRoleTemplateVersion", TemplateArn=POWER)["RoleTemplateVersion"]

    assert version["RoleNamePattern"] == "@{RoleName}"
    assert [each["Name"] for each in version["ParametersDefinition"] if each["IsRequired"]] == ["AWSServiceName"]
    assert "%40%7BAWSServiceName%7D" in version["AssumeRolePolicyDocumentTemplate"]


def test_acquiring_needs_what_it_does(account):
    reading = allow("iam:GetRoleTemplateVersion", resource=POWER)
    condition = {"ArnEquals": {"iam:RoleTemplateARN": POWER}}
    making = allow("iam:CreateRole", "iam:AttachRolePolicy", Condition=condition)
    maker = principal_of(make_user(account, "maker", statements=[reading, making]))
    reader = principal_of(make_user(account, "reader", statements=[reading, allow("iam:GetRole", Condition=condition)]))
    careless = principal_of(make_user(account, "careless", statements=[allow("iam:AcquireRole"), making]))

    assert refusal(acquire, account, who=reader).code == "AccessDenied"
    assert refusal(acquire, account, who=careless).code == "AccessDenied"
    made = acquire(account, who=maker)
    assert acquire(account, who=reader) == made
    assert refusal(acquire, account, who=maker).code == "AccessDenied"
    # The condition is about acquiring alone.
    assert refusal(perform, reader, "GetRole", RoleName="PowerUserRole").code == "AccessDenied"


def put(account: Account, who=None, **properties: str) -> None:
    named = {f"RoleManager/{name}": value for name, value in properties.items()}
    perform(who or root_of(account), "PutAccountProperties", Properties=named)


def is_enabled(account: Account, who=None) -> str:
    return perform(who or root_of(account), "GetAccountProperties")["Properties"]["RoleManager/Enabled"]


def test_role_manager_is_off_until_enabled_and_brings_its_role(account):
    before = is_enabled(account)
    put(account, Enabled="true", Other="ignored")
    put(account, Enabled="true")
    enabled = is_enabled(account)
    put(account, Enabled="false")

    assert [before, enabled, is_enabled(account)] == ["false", "true", "false"]
    assert [role.name for role in Role.objects.all()] == ["AWSServiceRoleForIAMRoleManager"]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"RoleManager": "true"}, "Property key must be in format Namespace/PropertyName: RoleManager"),
        ({"RoleManager/Enabled/More": "true"}, "Property key must be in format Namespace/PropertyName"),
        ({"Other/Enabled": "true"}, "Unsupported namespace: Other"),
        ({"RoleManager/Enabled": "true", "Other/Enabled": "true"}, "All properties must belong to the same namespace"),
        ({"RoleManager/Other": "true"}, "RoleManager namespace requires Enabled property"),
        ({"RoleManager/Enabled": "TRUE"}, "Enabled must be 'true' or 'false'"),
    ],
)
def test_properties_that_there_are_not_are_refused(account, properties, message):
    error = refusal(perform, root_of(account), "PutAccountProperties", Properties=properties)

    assert error.code == "InvalidInput"
    assert message in error.message


def test_property_names_are_checked_against_the_model(account):
    error = refusal(perform, root_of(account), "PutAccountProperties", Properties={"1 x": "true"})

    assert error.code == "ValidationError"


def test_enabling_needs_the_right_to_make_the_role(account):
    condition = {"ForAnyValue:StringEquals": {"iam:AccountPropertyNamespaces": "RoleManager"}}
    actions = ("iam:PutAccountProperties", "iam:GetAccountProperties")
    alice = principal_of(make_user(account, statements=[allow(*actions, Condition=condition)]))

    assert is_enabled(account, alice) == "false"
    put(account, alice, Enabled="false")
    assert refusal(put, account, alice, Enabled="true").code == "AccessDenied"
