"""Parameters of requests, against what botocore's own serializer writes."""

from contextlib import suppress

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from iam.api.parsing import MOST_PARAMETERS, parameters_of, read
from iam.errors import IamError
from tests.iam.api.models import OPERATIONS, full, minimal, model_of

CREATE_USER = model_of("iam", "CreateUser").input_shape


def sent(service, operation, parameters) -> bytes:
    serializer = create_serializer("query", include_validation=False)
    request = serializer.serialize_to_request(parameters, model_of(service, operation))
    prepared: AWSPreparedRequest = AWSRequest("POST", "http://localhost/", data=request["body"]).prepare()
    return prepared.body if isinstance(prepared.body, bytes) else prepared.body.encode()


def refusal(body: bytes, shape=CREATE_USER) -> IamError:
    with pytest.raises(IamError) as caught:
        read(shape, parameters_of(body))
    return caught.value


@pytest.mark.parametrize("build", [full, minimal])
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_parameters_come_out_as_a_client_gave_them(service, operation, build):
    shape = model_of(service, operation).input_shape
    parameters = build(shape) if shape else {}

    found = parameters_of(sent(service, operation, parameters))

    assert found["Action"] == operation
    # An empty structure or map leaves no trace in a request.
    assert read(shape, found) == {name: value for name, value in parameters.items() if value != {}}


def test_query_and_body_count_together():
    assert parameters_of(b"Action=ListUsers", b"PathPrefix=%2Fa%20b+c%2F") == {
        "Action": "ListUsers",
        "PathPrefix": "/a b c/",
    }


def test_lists_are_in_the_order_of_their_numbers():
    body = b"Tags.member.10.Key=c&Tags.member.9.Key=b&Tags.member.2.Key=a"

    assert [tag["Key"] for tag in read(CREATE_USER, parameters_of(body))["Tags"]] == ["a", "b", "c"]


def test_unknown_parameters_are_nobodys_business():
    body = b"UserName=alice&Colour=red&Colours.member.1=red&" + b"a." * 5000 + b"z=1"

    assert read(CREATE_USER, parameters_of(body)) == {"UserName": "alice"}


@pytest.mark.parametrize(
    "body",
    [
        b"UserName=a&UserName=a",
        b"UserName=%ff",
        b"UserName=\xff",
        b"&".join(b"a%d=" % number for number in range(MOST_PARAMETERS + 1)),
    ],
)
def test_what_is_no_query_string_is_refused(body):
    assert refusal(body).code == "MalformedQueryString"


@pytest.mark.parametrize(
    "body",
    [
        b"Tags=a",
        b"Tags.member=a",
        b"Tags.member.1=a",
        b"Tags.member.one.Key=a",
        b"Tags.member.-1.Key=a",
        b"Tags.member.1.Key=a&Tags.member.01.Key=b",
        b"Tags.member.1.Key=a&Tags=",
        b"Tags=&Tags.member.1.Key=a",
        b"UserName.member.1=a",
        b"UserName=a&UserName.x=a",
    ],
)
def test_what_cannot_be_the_shape_is_refused(body):
    assert refusal(body).code == "MalformedInput"


@pytest.mark.parametrize("number", ["", "x", "1.5", "0x1", "1e3", "\u0661", "9" * 40, " 1"])
def test_what_is_no_number_is_refused(number):
    shape = model_of("iam", "ListUsers").input_shape

    assert refusal(f"MaxItems={number}".encode(), shape).message == "integer must follow xsd1.1 definition"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False), ("0", False)])
def test_booleans_are_read_as_xml_schema_writes_them(text, value):
    shape = model_of("iam", "ListPolicies").input_shape

    assert read(shape, {"OnlyAttached": text}) == {"OnlyAttached": value}


def test_what_is_no_boolean_is_refused():
    shape = model_of("iam", "ListPolicies").input_shape

    assert refusal(b"OnlyAttached=maybe", shape).message == "boolean must follow xsd1.1 definition"


def test_keys_of_a_map_are_unique():
    shape = model_of("iam", "PutAccountProperties").input_shape
    body = b"&".join(b"Properties.entry.%d.key=k&Properties.entry.%d.value=v" % (n, n) for n in (1, 2))

    assert refusal(body, shape).code == "MalformedInput"


names = st.lists(
    st.sampled_from(["Tags", "UserName", "member", "entry", "1", "02", "x", "Key", "Value", ""]), max_size=6
)


@given(st.lists(st.tuples(names.map(".".join), st.text(max_size=5)), max_size=8), st.sampled_from(OPERATIONS))
def test_no_parameters_raise_anything_but_a_refusal(pairs, operation):
    with suppress(IamError):
        read(model_of(*operation).input_shape, dict(pairs))


@given(st.binary(max_size=60))
def test_no_body_raises_anything_but_a_refusal(body):
    with suppress(IamError):
        read(CREATE_USER, parameters_of(body))
