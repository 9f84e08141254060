"""Signature Version 4, against botocore's signers and the example that AWS has published."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from iam.api import signature
from iam.api.signature import Signed
from iam.errors import IamError
from tests.iam.api.signing import Request, clock_off_by, presigned, signed

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "to+/ken==")


def check(request: Request, secret: str = KEY.secret_key) -> signature.Signature:
    found = signature.find(request.as_signed())
    assert found
    if found.access_key_id not in {KEY.access_key, TEMPORARY.access_key, "AKIDEXAMPLE"}:
        raise IamError("InvalidClientTokenId", "There is no such key.")
    signature.verify(request.as_signed(), request.body, found, signature.signing_key(found, secret))
    return found


def refusal(request: Request, secret: str = KEY.secret_key) -> IamError:
    with pytest.raises(IamError) as caught:
        check(request, secret)
    return caught.value


def test_example_of_the_user_guide(monkeypatch):
    """The request that AWS's General Reference signs step by step ("Signature Version 4 signing process")."""
    monkeypatch.setattr("iam.api.signature.timezone.now", lambda: datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    request = Request(
        "GET",
        "Action=ListUsers&Version=2010-05-08",
        {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Host": "iam.amazonaws.com",
            "X-Amz-Date": "20150830T123600Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        },
    )

    found = check(request, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    assert (found.access_key_id, found.region, found.service) == ("AKIDEXAMPLE", "us-east-1", "iam")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "aws-global", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", ["iam", "sts"])
def test_both_services_are_signed_for_any_region(service, region):
    found = check(signed(KEY, service, "ListUsers", region=region) if service == "iam" else signed(KEY, region=region))

    assert (found.service, found.region) == (service, region)


def test_token_is_part_of_what_is_signed():
    assert check(signed(TEMPORARY)).session_token == "to+/ken=="
    assert check(presigned(TEMPORARY)).session_token == "to+/ken=="


def test_presigned_request_may_bring_its_parameters_in_any_order():
    request = presigned(KEY, "iam", "GetUser", UserName="a b+c/ü~")

    shuffled = replace(request, query="&".join(reversed(request.query.split("&"))))

    assert check(shuffled).access_key_id == KEY.access_key


def test_unsigned_request_has_no_signature():
    assert signature.find(Signed("POST", "", {"host": "localhost"})) is None


@pytest.mark.parametrize("header", ["", "AWS AKIA:x", "Basic YTpi", "AWS4", "Bearer x"])
def test_other_credentials_are_none(header):
    assert refusal(Request(headers={"Authorization": header})).code == "MissingAuthenticationToken"


def test_wrong_secret_does_not_match():
    error = refusal(signed(KEY), "another")

    assert error.code == "SignatureDoesNotMatch"
    assert error.message.startswith("The request signature we calculated does not match the signature you provided.")


def with_authorization(old: str, new: str) -> Request:
    request = signed(KEY)
    header = request.headers["Authorization"]
    assert old in header
    return replace(request, headers={**request.headers, "Authorization": header.replace(old, new)})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Credential=", "Credentials=", "Authorization header requires 'Credential' parameter. Authorization="),
        ("Signature=", "Sign=", "Authorization header requires 'Signature' parameter. Authorization="),
        ("SignedHeaders=", "Headers=", "Authorization header requires 'SignedHeaders' parameter. Authorization="),
        (", Signed", ", Lonely, Signed", "'Lonely' not a valid key=value pair (missing equal-sign) in Authorization"),
        ("SHA256", "SHA512", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'"),
        ("/aws4_request", "", "Credential must have exactly 5 slash-delimited elements"),
        ("/sts/", "/a/sts/", "Credential must have exactly 5 slash-delimited elements"),
    ],
)
def test_incomplete_header_is_told_what_it_lacks(old, new, message):
    error = refusal(with_authorization(old, new))

    assert error.code == "IncompleteSignature"
    assert error.message.startswith(message)


def test_date_is_needed():
    request = signed(KEY)
    request.headers.pop("X-Amz-Date")

    assert "requires existence of either a 'X-Amz-Date' or a 'Date' header." in refusal(request).message


@pytest.mark.parametrize("date", ["20261126", "2026-11-26T12:00:00Z", "20261399T000000Z", "Thu, 26 Nov 2026", "٢٠"])
def test_date_has_the_basic_format(date):
    request = signed(KEY)
    request.headers["X-Amz-Date"] = date

    error = refusal(request)

    assert error.code == "IncompleteSignature"
    assert error.message.startswith(f"Date must be in ISO-8601 'basic format'. Got '{date}'.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("us-east-1", "middle-earth", "Credential should be scoped to a valid region, not 'middle-earth'. "),
        ("/sts/", "/s3/", "Credential should be scoped to correct service: 'iam' or 'sts'. "),
        ("aws4_request", "aws5_request", "Credential should be scoped with a valid terminator: 'aws4_request', not "),
        ("EXAMPLE/2", "EXAMPLE/1", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "),
        ("host;", "", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        (";x-amz-date", "", "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."),
    ],
)
def test_signature_for_something_else_does_not_match(old, new, message):
    error = refusal(with_authorization(old, new))

    assert error.code == "SignatureDoesNotMatch"
    assert error.message.startswith(message)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clocks_may_differ_by_a_quarter_of_an_hour(monkeypatch, minutes):
    clock_off_by(monkeypatch, timedelta(minutes=minutes))

    assert check(signed(KEY))


@pytest.mark.parametrize(("minutes", "words"), [(-16, "Signature expired: "), (16, "Signature not yet current: ")])
def test_clocks_may_not_differ_by_more(monkeypatch, minutes, words):
    clock_off_by(monkeypatch, timedelta(minutes=minutes))

    error = refusal(signed(KEY))

    assert error.code == "SignatureDoesNotMatch"
    assert error.message.startswith(words)
    assert error.message.endswith("15 min.)")


def test_presigned_request_counts_as_long_as_it_says(monkeypatch):
    clock_off_by(monkeypatch, timedelta(hours=-1))

    assert check(presigned(KEY, expires=3601 + 60))
    assert refusal(presigned(KEY, expires=3599)).code == "RequestExpired"


@pytest.mark.parametrize("expires", [0, -1, 604801])
def test_presigned_request_counts_for_a_week_at_most(expires):
    assert refusal(presigned(KEY, expires=expires)).code == "IncompleteSignature"


@pytest.mark.parametrize("name", ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"])
def test_incomplete_query_is_told_what_it_lacks(name):
    request = presigned(KEY)

    error = refusal(replace(request, query=request.query.replace(name, "Y")))

    assert error.code == "IncompleteSignature"
    assert error.message.startswith(f"AWS query-string parameters must include '{name}'. Re-examine")


def test_two_signatures_are_none():
    request = replace(signed(KEY), query=presigned(KEY).query)

    assert refusal(request).message.startswith("Found both 'X-Amz-Algorithm' as a query-string param and")


def test_added_header_of_amazon_is_refused():
    request = signed(KEY)
    request.headers["X-Amz-Security-Token"] = "x"

    assert refusal(request).message == "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."


header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
parameters = st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=6), max_size=4)


@given(st.lists(header_values, max_size=3).map("   ".join), parameters)
def test_whatever_a_client_signs_is_accepted(value, query):
    encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(text, safe='-_.~')}" for name, text in query.items())

    request = signed(KEY, headers={"X-Custom": f" {value}  "}, query=encoded)

    assert check(request).signed_headers == "content-type;host;x-amz-date;x-custom"


@given(st.sampled_from([signed, presigned]), st.data())
def test_whatever_is_changed_is_refused(sign, data):
    request = sign(TEMPORARY, "iam", "GetUser", UserName="alice")
    places = [("body", None), ("query", None), ("method", None)]
    places += [("headers", name) for name in request.headers if name in {"Host", "X-Amz-Date", "Authorization"}]
    part, name = data.draw(st.sampled_from([place for place in places if getattr(request, place[0])]))
    text = request.headers[name] if name else getattr(request, part)
    text = text.decode() if isinstance(text, bytes) else text
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("aZ09%"))
    changed = text[:at] + letter + text[at + 1 :]

    tampered = replace(
        request,
        **{part: {**request.headers, name: changed} if name else changed.encode() if part == "body" else changed},
    )

    # The same parameters may be written in two ways, and hexadecimal digits of them in two cases.
    if changed.lower() != text.lower() and not _is_space(text, changed):
        with pytest.raises(IamError):
            check(tampered)


def _is_space(text: str, changed: str) -> bool:
    """Whether only what separates the parts of the header has changed its kind."""
    return text.replace(", ", ",") == changed.replace(", ", ",")


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_request_raises_anything_but_a_refusal(header, query):
    with suppress(IamError):
        check(Request(headers={"Authorization": f"AWS4-HMAC-SHA256 {header}", "X-Amz-Date": query}))
    with suppress(IamError):
        check(Request(headers={"Host": "x"}, query=f"X-Amz-Algorithm={header}&X-Amz-Date={query}"))
