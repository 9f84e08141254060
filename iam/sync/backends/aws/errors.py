"""What botocore raises, as the errors of a backend: does a retry help, and may the call have taken place?"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore import exceptions
from botocore.parsers import ResponseParserError

from iam.sync.backends.base import BackendError

THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"}
)
# What passes although AWS answers it with a 4xx.
PASSING = THROTTLES | {"ConcurrentModification", "ConcurrentModificationException", "EntityTemporarilyUnmodifiable"}
# AWS does not know who calls, or not any more: whatever is asked next would be refused, too.
OF_CALLER = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
FAULTS = frozenset({"InternalError", "InternalFailure", "ServiceFailure", "ServiceUnavailable"})
# Nothing was sent: there was no connection that it could have gone through.
NOT_SENT = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
)
LONGEST_CODE = 128
LONGEST_MESSAGE = 2000


@contextmanager
def told_as_backend_errors() -> Iterator[None]:
    """Raise what a call raises, and what reading an answer raises that is none of IAM's, as a BackendError."""
    try:
        yield
    except BackendError:
        raise
    except (exceptions.ClientError, exceptions.BotoCoreError) as error:
        raise backend_error(error) from None
    except KeyError as error:
        raise malformed(f"{error.args[0]} is missing") from None
    except (ResponseParserError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # What was answered is not quoted: an endpoint may be any server that the worker reaches.
        raise malformed("it cannot be read") from None


def malformed(why: str) -> BackendError:
    """Return the error for an answer that IAM never gives."""
    message = f"The endpoint answered what IAM never answers: {why}."
    return BackendError("MalformedAnswer", message, permanent=True, is_uncertain=True)


def backend_error(error: exceptions.ClientError | exceptions.BotoCoreError) -> BackendError:
    """Return what an error means for the change that was sent."""
    if isinstance(error, exceptions.ClientError):
        return _of_answer(error)
    code, message = type(error).__name__, _first_lines(str(error))
    if isinstance(error, exceptions.ParamValidationError):
        return BackendError("ValidationError", message, permanent=True)
    if isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)):
        is_sent = not isinstance(error, NOT_SENT)
        return BackendError(code, message, permanent=False, is_uncertain=is_sent, is_of_connection=not is_sent)
    # All else comes before a request is there: no credentials, no such profile, a region that is none.
    return BackendError(code, message, permanent=False, is_of_connection=True)


def _of_answer(error: exceptions.ClientError) -> BackendError:
    about = error.response.get("ResponseMetadata", {})
    told = error.response.get("Error", {})
    code, status = str(told.get("Code") or "Unknown")[:LONGEST_CODE], about.get("HTTPStatusCode", 0)
    is_fault = code not in THROTTLES and (status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in FAULTS)
    is_of_connection = code in OF_CALLER or (code == "AccessDenied" and error.operation_name == "AssumeRole")
    return BackendError(
        code,
        _first_lines(str(told.get("Message") or code)),
        permanent=not (is_fault or is_of_connection or code in PASSING),
        is_uncertain=is_fault,
        is_of_connection=is_of_connection,
        request_id=str(about.get("RequestId", ""))[:LONGEST_CODE],
    )


def _first_lines(message: str) -> str:
    """Return a message up to its first empty line: after it AWS repeats the request, session token and all."""
    return message.partition("\n\n")[0][:LONGEST_MESSAGE]
