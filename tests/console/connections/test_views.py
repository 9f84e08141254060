"""The pages of connections, as somebody without script uses them."""

import json
import re

import pytest
from django.utils import timezone

from iam.models import Account, Connection, Event, Inventory, User
from iam.operations import circuits, inventories, perform, quotas
from iam.operations.connections import Keys
from tests.factories import (
    allow,
    connection_session,
    make_account,
    make_connection,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

pytestmark = pytest.mark.django_db
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", SECRET)
ROLE = "arn:aws:iam::210987654321:role/console/Operator"


def text(response):
    return response.content.decode()


def connect(client, name, method, **access):
    """Walk the wizard and return its last answer."""
    step = client.get("/aws-accounts/connect/").url
    following = client.post(step, {"name": name, "method": method})
    assert following.status_code == 302, text(following)
    return client.post(following.url, {"region": "us-east-1", **access})


@pytest.fixture
def page(root, account):
    """The page of a connection that waits for its role."""

    def page(**details):
        connection = make_connection(account, "210987654321", **details)
        return f"/aws-accounts/details/{connection.pk}/"

    return page


def test_wizard_ends_at_the_role_to_create(client, root):
    response = connect(client, "production", "role", is_read_only="on")

    connection = Connection.objects.get()
    assert response.url == f"/aws-accounts/details/{connection.pk}/"
    assert (connection.source, connection.is_read_only, connection.role_arn) == ("environment", True, "")
    shown = text(client.get(response.url))
    assert connection.external_id in shown
    assert "iam:ListUsers" in shown
    assert "iam:CreateUser" not in shown
    assert "iam:CreateUser" in text(client.get(response.url + "?access=full"))


def test_role_follows_and_is_tested(client, root):
    page = connect(client, "production", "role").url
    Connection.objects.update(test_requested_at=None)

    response = client.post(page + "role/", {"role_arn": ROLE})

    connection = Connection.objects.get()
    assert response.url == page
    assert (connection.role_arn, connection.test_requested_at is None) == (ROLE, False)


def test_wrong_role_is_refused_on_the_page(client, root):
    page = connect(client, "production", "role").url

    response = client.post(page + "role/", {"role_arn": "Operator"})

    assert response.status_code == 422
    assert "Enter the ARN of a role" in text(response)


def test_secret_of_keys_is_on_no_page(client, root):
    response = connect(
        client, "production", "keys", access_key_id=KEYS.access_key_id, secret_access_key=SECRET, session_token="tok/en"
    )
    page = response.url

    for address in ("/aws-accounts/", page, page + "edit/", page + "keys/", page + "status/"):
        shown = text(client.get(address, follow=True))
        assert SECRET not in shown
        assert "tok/en" not in shown
    refused = connect(client, "b", "keys", access_key_id="short", secret_access_key=SECRET)
    assert refused.status_code == 422
    assert SECRET not in text(refused)


def test_ways_of_the_workers_are_for_trusted_accounts(client, root, settings):
    settings.CONNECTION_OWNERS = [make_account().pk]
    step = client.get("/aws-accounts/connect/").url

    shown = text(client.get(step))
    response = client.post(step, {"name": "x", "method": "worker"})

    assert 'value="worker"' not in shown
    assert response.status_code == 422
    assert "endpoint_url" not in text(client.get(client.post(step, {"name": "x", "method": "role"}).url))


def test_worker_that_is_known_stands_in_the_trust_policy(client, root, page):
    worker = "arn:aws:sts::555566667777:assumed-role/worker/i-1"
    page = page(external_id="id-1", test_result={"worker_arn": worker})

    shown = text(client.get(page))
    template = text(client.get(page + "template/"))

    assert "arn:aws:iam::555566667777:root" in shown
    assert "arn:aws:iam::555566667777:role/*/worker" in template
    assert 'Default: "id-1"' in template


@pytest.mark.parametrize("access", ["read", "full"])
def test_template_is_yaml_with_policies(client, root, page, access):
    template = text(client.get(page(external_id="id-1") + f"template/?access={access}"))

    [policy] = re.findall(r"^ +PolicyDocument: (.*)$", template, re.MULTILINE)
    actions = json.loads(policy)["Statement"][0]["Action"]
    assert ("iam:CreateUser" in actions) == (access == "full")
    assert len(policy) < 10240


def test_names_from_outside_are_text(client, root, page):
    evil = "<script>alert(1)</script>"
    page = page(
        name=evil, test_result={"error_code": evil, "error_message": evil, "caller_arn": evil, "denied": [evil]}
    )

    for address in (page, "/aws-accounts/"):
        assert evil not in text(client.get(address))


def test_failed_test_tells_the_words_of_aws(client, page):
    page = page(test_result={"error_code": "AccessDenied", "error_message": "User is not authorized"})

    assert 'AccessDenied: <span class="break">User is not authorized' in text(client.get(page))


def test_page_polls_while_a_worker_is_at_it_and_then_stops(client, page):
    page = page(test_requested_at=timezone.now())

    assert "status/?poll=1" in text(client.get(page))
    Connection.objects.update(test_requested_at=None)
    fragment = text(client.get(page + "status/?poll=1", headers={"HX-Request": "true"}))
    assert "hx-get" not in fragment
    assert "connection-enter" in fragment


def test_testing_again_leaves_a_request(client, page):
    page = page()

    assert client.post(page + "test/").url == page
    assert Connection.objects.get().test_requested_at


def test_editing_replacing_keys_and_read_only(client, account, root):
    connection = make_connection(
        account, source="keys", access_key_id=KEYS.access_key_id, sealed_keys=KEYS.sealed(), region="us-east-1"
    )
    page = f"/aws-accounts/details/{connection.pk}/"

    assert client.post(page + "edit/", {"name": "staging", "region": "eu-west-1"}).url == page
    assert client.post(page + "keys/", {"access_key_id": "AKIAIOSFODNN7EXAMPL2", "secret_access_key": "x"}).url == page
    assert client.post(page + "read-only/", {"read_only": "1"}).url == page

    connection.refresh_from_db()
    assert (connection.name, connection.region, connection.access_key_id, connection.is_read_only) == (
        "staging",
        "eu-west-1",
        "AKIAIOSFODNN7EXAMPL2",
        True,
    )


def test_disconnecting_asks_for_a_word(client, page):
    page = page()

    assert client.post(page + "disconnect/", {"confirm": "yes"}).status_code == 422
    assert Connection.objects.exists()
    assert client.post(page + "disconnect/", {"confirm": "disconnect"}).url == "/aws-accounts/"
    assert not Account.objects.filter(kind="aws").exists()


def test_root_is_told_how_to_enter(client, page):
    assert "The root user cannot switch roles." in text(client.get(page()))


@pytest.fixture
def administrator(account, client):
    user = make_user(account, "admin", statements=[allow("*")])
    sign_in(client, principal_of(user))
    return user


def test_account_is_entered_from_the_menu_and_from_its_page(client, account, administrator):
    connection = make_connection(account, "210987654321", role_arn=ROLE, is_read_only=True)
    inventories.finish(inventories.request("210987654321", "import"))

    for address in ("/", f"/aws-accounts/details/{connection.pk}/", "/switchrole/roles/"):
        assert 'name="account" value="210987654321"' in text(client.get(address))
    client.post("/switchrole", {"account": "210987654321", "roleName": "console/Operator", "displayName": "production"})

    inside = text(client.get("/users/"))
    assert "Mirrored as of" in inside
    assert "Read-only" in inside
    assert 'href="/aws-accounts/"' not in inside
    assert client.get("/aws-accounts/").status_code == 200
    assert Event.objects.filter(name="SwitchRole", account_id="210987654321").exists()


def test_pages_inside_say_that_aws_cannot_be_reached_and_show_its_quotas(client, account, administrator):
    connection = make_connection(account, "210987654321", role_arn=ROLE)
    client.post("/switchrole", {"account": "210987654321", "roleName": "console/Operator", "displayName": "production"})
    quotas.recount("210987654321", ["group"])
    assert "AWS cannot be reached" not in text(client.get("/"))
    circuits.note_failure(connection, "EndpointConnectionError", "Could not connect to the endpoint URL")

    home = text(client.get("/"))

    assert "AWS cannot be reached" in home
    assert "EndpointConnectionError" in home
    assert "of 300" in home


@pytest.mark.parametrize(
    ("counts", "said"), [({"account": 1}, "1 entity<"), ({"account": 1, "user": 2}, "3 entities<")]
)
def test_list_says_how_much_was_read(client, account, root, counts, said):
    make_connection(account, "210987654321")
    inventory = inventories.request("210987654321", "import")
    inventories.finish(inventory)
    Inventory.objects.update(counts=counts)

    assert said in text(client.get("/aws-accounts/"))


def test_menu_lists_no_account_that_one_may_not_enter(client, account, signed_in_as):
    make_connection(account, "210987654321", role_arn=ROLE)
    signed_in_as(allow("iam:*"))

    assert "210987654321" not in text(client.get("/users/"))


def test_session_leaves_when_the_account_is_disconnected(client, account, administrator):
    connection = make_connection(account, "210987654321", role_arn=ROLE)
    client.post("/switchrole", {"account": "210987654321", "roleName": "console/Operator"})

    connection.delete()

    assert "The session of" in text(client.get("/users/", follow=True))


def test_nobody_signs_in_to_an_aws_account(client, account):
    connection = make_connection(account, "210987654321")
    user = make_user(account, "bob")
    User.objects.filter(pk=user.pk).update(account=connection.account)
    form = {"kind": "iam", "account": "210987654321", "user_name": "bob", "password": "Battery-Staple-7"}

    told = {}
    for name in ("210987654321", "999999999999"):
        response = client.post(f"/{name}/console", {**form, "account": name})
        told[name] = re.sub(r'csrfmiddlewaretoken" value="\w+"|\d{12}|\d{4}-\d{4}-\d{4}', "", text(response))

    assert told["210987654321"] == told["999999999999"]


def test_list_asks_the_tables_no_more_for_more_accounts(client, account, root, django_assert_max_num_queries):
    for _ in range(3):
        make_connection(account)

    with django_assert_max_num_queries(8):
        client.get("/aws-accounts/")


def test_pages_refuse_other_methods_and_unknown_ids(client, root, page):
    page = page()

    assert client.get(page + "test/").status_code == 405
    assert client.post("/aws-accounts/").status_code == 405
    unknown = "/aws-accounts/details/00000000-0000-4000-8000-000000000000/"
    assert client.get(unknown).status_code == 404
    assert client.get(unknown + "edit/").status_code == 404


def test_page_of_another_account_is_not_there(client, root):
    connection = make_connection(make_account())

    assert client.get(f"/aws-accounts/details/{connection.pk}/").status_code == 404
    assert root_of(connection.owner).account_id not in text(client.get("/aws-accounts/"))


def test_people_of_an_account_in_aws_are_sent_to_aws(client, account):
    person = principal_of(make_user(account, statements=[allow("sts:AssumeRole")]))
    connection = make_connection(account, "210987654321")
    trust = {"Version": "2012-10-17", "Statement": [{**allow("sts:AssumeRole"), "Principal": {"AWS": account.pk}}]}
    del trust["Statement"][0]["Resource"]
    inside = connection_session(connection, person)
    perform(inside, "CreateRole", RoleName="Operator", AssumeRolePolicyDocument=json.dumps(trust))
    sign_in(client, person)
    client.post("/switchrole", {"account": "210987654321", "roleName": "IAMConsole", "displayName": "", "color": ""})

    assert "https://210987654321.signin.aws.amazon.com/console" in text(client.get("/"))
    shown = text(client.get("/roles/details/Operator/"))
    assert "https://signin.aws.amazon.com/switchrole?account=210987654321&amp;roleName=Operator" in shown
    Account.objects.filter(pk="210987654321").update(alias="acme")
    assert "https://acme.signin.aws.amazon.com/console" in text(client.get("/account/"))
