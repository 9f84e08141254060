"""The use cases of services: each names what exists."""

from iam.catalog import managed_policies
from iam.catalog.service_roles import SERVICE_LINKED_ROLES, USE_CASES


def by_id():
    return {use_case.id: use_case for use_case in USE_CASES}


def test_ids_tell_use_cases_apart():
    assert len(by_id()) == len(USE_CASES)
    assert {"ec2", "lambda"} <= by_id().keys()


def test_every_policy_is_in_the_catalogue():
    known = {policy.arn for policy in managed_policies.load()}
    named = {arn for use_case in USE_CASES for arn in use_case.policies}
    named |= {role.policy_arn for role in SERVICE_LINKED_ROLES.values()}

    assert named - known == set()


def test_names_of_service_linked_roles_are_unique_and_reserved():
    names = [role.name for role in SERVICE_LINKED_ROLES.values()]

    assert len(set(names)) == len(names)
    assert all(name.startswith("AWSServiceRoleFor") and len(name) <= 64 for name in names)


def test_use_case_of_a_service_has_its_principal_and_policies():
    monitoring = by_id()["rds-enhanced-monitoring"]

    assert monitoring.principals == ("monitoring.rds.amazonaws.com",)
    assert monitoring.policies == ("arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",)
    assert (monitoring.is_service_linked, monitoring.has_instance_profile) == (False, False)
    assert by_id()["ec2"].has_instance_profile


def test_service_linked_use_case_has_the_name_of_its_role():
    scaling = by_id()["ec2-auto-scaling"]

    assert (scaling.role_name, scaling.takes_suffix) == ("AWSServiceRoleForAutoScaling", True)
    assert scaling.policies == ("arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy",)
