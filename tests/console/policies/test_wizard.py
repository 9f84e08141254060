"""Creating a policy: the steps, the two editors, and what is saved."""

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from console.policies.wizard_document import STARTER
from iam.models import Draft, ManagedPolicy
from tests import factories
from tests.factories import allow, deny, make_policy, make_user, policy_document

CREATE = "/policies/create/"
DOCUMENT = policy_document(allow("s3:GetObject", resource="arn:aws:s3:::data/*"))
REVIEW = {"policy_name": "ReadData", "description": "Reads."}


@pytest.fixture
def step(root, client):
    """The address of the first step of a new wizard."""
    return client.get(CREATE)["Location"]


def review_of(step):
    return step.replace("/permissions/", "/review/")


def sent(page, **changes):
    """Return what the form of a page would send, as a browser would, with changes; None leaves a field away."""
    fields = {}
    page = page[page.index('id="wizard"') :]
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(unescape(value))
    for field in re.findall(r'<input type="(?:checkbox|radio)"[^>]*checked[^>]*>', page):
        if "disabled" not in field:
            fields.setdefault(attribute(field, "name"), []).append(attribute(field, "value"))
    fields.pop("csrfmiddlewaretoken", None)
    for name, value in changes.items():
        fields[name.replace("_", "-") if name != "policy_document" else name] = value
    return {name: value for name, value in fields.items() if value is not None}


def attribute(tag, name):
    found = re.search(rf' {name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def unescape(text):
    return html.unescape(text)


def shown(client, step):
    return client.get(step).content.decode()


def document_in(page):
    return unescape(re.search(r'name="policy_document" value="([^"]*)"', page)[1])


def test_wizard_creates_the_policy(step, client, account):
    first = client.post(step, {"editor": "json", "policy_document": DOCUMENT})
    last = client.post(first["Location"], {**REVIEW, "tag-key": "team", "tag-value": "data"})

    policy = ManagedPolicy.objects.get(account=account)
    assert first["Location"] == review_of(step)
    assert last["Location"] == reverse("policies:list")
    assert (policy.name, policy.description) == ("ReadData", "Reads.")
    assert policy.versions.get().document == DOCUMENT
    assert list(policy.tags.values_list("key", "value")) == [("team", "data")]
    assert not Draft.objects.exists()


def test_visual_editor_builds_a_statement(step, client):
    for changes in ({"choose_service": "s3"}, {"action": ["s3:GetObject"], "update": "1"}, {"add_arn": "s3:object"}):
        client.post(step, sent(shown(client, step), **changes))
    arn = {"arn-field-0": "data", "arn-any-1": "1", "add-arns": "1"}
    client.post(step, {**sent(shown(client, step)), **arn})
    client.post(step, {**sent(shown(client, step)), "mfa": "1", "source-ip": "1", "source-ip-values": "192.0.2.0/24"})

    statement = json.loads(document_in(shown(client, step)))["Statement"][0]
    assert (statement["Action"], statement["Resource"]) == ("s3:GetObject", "arn:aws:s3:::data/*")
    assert statement["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}
    assert statement["Condition"]["IpAddress"] == {"aws:SourceIp": "192.0.2.0/24"}


def test_json_stays_as_typed_through_a_visit_to_blocks(step, client):
    document = '{"Statement":{"Effect" : "Allow",  "Action":["S3:getobject"],"Resource":"*"},"Version":"2012-10-17"}'

    client.post(step, {"editor": "json", "policy_document": document, "show-visual": "1"})
    page = shown(client, step)
    client.post(step, {**sent(page), "show-json": "1"})

    assert document_in(page) == document
    assert html.escape(document) in shown(client, step)


def test_what_blocks_cannot_show_is_kept(step, client):
    document = policy_document(allow("s3:GetObject", Color="red"), deny("iam:*"))

    client.post(step, {"editor": "json", "policy_document": document, "show-visual": "1"})
    page = shown(client, step)
    client.post(step, {**sent(page), "clone-block": "1"})

    assert "JSON only" in page
    kept = json.loads(document_in(shown(client, step)))["Statement"]
    assert [each.get("Color") for each in kept] == ["red", None, None]


def test_broken_json_is_not_shown_as_blocks(step, client):
    page = client.post(step, {"editor": "json", "policy_document": "{\n!", "show-visual": "1"}).content.decode()

    assert "line 2, column 1" in page
    assert "{\n!" in unescape(page)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "Syntax errors in policy."),
        (STARTER, "Policy statement must contain actions."),
        (policy_document(allow("s3:GetObject", Principal="*")), "should not specify a principal"),
        (policy_document(allow("s3:GetObject", resource=["arn:aws:s3:::" + "x" * 7000])), "6144"),
        ("[" * 100_000, "nested"),
        (" " * 131_073, "131072"),
    ],
)
def test_what_saving_refuses_does_not_go_on(step, client, document, message):
    response = client.post(step, {"editor": "json", "policy_document": document})

    assert response.status_code == 422
    assert message in " ".join(response.context["form"].errors["policy_document"])


def test_import_into_an_untouched_draft_gives_the_imported_document(step, client, account):
    policy = make_policy(account, "Shared", allow("s3:*"))

    page = client.post(step.replace("review", "") + "import/", {"policy": policy.arn})

    assert page["Location"] == step
    assert document_in(shown(client, step)) == policy.versions.get().document


def test_import_of_another_accounts_policy_is_refused(step, client):
    policy = make_policy(factories.make_account(), "Hidden", allow("s3:HiddenAction"))

    page = client.post(step + "import/", {"policy": policy.arn})

    assert page.status_code == 422
    assert "HiddenAction" not in page.content.decode()


def test_posted_document_and_name_begin_a_wizard(root, client):
    step = client.post(CREATE, {"document": DOCUMENT, "name": "Wanted"})["Location"]
    review = client.post(step, {"editor": "json", "policy_document": DOCUMENT})["Location"]

    assert 'value="Wanted"' in shown(client, review)


def test_creating_needs_the_permission(account, signed_in_as, client):
    signed_in_as(allow("s3:*"))
    step = client.get(CREATE)["Location"]
    review = client.post(step, {"editor": "json", "policy_document": DOCUMENT})["Location"]

    page = client.post(review, REVIEW)

    assert "iam:CreatePolicy" in page.content.decode()
    assert not ManagedPolicy.objects.filter(account=account).exists()


def test_draft_of_somebody_else_is_gone(step, account):
    other = factories.sign_in(Client(), factories.principal_of(make_user(account, "mallory", statements=[allow("*")])))

    assert other.get(step)["Location"] == reverse("policies:list")


def test_post_without_token_is_refused(account):
    client = factories.sign_in(Client(enforce_csrf_checks=True), factories.root_of(account))

    assert client.post(CREATE, {"document": DOCUMENT}).status_code == 403


def test_documents_are_escaped(step, client):
    evil = "<script>alert(1)</script>"
    condition = {"StringEquals": {f"aws:{evil}": evil}}
    statement = allow(f"s3:{evil}", resource=f"arn:aws:s3:::{evil}", Sid=evil, Condition=condition)

    for editor in ("show-visual", "show-json"):
        client.post(step, {"editor": "json", "policy_document": policy_document(statement), editor: "1"})
        assert evil not in shown(client, step)
