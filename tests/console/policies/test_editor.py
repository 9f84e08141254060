"""What the policy editor asks while somebody types."""

import json
import re

import pytest
from django import forms
from django.urls import reverse

from console.components.forms import ConsoleForm
from console.policies.editor import PolicyEditor
from console.policies.reports import Offsets
from iam.events import Event
from tests.factories import allow, deny, make_account, make_user, policy_document

pytestmark = pytest.mark.django_db


class DocumentForm(ConsoleForm):
    document = forms.CharField(label="Policy", widget=PolicyEditor("trust", quota=2048))


def ask(client, name, **parameters):
    return client.get(reverse(f"policies:editor_{name}"), parameters)


def judge(client, document, **parameters):
    return client.post(
        reverse("policies:editor_findings"), {"document": document, "policy_type": "identity", **parameters}
    )


def titles(response):
    return re.findall(r"<strong>(.*?)</strong>", response.content.decode())


def edits(response):
    found = re.findall(r'data-edits="(.*?)"', response.content.decode())
    return [json.loads(text.replace("&quot;", '"')) for text in found]


def test_widget_is_a_textarea_that_knows_its_policy():
    html = str(DocumentForm(initial={"document": '\n{"a": "</textarea>"}'})["document"].as_field_group())

    assert 'data-policy-editor="trust"' in html
    assert 'data-quota="2048"' in html
    assert "&lt;/textarea&gt;" in html
    # A browser drops one line break after the tag, so that the author's own stays.
    assert re.search(r'<textarea[^>]*name="document"[^>]*>\n\n\{', html)


def test_language_lists_services_and_operators(client, root):
    response = ask(client, "language")

    assert ["s3", "Amazon S3"] in response.json()["services"]
    assert response.json()["operators"]["IPAddress"] == ["IpAddress", "NotIpAddress", "Null"]
    assert response.json()["operators"]["ARN"][0] == "ArnEquals"
    assert response["Cache-Control"] == "private, max-age=3600"


def test_actions_of_a_service_come_with_level_and_resource_types(client, root):
    found = ask(client, "actions", service="S3").json()

    assert ["GetObject", "Read"] in [action[:2] for action in found["actions"]]
    assert ["object", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"] in found["resources"]
    assert ask(client, "actions", service="nothing").json() == {"actions": [], "resources": []}


def test_resources_fit_the_actions_and_name_this_account(client, root, account):
    found = ask(client, "resources", action=["iam:CreateUser", "s3:GetObj*", "s3:ListAllMyBuckets"]).json()

    assert ["iam", "user", f"arn:aws:iam::{account.pk}:user/${{UserNameWithPath}}"] in found["resources"]
    assert ["s3", "object", "arn:aws:s3:::${BucketName}/${ObjectName}"] in found["resources"]
    assert "bucket" not in [kind for _, kind, _ in found["resources"]]
    assert found["needs_all"] is True


def test_keys_fit_the_actions_and_global_ones_follow(client, root):
    names = [key[0] for key in ask(client, "keys", action="iam:PassRole").json()["keys"]]

    assert names.index("iam:PassedToService") < names.index("aws:SourceIp")
    assert "s3:prefix" not in names


@pytest.mark.parametrize("name", ["resources", "keys"])
@pytest.mark.parametrize("action", ["", "*", "nothing:*", "*:*", "s3:" + "?" * 100, "\x00", "ec2:*"])
def test_any_action_has_a_bounded_answer(client, root, name, action):
    response = ask(client, name, action=action)

    assert response.status_code == 200
    assert len(next(iter(response.json().values()))) <= 400


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("actions", {}),
        ("actions", {"service": "x" * 200}),
        ("resources", {"action": ["s3:GetObject"] * 51}),
        ("keys", {"action": ["s3:GetObject"] * 51}),
        ("principals", {}),
        ("principals", {"kind": "group"}),
        ("principals", {"kind": "user", "q": "x" * 65}),
        ("principals", {"kind": "user", "q": "\x00"}),
    ],
)
def test_bad_questions_are_refused(client, root, name, parameters):
    assert ask(client, name, **parameters).status_code == 422


def test_principals_are_those_of_the_account_that_match(client, root, account):
    make_user(account, "alice")
    make_user(account, "Malice", Path="/team-a/")
    make_user(account, "bob")
    make_user(make_account(), "alice")

    found = ask(client, "principals", kind="user", q="ALICE").json()

    assert found == {
        "account": account.pk,
        "principals": [f"arn:aws:iam::{account.pk}:user/alice", f"arn:aws:iam::{account.pk}:user/team-a/Malice"],
    }


def test_principals_are_bounded(client, root, account, django_assert_num_queries):
    for number in range(52):
        make_user(account, f"user{number:02}")

    with django_assert_num_queries(4):
        found = ask(client, "principals", kind="user").json()

    assert len(found["principals"]) == 50


@pytest.mark.parametrize("kind", ["user", "role"])
def test_principals_need_the_permission_to_list_them(client, signed_in_as, kind):
    signed_in_as(allow("iam:ListGroups"))

    found = ask(client, "principals", kind=kind).json()

    assert found["principals"] == []
    assert f"iam:List{kind.capitalize()}s" in found["refusal"]


def test_findings_come_with_places_and_fixes(client, root):
    document = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}}'

    response = judge(client, document)

    assert titles(response) == ["Invalid action"]
    start = document.index('"s3:GetObjekt"')
    assert edits(response) == [[[start, start + len('"s3:GetObjekt"'), '"s3:GetObject"']]]
    assert f'data-ranges="[[{start}, {start + 14}]]"' in response.content.decode()
    assert f"Ln 1, Col {start + 1}" in response.content.decode()


def test_findings_depend_on_the_type_of_policy(client, root):
    document = policy_document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}})

    assert titles(judge(client, document, policy_type="trust")) == []
    assert "Unsupported principal" in titles(judge(client, document))


def test_document_is_escaped(client, root):
    response = judge(client, '{"Statement": [{"<script>alert(1)</script>": 1}]}')

    assert "<script>" not in response.content.decode()


@pytest.mark.parametrize(
    "parameters",
    [
        {"document": "x" * 131_073},
        {"policy_type": "scp"},
        {"policy_type": ""},
        {"policy_type": "resource", "resource_type": "AWS::Nothing"},
    ],
)
def test_what_cannot_be_judged_is_refused(client, root, parameters):
    assert judge(client, **{"document": "{}", **parameters}).status_code == 422


@pytest.mark.parametrize("document", ["", "{", "[]", "null", "[" * 5000, '"' + "\\ud800" + '"', '{"a": 1e999}'])
def test_any_text_has_findings(client, root, document):
    assert titles(judge(client, document)) != []


def test_findings_are_not_read_by_get(client, root):
    assert client.get(reverse("policies:editor_findings")).status_code == 405


def test_without_permission_only_the_grammar_is_checked(client, signed_in_as):
    signed_in_as(allow("*"), deny("access-analyzer:*"))
    document = policy_document({"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"})

    good, bad = judge(client, document), judge(client, '{"Version": "2012-10-17",}')

    assert "access-analyzer:ValidatePolicy" in good.content.decode()
    assert titles(good) == ["You need permissions"]
    assert titles(bad) == ["You need permissions", "JSON syntax error"]


def test_typing_does_not_fill_the_event_history(client, root):
    before = Event.objects.count()

    judge(client, "{}")

    assert Event.objects.count() == before


def test_offsets_are_those_of_javascript():
    offsets = Offsets('"😀a" "b"')

    assert [offsets(0), offsets(1), offsets(2), offsets(5)] == [0, 1, 3, 6]
