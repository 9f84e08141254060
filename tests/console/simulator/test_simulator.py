"""The policy simulator, as it is used by form and by link."""

import json
from urllib.parse import quote, urlencode

import pytest

from iam.models import Event
from iam.operations import Step, perform, perform_change_set
from tests import factories
from tests.factories import allow, deny, make_group, make_policy, make_role, make_user, policy_document, root_of

pytestmark = pytest.mark.django_db
URL = "/simulator/"


@pytest.fixture
def alice(account):
    """A user with an inline policy, a managed one, one through a group, and a boundary."""
    user = make_user(account, "alice", statements=[allow("s3:GetObject"), deny("s3:DeleteObject")])
    make_group(account, "Team", members=[user])
    things = make_policy(
        account, "Things", allow("sqs:SendMessage", Condition={"Bool": {"aws:SecureTransport": "true"}})
    )
    limit = make_policy(account, "Limit", allow("s3:*", "sqs:*"))
    perform_change_set(
        root_of(account),
        [
            Step("AttachUserPolicy", {"UserName": "alice", "PolicyArn": things.arn}),
            Step(
                "PutGroupPolicy",
                {
                    "GroupName": "Team",
                    "PolicyName": "ofteam",
                    "PolicyDocument": policy_document(allow("ec2:RunInstances")),
                },
            ),
            Step("PutUserPermissionsBoundary", {"UserName": "alice", "PermissionsBoundary": limit.arn}),
        ],
        title="Set up",
    )
    return user


def ask(client, **data):
    """Run a simulation by form."""
    return client.post(URL, {"run": "1", **data})


def decisions(response):
    return {row.action: row.label for row in response.context["results"].rows}


def test_a_users_policies_decide(client, root, alice):
    response = ask(client, source=alice.arn, actions="s3:GetObject\ns3:DeleteObject\nec2:RunInstances\niam:GetUser")

    assert decisions(response) == {
        "s3:GetObject": "Allowed",
        "s3:DeleteObject": "Denied",
        "ec2:RunInstances": "Implicitly denied",
        "iam:GetUser": "Implicitly denied",
    }
    assert "The permissions boundary does not allow it." in response.content.decode()


def test_a_result_leads_to_the_statement_that_decided(client, root, alice):
    response = ask(client, source=alice.arn, actions="s3:DeleteObject")

    (statement,) = response.context["results"].rows[0].deciding
    assert (statement.policy, statement.effect) == ("test", "Deny")
    assert statement.url == "/users/details/alice/inline-policies/edit/test/"
    assert 'id="statement-1"' in response.content.decode()
    assert "s3:DeleteObject" in "".join(line.html for line in statement.lines)


def test_an_answer_is_that_of_the_api(client, root, alice):
    given = {"PolicySourceArn": alice.arn, "ActionNames": ["sqs:SendMessage"]}
    entry = {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
    with_key = perform(root, "SimulatePrincipalPolicy", **given, ContextEntries=[entry])["EvaluationResults"]

    response = ask(
        client, source=alice.arn, actions="sqs:SendMessage", key="aws:SecureTransport", type="boolean", values="true"
    )
    without = ask(client, source=alice.arn, actions="sqs:SendMessage")

    assert with_key[0]["EvalDecision"] == "allowed"
    assert decisions(response) == {"sqs:SendMessage": "Allowed"}
    assert decisions(without) == {"sqs:SendMessage": "Implicitly denied"}
    assert without.context["results"].rows[0].missing == ["aws:SecureTransport"]


def test_keys_that_policies_ask_for_have_a_row(client, root, alice):
    rows = client.get(URL, {"source": alice.arn}).context["context_rows"]

    assert [(row.key, row.type) for row in rows] == [("aws:SecureTransport", "boolean"), ("", "string")]


@pytest.mark.parametrize(
    ("key", "action", "expected"),
    [
        ("user|alice|test", "s3:GetObject", "Implicitly denied"),
        ("group|Team|ofteam", "ec2:RunInstances", "Implicitly denied"),
        ("boundary", "ec2:RunInstances", "Allowed"),
    ],
)
def test_a_policy_can_be_left_out(client, root, alice, key, action, expected):
    response = ask(client, source=alice.arn, actions=action, listed=[key], counts=[])

    assert decisions(response) == {action: expected}


def test_an_edited_policy_takes_the_place_of_the_stored_one(client, root, alice):
    key = "user|alice|test"
    opened = client.post(URL, {"source": alice.arn, "edit": key})
    edited = json.loads(opened.context["asked"].edits[key])
    edited["Statement"] = [*edited["Statement"][:1], allow("iam:GetUser")]

    response = ask(
        client, source=alice.arn, actions="s3:DeleteObject\ns3:GetObject", edited=key, document=json.dumps(edited)
    )

    assert decisions(response) == {"s3:DeleteObject": "Implicitly denied", "s3:GetObject": "Allowed"}
    assert response.context["results"].rows[1].deciding[0].url == "#edit-1"
    assert "DeleteObject" in perform(root, "GetUserPolicy", UserName="alice", PolicyName="test")["PolicyDocument"]


def test_an_edited_boundary_limits(client, root, alice):
    document = policy_document(allow("ec2:*"))

    response = ask(client, source=alice.arn, actions="s3:GetObject", edited="boundary", document=document)

    assert decisions(response) == {"s3:GetObject": "Implicitly denied"}


def test_new_policies_need_nobody(client, root):
    response = ask(client, actions="s3:GetObject", resources="arn:aws:s3:::b/k", draft=policy_document(allow("s3:*")))

    assert decisions(response) == {"s3:GetObject": "Allowed"}
    assert response.context["results"].rows[0].deciding[0].url == "#draft-1"


@pytest.mark.parametrize("kind", ["group", "role"])
def test_groups_and_roles_are_simulated(client, root, account, kind):
    if kind == "group":
        arn = make_group(account, "Team").arn
        document = policy_document(allow("s3:GetObject"))
        perform(root, "PutGroupPolicy", GroupName="Team", PolicyName="p", PolicyDocument=document)
    else:
        arn = make_role(account, "Reader", statements=[allow("s3:GetObject")]).arn

    assert decisions(ask(client, source=arn, actions="s3:GetObject")) == {"s3:GetObject": "Allowed"}


def test_a_link_asks_the_same(client, root, alice):
    first = ask(
        client,
        source=alice.arn,
        actions="s3:GetObject",
        resources="arn:aws:s3:::b/k",
        listed="boundary",
        key="aws:SourceIp",
        type="ip",
        values="192.0.2.1",
    )

    again = client.get(first.context["share_url"])

    assert decisions(again) == decisions(first)
    assert (again.context["asked"].without, again.context["asked"].filled) == (
        ["boundary"],
        first.context["asked"].filled,
    )


def test_no_link_has_a_document(client, root, alice):
    secret = policy_document(allow("s3:GetObject", Sid="HiddenDraft"))
    response = ask(client, source=alice.arn, actions="s3:GetObject", draft=secret, boundary=secret)

    assert "HiddenDraft" not in response.context["share_url"]
    crafted = client.get(
        URL, {"source": alice.arn, "draft": secret, "boundary": secret, "edited": "boundary", "document": secret}
    )
    asked = crafted.context["asked"]
    assert (asked.drafts, asked.boundary, asked.edits) == ([], "", {})


def test_too_much_has_no_link_and_too_long_an_address_is_refused(client, root, alice):
    response = ask(client, source=alice.arn, actions="\n".join(f"s3:GetObject{number}" for number in range(600)))

    assert response.context["share_url"] == ""
    assert client.get(f"{URL}?q={'x' * 13000}").status_code == 400


def test_more_than_a_page_shows_is_refused(client, root):
    assert ask(client, actions="\n".join(f"s3:A{number}" for number in range(1001))).status_code == 400
    assert ask(client, draft=["{}"] * 30, actions="s3:A").status_code == 400


def test_faults_stand_at_their_fields(client, root, alice):
    response = ask(client, source=alice.arn, actions="s3:Get*", resources="no-arn")
    custom = ask(client, actions="s3:GetObject")

    assert response.status_code == custom.status_code == 422
    assert "actions" in response.context["form"].errors
    assert "Enter a policy" in custom.content.decode()
    assert ask(client, actions="s3:GetObject", draft="{").status_code == 422


def test_all_actions_of_a_service_are_chosen_at_once(client, root):
    response = client.post(URL, {"service": "sts", "actions": "s3:GetObject", "all": "1"})

    assert "sts:AssumeRole" in response.context["asked"].actions
    assert response.context["form"].initial["actions"] == "s3:GetObject"


def test_another_accounts_user_is_refused(client, root):
    other = make_user(factories.make_account(), "stranger")

    response = client.get(URL, {"source": other.arn})

    assert response.status_code == 404


def test_whoever_may_not_simulate_learns_nothing(client, signed_in_as, alice):
    signed_in_as()

    there = client.get(URL, {"source": alice.arn, "actions": "s3:GetObject", "run": "1"})
    absent = client.get(URL, {"source": alice.arn.replace("alice", "absent"), "actions": "s3:GetObject", "run": "1"})

    assert there.context["results"] is None
    assert (there.status_code, absent.status_code) == (200, 200)
    assert "iam:SimulatePrincipalPolicy" in there.content.decode()
    assert "Things" not in there.content.decode()


def test_policies_are_named_and_quoted_to_those_who_may_read_them(client, signed_in_as, alice):
    signed_in_as(allow("iam:SimulatePrincipalPolicy"))

    response = ask(client, source=alice.arn, actions="s3:GetObject")

    assert decisions(response) == {"s3:GetObject": "Allowed"}
    assert response.context["policies"] == []
    assert [statement.lines for statement in response.context["results"].statements] == [()]
    assert client.post(URL, {"source": alice.arn, "edit": "user|alice|test"}).context["asked"].edits == {}


def test_a_policy_is_put_into_the_sandbox_for_those_who_may_read_it(client, root, account, signed_in_as):
    policy = make_policy(account, "Things", allow("s3:HiddenAction"))
    told = client.get(URL, {"policy": policy.arn}).context["asked"].drafts
    signed_in_as(allow("iam:SimulateCustomPolicy"))
    refused = client.get(URL, {"policy": policy.arn})

    assert len(told) == 1
    assert "s3:HiddenAction" in told[0]
    assert "s3:HiddenAction" not in refused.content.decode()


def test_what_is_typed_is_text(client, root):
    nasty = "</textarea><script>alert(1)</script>"

    page = client.post(
        URL,
        {"actions": nasty, "key": nasty, "type": "string", "values": nasty, "draft": nasty, "run": "1", "source": ""},
    )
    linked = client.get(f"{URL}?{urlencode({'actions': nasty, 'q': nasty, 'source': ''})}")

    assert "<script>alert" not in page.content.decode() + linked.content.decode()


@pytest.mark.parametrize("query", ["q=%00", "policy=%00", "source=%00"])
def test_what_no_database_holds_is_not_found(client, root, query):
    assert client.get(f"/simulator/?{query}").status_code < 500


def test_a_simulation_is_an_event_and_changes_nothing(client, root, alice):
    ask(client, source=alice.arn, actions="s3:GetObject")

    assert Event.objects.filter(name="SimulatePrincipalPolicy").count() == 1


def test_queries_do_not_grow(client, root, alice, account, django_assert_max_num_queries):
    for number in range(8):
        policy = make_policy(account, f"P{number}", allow("s3:GetObject"))
        perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)

    with django_assert_max_num_queries(60):
        ask(client, source=alice.arn, actions="\n".join(["s3:GetObject", "sqs:SendMessage", "ec2:RunInstances"]))


def test_permissions_pages_lead_here(client, root, alice, account):
    policy = make_policy(account)
    make_role(account, "Reader")

    pages = {
        "/users/details/alice/": alice.arn,
        "/groups/details/Team/permissions/": alice.arn.replace("user/alice", "group/Team"),
        "/roles/details/Reader/": alice.arn.replace("user/alice", "role/Reader"),
        f"/policies/details/{policy.arn}": policy.arn,
        "/": "",
    }

    for page, about in pages.items():
        assert f'href="{URL}' in client.get(page).content.decode(), page
        assert quote(about, safe="") in client.get(page).content.decode(), page
