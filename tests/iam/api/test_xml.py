"""Answers in XML, against botocore's own parser."""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.parsers import QueryParser
from hypothesis import given
from hypothesis import strategies as st

from iam.api import xml
from iam.errors import IamError
from tests.iam.api.models import OPERATIONS, full, minimal, model_of

REQUEST_ID = "0d5a5b5e-2d5c-4a4f-8d6b-0f8a4b6f3c11"


def understood(text: str, shape, status=200):
    response = {"status_code": status, "headers": {}, "body": text.encode()}
    return QueryParser().parse(response, shape)


@pytest.mark.parametrize("build", [full, minimal])
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_client_gets_what_an_operation_returned(service, operation, build):
    shape = model_of(service, operation).output_shape
    result = build(shape) if shape else {}

    answer = understood(xml.answer(service, operation, result, REQUEST_ID), shape)

    assert answer.pop("ResponseMetadata")["RequestId"] == REQUEST_ID
    assert answer == result


def test_answer_is_wrapped_as_aws_wraps_it():
    text = xml.answer("sts", "GetCallerIdentity", {"Arn": "arn", "UserId": "id", "Account": None}, REQUEST_ID)

    assert text == (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        "<UserId>id</UserId><Arn>arn</Arn></GetCallerIdentityResult>"
        f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def test_operations_without_output_have_no_result():
    assert "Result" not in xml.answer("iam", "DeleteUser", {}, REQUEST_ID)


def test_times_are_whole_seconds_of_utc():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))

    text = xml.answer("iam", "GetUser", {"User": {"CreateDate": moment}}, REQUEST_ID)

    assert "<CreateDate>2026-01-02T01:04:05Z</CreateDate>" in text
    assert moment.astimezone(UTC).second == 5


def test_empty_is_not_absent():
    text = xml.answer("iam", "GetUser", {"User": {"UserName": "", "Path": None, "Tags": []}}, REQUEST_ID)

    assert "<User><UserName></UserName><Tags></Tags></User>" in text


@pytest.mark.parametrize(
    ("service", "code", "status", "kind"),
    [
        ("iam", "NoSuchEntity", 404, "Sender"),
        ("iam", "EntityAlreadyExists", 409, "Sender"),
        ("iam", "LimitExceeded", 409, "Sender"),
        ("iam", "ReportExpired", 410, "Sender"),
        ("iam", "InvalidAuthenticationCode", 403, "Sender"),
        ("iam", "ServiceFailure", 500, "Receiver"),
        ("iam", "AccessDenied", 403, "Sender"),
        ("iam", "ValidationError", 400, "Sender"),
        ("sts", "IDPRejectedClaim", 403, "Sender"),
        ("sts", "PackedPolicyTooLarge", 400, "Sender"),
        ("sts", "ServiceUnavailable", 503, "Receiver"),
    ],
)
def test_errors_have_the_status_of_the_model(service, code, status, kind):
    found, text = xml.refusal(service, IamError(code, "No <user> & no \x00."), REQUEST_ID)

    error = understood(text, None, found)
    assert found == status
    assert error["Error"] == {"Type": kind, "Code": code, "Message": "No <user> & no \ufffd."}
    assert error["ResponseMetadata"]["RequestId"] == REQUEST_ID


def test_errors_without_words_have_no_message():
    found, text = xml.refusal("iam", IamError("ReportNotPresent", ""), REQUEST_ID)

    assert understood(text, None, found)["Error"] == {"Type": "Sender", "Code": "ReportNotPresent"}


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_written(text):
    element = ElementTree.fromstring(f"<a>{xml.escape(text)}</a>")

    assert len(element.text or "") == len(text)
