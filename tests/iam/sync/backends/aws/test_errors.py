import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.errors import backend_error, told_as_backend_errors
from iam.sync.backends.base import BackendError
from tests.aws_proxy import AwsProxy, Fault

URL = {"endpoint_url": "https://iam.amazonaws.com"}


def answered(code: str, status: int, message: str = "Words.", operation: str = "CreateUser") -> BackendError:
    about = {"HTTPStatusCode": status, "RequestId": "request-1"}
    return backend_error(
        ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}, operation)
    )


def kind(error: BackendError) -> str:
    """Return permanent or passing, then what else is known."""
    words = ["permanent" if error.permanent else "passing"]
    return " ".join([*words, *["uncertain"] * error.is_uncertain, *["connection"] * error.is_of_connection])


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("Throttling", 400, "passing"),
        ("TooManyRequestsException", 429, "passing"),
        ("RequestLimitExceeded", 503, "passing"),
        ("ConcurrentModification", 409, "passing"),
        ("EntityTemporarilyUnmodifiable", 409, "passing"),
        ("ServiceFailure", 500, "passing uncertain"),
        ("ServiceUnavailable", 503, "passing uncertain"),
        ("SomethingElse", 504, "passing uncertain"),
        ("ExpiredToken", 403, "passing connection"),
        ("InvalidClientTokenId", 403, "passing connection"),
        ("SignatureDoesNotMatch", 403, "passing connection"),
        ("RequestExpired", 400, "passing connection"),
        ("AccessDenied", 403, "permanent"),
        ("EntityAlreadyExists", 409, "permanent"),
        ("LimitExceeded", 409, "permanent"),
        ("NoSuchEntity", 404, "permanent"),
        ("MalformedPolicyDocument", 400, "permanent"),
    ],
)
def test_what_aws_answers(code, status, expected):
    error = answered(code, status)

    assert (error.code, error.message, error.request_id) == (code, "Words.", "request-1")
    assert kind(error) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EndpointConnectionError(**URL), "passing connection"),
        (ConnectTimeoutError(**URL), "passing connection"),
        (ReadTimeoutError(**URL), "passing uncertain"),
        (ConnectionClosedError(**URL), "passing uncertain"),
        (NoCredentialsError(), "passing connection"),
        (ParamValidationError(report="UserName"), "permanent"),
    ],
)
def test_what_comes_without_an_answer(error, expected):
    assert kind(backend_error(error)) == expected


def test_a_refused_signature_is_told_without_the_request():
    message = "It does not match.\n\nThe Canonical String\nx-amz-security-token:IQoJ"

    assert answered("SignatureDoesNotMatch", 403, message).message == "It does not match."


def test_long_words_are_cut():
    assert len(answered("A" * 1000, 400, "b" * 10_000).code) == 128
    assert len(answered("A", 400, "b" * 10_000).message) == 2000


@pytest.mark.parametrize(
    ("fault", "expected", "took_place"),
    [
        (Fault.THROTTLE, "passing", False),
        (Fault.DROP_BEFORE, "passing uncertain", False),
        (Fault.ERROR_BEFORE, "passing uncertain", False),
        (Fault.UNAVAILABLE, "passing uncertain", False),
        (Fault.DROP_AFTER, "passing uncertain", True),
        (Fault.ERROR_AFTER, "passing uncertain", True),
    ],
)
def test_faults_on_the_way(moto, connect, role_arn, fault, expected, took_place):
    with AwsProxy(moto) as proxy:
        iam = Clients(connect(proxy.url, role_arn=role_arn)).iam()
        proxy.next("CreateUser", fault)

        with pytest.raises(BackendError) as raised, told_as_backend_errors():
            iam.create_user(UserName="alice")
        users = [user["UserName"] for user in iam.list_users()["Users"]]

    assert kind(raised.value) == expected
    assert users == ["alice"] * took_place


def test_a_server_that_is_gone(connect):
    with AwsProxy("http://127.0.0.1:1") as proxy:
        pass

    with pytest.raises(BackendError) as raised:
        Clients(connect(proxy.url)).identity()

    assert kind(raised.value) == "passing connection"
