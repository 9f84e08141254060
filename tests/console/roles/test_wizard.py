"""Creating roles: the three steps, each kind of trusted entity, and what is there at the end."""

import json
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.utils import timezone

from iam.models import InstanceProfile, Role, SamlProvider
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests import factories
from tests.console.users.wizard_walk import Walk, titles

SUPPORT = "arn:aws:iam::aws:policy/job-function/SupportUser"
SYSTEMS_MANAGER = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.fixture
def walk(root, client):
    """Root's way through the wizard, where AWS managed policies are there."""
    load_catalog()
    return Walk(client, "roles:create")


def trust(walk, kind, **answers):
    return walk.post("trusted-entity", entity_type=kind, shown=kind, **answers)


def permit(walk, *arns, proposed_for="", **answers):
    more = {"proposed-for": proposed_for, "boundary_option": "no", "policy": list(arns), **answers}
    return walk.post("permissions", **more)


def document_of(account, name="Made"):
    answer = perform(factories.root_of(account), "GetRole", RoleName=name)["Role"]
    return json.loads(unquote(answer["AssumeRolePolicyDocument"]))


def test_custom_role_is_created(walk, account, alice):
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": alice.arn}, "Action": "sts:AssumeRole"}],
        }
    )

    assert trust(walk, "custom", trust_policy=document).url == walk.url("permissions")
    assert permit(walk, SUPPORT).url == walk.url("review")
    page = walk.get("review").content.decode()
    assert "AWS managed – job function" in page
    answer = walk.review(role_name="SupportUserRole", description="Open support cases")

    assert answer.url == "/roles/"
    role = Role.objects.get(account=account)
    assert (role.name, role.description) == ("SupportUserRole", "Open support cases")
    assert [entry.policy.arn for entry in role.attachments.all()] == [SUPPORT]
    assert document_of(account, "SupportUserRole")["Statement"][0]["Principal"] == {"AWS": alice.arn}
    assert titles(account)[-1] == "Create role SupportUserRole"
    page = walk.client.get("/roles/").content.decode()
    assert "Role SupportUserRole created." in page
    assert "roleName=SupportUserRole" in page


def test_role_for_ec2_gets_proposed_policies_and_an_instance_profile(walk, account):
    trust(walk, "service", use_case_id="ec2-role-for-aws-systems-manager")
    assert SYSTEMS_MANAGER in walk.get("permissions").context["form"].policies.values
    permit(walk, SYSTEMS_MANAGER, proposed_for="ec2-role-for-aws-systems-manager")

    walk.review(role_name="Made")

    assert document_of(account)["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert InstanceProfile.objects.get(account=account).role.name == "Made"


def test_service_linked_role_is_what_its_service_defines(walk, account):
    trust(walk, "service", use_case_id="rds")
    page = walk.get("permissions").content.decode()
    assert "AmazonRDSServiceRolePolicy" in page
    assert 'name="policy"' not in page
    walk.post("permissions", **{"proposed-for": "rds"})
    page = walk.get("review").content.decode()
    assert "AWSServiceRoleForRDS" in page
    assert 'name="role_name"' not in page

    walk.review(description="For databases", role_name="Mine", **{"tag-key": "a", "tag-value": "b"})

    role = Role.objects.get(account=account)
    assert (role.name, role.path) == ("AWSServiceRoleForRDS", "/aws-service-role/rds.amazonaws.com/")
    assert role.description == "For databases"
    assert not role.tags.exists()


def test_service_linked_role_with_a_suffix_may_have_others_beside_it(walk, client, account):
    def create(suffix):
        walk = Walk(client, "roles:create")
        trust(walk, "service", use_case_id="ec2-auto-scaling")
        walk.post("permissions", **{"proposed-for": "ec2-auto-scaling"})
        return walk.review(custom_suffix=suffix)

    create("")
    create("batch")
    page = create("batch").content.decode()

    names = {role.name for role in Role.objects.filter(account=account)}
    assert names == {"AWSServiceRoleForAutoScaling", "AWSServiceRoleForAutoScaling_batch"}
    assert "Role with name AWSServiceRoleForAutoScaling_batch already exists." in page


def test_another_use_case_drops_what_the_first_proposed(walk):
    trust(walk, "service", use_case_id="ec2-role-for-aws-systems-manager")
    permit(walk, SYSTEMS_MANAGER, proposed_for="ec2-role-for-aws-systems-manager")

    trust(walk, "service", use_case_id="lambda")

    assert walk.get("permissions").context["form"].policies.values == []
    assert walk.get("review").url == walk.url("permissions")


@pytest.mark.parametrize(
    ("search", "expected"),
    [("scheduler.redshift", ["redshift-scheduler"]), ("nothing of the kind", [])],
)
def test_search_finds_use_cases_of_all_services(walk, search, expected):
    trust(walk, "service", search=search, **{"show-use-cases": ""})

    page = walk.get("trusted-entity")
    assert [entry.id for entry in page.context["form"].panel.shown_use_cases] == expected
    assert "Choose a use case." not in page.content.decode()


def test_use_case_has_to_be_chosen(walk):
    answer = trust(walk, "service")

    assert answer.status_code == 422
    assert "Choose a use case." in answer.content.decode()


def test_another_account_is_trusted_with_external_id_and_mfa(walk, account):
    trust(
        walk,
        "account",
        account_kind="other",
        account_id="1111-2222-3333",
        require_external_id="on",
        external_id="Example987",
        require_mfa="on",
    )
    permit(walk)
    walk.review(role_name="Made")

    (statement,) = document_of(account)["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert statement["Condition"] == {
        "StringEquals": {"sts:ExternalId": "Example987"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"account_kind": "other", "account_id": "12"}, "is no account ID"),
        ({"account_kind": "other"}, "Enter the ID of the account."),
        ({"account_kind": "this", "require_external_id": "on"}, "Enter the external ID"),
        ({"account_kind": "this", "require_external_id": "on", "external_id": "a b"}, "without blanks"),
        ({}, "Choose this account or another one."),
    ],
)
def test_faults_of_accounts_are_told(walk, answers, fault):
    answer = trust(walk, "account", **answers)

    assert answer.status_code == 422
    assert fault in answer.content.decode()


def test_web_identity_is_trusted_with_further_conditions(walk, account):
    trust(
        walk,
        "web-identity",
        provider="google",
        audience="client-1",
        **{
            "condition-key": ["accounts.google.com:sub"],
            "condition-operator": ["StringEquals"],
            "condition-value": ["42"],
        },
    )
    permit(walk)
    walk.review(role_name="Made")

    (statement,) = document_of(account)["Statement"]
    assert statement["Principal"] == {"Federated": "accounts.google.com"}
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {"accounts.google.com:aud": "client-1", "accounts.google.com:sub": "42"}
    }


def test_pool_is_trusted_with_its_identities(walk, account):
    trust(walk, "web-identity", provider="cognito", audience="eu-west-1:pool", identities="unauthenticated")
    permit(walk)
    walk.review(role_name="Made")

    assert document_of(account)["Statement"][0]["Condition"] == {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"},
    }


def test_conditions_come_and_go(walk):
    answers = {"provider": "google", "audience": "client-1"}
    trust(walk, "web-identity", **answers, **{"add-condition": "1"})
    assert len(walk.get("trusted-entity").context["form"].panel.rows) == 1

    row = {"condition-key": ["x"], "condition-operator": ["StringLike"], "condition-value": [""]}
    assert trust(walk, "web-identity", **answers, **row).status_code == 422
    trust(walk, "web-identity", **answers, **row, **{"remove-condition-0": "1"})

    assert walk.get("trusted-entity").context["form"].panel.rows == []


@pytest.fixture
def oidc_provider(account):
    answer = perform(
        factories.root_of(account),
        "CreateOpenIDConnectProvider",
        Url="https://idp.example.com/pool",
        ClientIDList=["app", "other"],
    )
    return answer["OpenIDConnectProviderArn"]


def test_provider_of_the_account_is_trusted_for_one_of_its_audiences(walk, account, oidc_provider):
    page = trust(walk, "web-identity", provider=oidc_provider, audience="stranger").content.decode()
    assert '<option value="app">app</option>' in page
    assert "idp.example.com/pool</option>" in page

    trust(
        walk,
        "web-identity",
        provider=oidc_provider,
        audience="app",
        **{
            "condition-key": ["idp.example.com/pool:sub"],
            "condition-operator": ["StringLike"],
            "condition-value": ["team-*"],
        },
    )
    permit(walk)
    walk.review(role_name="Made")

    (statement,) = document_of(account)["Statement"]
    assert statement["Principal"] == {"Federated": oidc_provider}
    assert statement["Condition"] == {
        "StringEquals": {"idp.example.com/pool:aud": "app"},
        "StringLike": {"idp.example.com/pool:sub": "team-*"},
    }


def test_providers_are_not_shown_to_those_who_may_not_list_them(account, client, oidc_provider):
    load_catalog()
    user = factories.make_user(account, statements=[factories.allow("iam:CreateRole")])
    walk = Walk(factories.sign_in(client, factories.principal_of(user)), "roles:create")

    page = trust(walk, "web-identity", provider=oidc_provider, audience="app")

    assert page.status_code == 422
    assert "idp.example.com/pool</option>" not in page.content.decode()


@pytest.fixture
def saml_provider(account):
    provider = SamlProvider(account=account, name="Corporate", created_at=timezone.now(), valid_until=timezone.now())
    provider.save()
    return provider.arn


def test_saml_provider_is_trusted_for_the_console(walk, account, saml_provider):
    trust(walk, "saml", provider=saml_provider, access="console")
    permit(walk)
    walk.review(role_name="Made")

    (statement,) = document_of(account)["Statement"]
    assert statement["Principal"] == {"Federated": saml_provider}
    assert statement["Action"] == "sts:AssumeRoleWithSAML"
    assert statement["Condition"] == {
        "StringEquals": {"SAML:aud": ["https://signin.aws.amazon.com/saml", f"{settings.PUBLIC_URL}/saml"]}
    }


def test_saml_provider_is_trusted_for_an_attribute_and_further_conditions(walk, account, saml_provider):
    answers = {"provider": saml_provider, "access": "programmatic", "attribute": "SAML:iss"}
    assert "Enter the value" in trust(walk, "saml", **answers).content.decode()
    row = {"condition-key": ["SAML:sub"], "condition-operator": ["StringLike"], "condition-value": ["*@example.com"]}

    trust(walk, "saml", **answers, value="https://idp.example.com", **row)
    permit(walk)
    walk.review(role_name="Made")

    assert document_of(account)["Statement"][0]["Condition"] == {
        "StringEquals": {"SAML:iss": "https://idp.example.com"},
        "StringLike": {"SAML:sub": "*@example.com"},
    }


def test_saml_says_that_there_is_no_provider(walk):
    answer = trust(walk, "saml")

    assert answer.status_code == 422
    assert "There is no SAML provider to choose." in answer.content.decode()


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("{", "error"),
        ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}]}', "error"),
        ("", "Enter a trust policy."),
    ],
)
def test_trust_policy_with_errors_goes_no_further(walk, document, fault):
    answer = trust(walk, "custom", trust_policy=document)

    assert answer.status_code == 422
    assert fault in answer.content.decode()


def test_another_tile_drops_what_was_answered(walk):
    trust(walk, "account", account_kind="other", account_id="111122223333")

    walk.post("trusted-entity", entity_type="custom", shown="account", account_id="111122223333")

    form = walk.get("trusted-entity").context["form"]
    assert (form.chosen_type, form.panel.is_bound) == ("custom", False)


def test_name_that_is_taken_is_refused_on_the_review(walk, make_role):
    make_role("Deploy")
    trust(walk, "account", account_kind="this")
    permit(walk)

    answer = walk.review(role_name="deploy")

    assert answer.status_code == 422
    assert "Role with name deploy already exists." in answer.content.decode()


def test_refused_policy_leaves_no_role_behind(walk, account):
    trust(walk, "account", account_kind="this")
    permit(walk, "arn:aws:iam::aws:policy/NoSuchPolicy")

    answer = walk.review(role_name="Made")

    assert "permissions" in answer.context["form"].refusals
    assert not Role.objects.filter(account=account).exists()


def test_user_without_permission_creates_nothing(account, signed_in_as, client):
    signed_in_as(factories.allow("iam:List*", "iam:Get*"))
    walk = Walk(client, "roles:create")
    trust(walk, "account", account_kind="this")
    permit(walk)

    answer = walk.review(role_name="Made")

    page = answer.content.decode()
    assert "iam:CreateRole" in page
    assert "/access/why/?action=iam%3ACreateRole" in page
    assert not Role.objects.filter(account=account).exists()


def test_boundary_that_a_policy_demands_goes_with_the_role(account, signed_in_as, client):
    boundary = factories.make_policy(account, "Limit").arn
    only = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    signed_in_as(factories.allow("iam:CreateRole", Condition=only), factories.allow("iam:ListPolicies", "iam:GetRole"))
    walk = Walk(client, "roles:create")
    trust(walk, "account", account_kind="this")
    permit(walk, boundary_option="yes", boundary=boundary)

    walk.review(role_name="Made")

    assert Role.objects.get(account=account).permissions_boundary.arn == boundary
