"""Questions as JSON, by the function and by the command."""

import io
import json
import subprocess
import sys

import pytest
from django.core.management import call_command

from iam.policy import cases
from tests.iam.policy.documents import ACCOUNT, BUCKET, OBJECT, USER, allow, deny, text

DOCUMENT = json.loads(text(allow()))


def evaluation(**policies):
    request = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT, "resource_account": ACCOUNT}
    return {"id": "c1", "kind": "evaluate", "request": {**request, "context": {}}, "policies": policies}


@pytest.mark.parametrize(
    ("policies", "decision", "matched"),
    [
        ({"identity": [DOCUMENT]}, "allowed", [["identity", 0, 0]]),
        ({"identity": [text(deny()), text(allow())]}, "explicitDeny", [["identity", 0, 0]]),
        ({"identity": []}, "implicitDeny", []),
        ({"identity": [DOCUMENT], "boundary": json.loads(text(allow("ec2:*")))}, "implicitDeny", []),
        ({"identity": [DOCUMENT], "boundaries": [DOCUMENT], "session": [DOCUMENT]}, "allowed", [["identity", 0, 0]]),
        ({"identity": [], "resource": json.loads(text(allow(Principal="*")))}, "allowed", [["resource", 0]]),
        ({"identity": [DOCUMENT], "scp": [[DOCUMENT], [json.loads(text(deny()))]]}, "explicitDeny", [["scp", 1, 0, 0]]),
        (
            {"identity": [DOCUMENT], "rcp": [[json.loads(text(deny(Principal="*")))]]},
            "explicitDeny",
            [["rcp", 0, 0, 0]],
        ),
        ({"identity": [DOCUMENT], "endpoint": [json.loads(text(allow("ec2:*")))]}, "implicitDeny", []),
    ],
)
def test_case_is_evaluated(policies, decision, matched):
    assert cases.answer(evaluation(**policies)) == {"id": "c1", "decision": decision, "matched": matched}


def test_context_takes_json_values():
    condition = {"Bool": {"aws:SecureTransport": "true"}, "ForAnyValue:NumericEquals": {"test:n": 3}}
    case = evaluation(identity=[json.loads(text(allow(Condition=condition)))])
    case["request"]["context"] = {"aws:SecureTransport": True, "test:n": [1, 3], "aws:TagKeys": None}

    assert cases.answer(case)["decision"] == "allowed"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("principal", 5, "principal must be a string or an object"),
        ("principal", {"user": "alice"}, "needs the member service, federated or member"),
        ("principal", "alice", "alice is not the ARN of a principal"),
        ("action", None, "action is missing"),
        ("action", ["s3:GetObject"], "action must be a string"),
        ("resource", {}, "resource must be a string"),
        ("resource_account", 111122223333, "resource_account must be a string"),
        ("context", [], "context must be an object"),
        ("context", {"aws:username": {"a": "b"}}, "The context key aws:username must have a string"),
        ("context", {"aws:TagKeys": [None]}, "The context key aws:TagKeys must have a string"),
    ],
)
def test_request_of_a_wrong_shape_is_an_error(name, value, error):
    case = evaluation(identity=[DOCUMENT])
    case["request"][name] = value
    result = cases.answer(case)

    assert set(result) == {"id", "error"}
    assert error in result["error"]


def saving(document, api="iam:CreatePolicy"):
    return {"id": 1, "kind": "validate", "request": {"api": api}, "policies": {"document": document}}


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ({"id": 7, "kind": "evaluate"}, "request is missing"),
        ({"id": 7, "kind": "evaluate", "request": []}, "request must be an object"),
        ({"id": 7, "kind": "evaluate", "request": {}}, "principal is missing"),
        ({"id": 7, "kind": []}, "There is no kind of case"),
        (saving(None) | {"id": 7}, "document is missing"),
        (saving(text(allow()), 5) | {"id": 7}, "api must be a string"),
        ({"id": 7, "kind": "summarize", "policies": {}}, "identity is missing"),
        ({"id": 7, "kind": "summarize", "policies": {"document": []}}, "A policy document is an object"),
        ({"id": 7, "kind": "guess"}, "There is no kind of case called guess"),
        (saving(text(allow()), "s3:PutBucketPolicy") | {"id": 7}, "saves no policy document"),
        (evaluation(identity=["{"]) | {"id": 7}, "A name in double quotes is expected here (line 1, column 2)"),
        (evaluation(identity=[5]) | {"id": 7}, "A policy document is an object or its text, not 5"),
        (evaluation(identity=[None]) | {"id": 7}, "not null"),
        (evaluation(resource="[]") | {"id": 7}, "A policy document is an object"),
        (evaluation(scp=DOCUMENT) | {"id": 7}, "a list of documents for each level"),
    ],
)
def test_case_that_fails_gives_its_id_and_the_error(case, error):
    result = cases.answer(case)

    assert set(result) == {"id", "error"}
    assert result["id"] == 7
    assert error in result["error"]


@pytest.mark.parametrize(
    ("case", "saved", "message"),
    [
        (saving(text(allow())), True, ""),
        (saving("{"), False, "Syntax errors in policy."),
        (saving(text(allow(), version=None)), False, "Policy document must be version 2012-10-17 or greater."),
        (saving(text(allow(), version=None), "iam:PutUserPolicy"), True, ""),
        (saving(text(allow()), "iam:CreateRole"), False, "Has prohibited field Resource"),
        (saving(text(allow(Sid="x" * 6144))), False, "Cannot exceed quota for PolicySize: 6144"),
        (
            saving(text(allow(Sid="x" * 2048)), "PutUserPolicy"),
            False,
            "Maximum policy size of 2048 bytes exceeded for user",
        ),
    ],
)
def test_case_checks_saving(case, saved, message):
    assert cases.answer(case) == {"id": 1, "saved": saved, "message": message}


def test_case_is_validated():
    request = {"policy_type": "IDENTITY_POLICY", "resource_type": None}
    document = text(allow("iam:PassRole"))
    result = cases.answer({"id": 1, "kind": "validate", "request": request, "policies": {"document": document}})
    finding = result["findings"][0]

    assert set(finding) == {"type", "code", "message", "locations"}
    assert (finding["type"], finding["code"]) == ("SECURITY_WARNING", "PASS_ROLE_WITH_STAR_IN_RESOURCE")
    assert finding["locations"][0]["path"] == [{"value": "Statement"}, {"index": 0}, {"value": "Action"}]
    start = finding["locations"][0]["span"]["start"]
    assert document[start["offset"] :].startswith('"iam:PassRole"')


def test_case_is_summarised():
    result = cases.answer({"id": 1, "kind": "summarize", "policies": {"document": DOCUMENT}})

    assert result["summary"]["allowed"][0]["access_level"] == "Limited: Read"
    json.dumps(result)


def run(arguments, given, monkeypatch):
    data = given if isinstance(given, bytes) else given.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    out = io.StringIO()
    call_command("policy", *arguments, stdout=out)
    return out.getvalue()


def test_command_answers_line_by_line(monkeypatch):
    lines = [json.dumps(evaluation(identity=[DOCUMENT])), "", "no json", "[]", json.dumps({"id": 2})]
    results = [json.loads(line) for line in run(["simulate", "--jsonl"], "\n".join(lines), monkeypatch).splitlines()]

    assert [result.get("id") for result in results] == ["c1", None, None, 2]
    assert results[0]["decision"] == "allowed"
    assert all("error" in result for result in results[1:])


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff",
        b'{"id": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"id": ' + b"[" * 980 + b"]" * 980 + b"}",
        json.dumps(evaluation(identity=["[" * 100_000])).encode(),
        json.dumps(evaluation(identity=["x" * 600_000])).encode(),
    ],
)
def test_line_that_cannot_be_answered_leaves_the_others_alone(line, monkeypatch):
    case = json.dumps(evaluation(identity=[DOCUMENT])).encode()
    given = b"\xef\xbb\xbf" + b"\n".join([case, line, case])
    results = [json.loads(answer) for answer in run(["simulate", "--jsonl"], given, monkeypatch).splitlines()]

    assert [result.get("decision") for result in results] == ["allowed", None, "allowed"]
    assert set(results[1]) == {"id", "error"}


@pytest.mark.parametrize("task", ["validate", "summarize"])
def test_command_takes_a_bare_document(task, monkeypatch):
    result = json.loads(run([task], text(allow(resource=f"{BUCKET}/*")), monkeypatch))

    assert "error" not in result


def test_command_takes_a_list_of_cases(monkeypatch):
    result = json.loads(run(["simulate"], json.dumps([evaluation(identity=[DOCUMENT])] * 2), monkeypatch))

    assert [item["decision"] for item in result] == ["allowed", "allowed"]
    assert "error" in json.loads(run(["simulate"], "[5]", monkeypatch))[0]


@pytest.mark.parametrize(
    ("given", "error"), [("{", "The text is not JSON"), ("5", "This is no case"), ("", "not JSON")]
)
def test_command_says_what_is_no_case(given, error, monkeypatch):
    assert error in json.loads(run(["simulate"], given, monkeypatch))["error"]


def test_package_needs_no_django_and_starts_quickly():
    code = "import sys, iam.policy; sys.exit(any(name.startswith('django') for name in sys.modules))"

    subprocess.run([sys.executable, "-c", code], check=True)
