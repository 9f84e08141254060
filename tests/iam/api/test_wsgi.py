"""The API before the console: which requests are whose, and what a server hands over and gets."""

import io
from http.client import responses

import pytest
from django.test import RequestFactory

from iam.api import xml
from iam.api.wsgi import QueryApi, is_for_api
from iam.models import Event
from tests.application import answer_of
from tests.factories import allow, make_account, make_user
from tests.iam.api.signing import root_key, signed
from tests.iam.api.test_door import user_key

PAGE = b"a page"


@pytest.fixture
def noted():
    """What is told of the answers of `api`."""
    return []


@pytest.fixture
def api(noted):
    def console(environ, start_response):
        start_response("200 OK", [])
        return [PAGE]

    return QueryApi(console, note=lambda *told: noted.append(told))


def environ_of(request, **others):
    """Return what a server hands over of a signed request."""
    made = RequestFactory().generic(request.method, "/", request.body, headers=request.headers)
    return {**made.environ, "QUERY_STRING": request.query, **others}


class Broken(io.BytesIO):
    """The body of a client that went away."""

    def read(self, *arguments):
        raise ConnectionResetError("gone")


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/"},
        {"REQUEST_METHOD": "post", "PATH_INFO": "/"},
        {"REQUEST_METHOD": "POST", "PATH_INFO": ""},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=AKIA"},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "Action=GetUser"},
        {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/", "QUERY_STRING": "Version=1&Action=GetUser"},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "X-Amz-Signature=1"},
    ],
)
def test_request_of_an_api_client_is_known(environ):
    assert is_for_api(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/"},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "next=Action=1"},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_AUTHORIZATION": "Basic YTpi"},
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/users/create/"},
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/users/", "QUERY_STRING": "Action=GetUser"},
    ],
)
def test_all_else_is_the_consoles(api, environ, noted):
    assert answer_of(api, environ) == ("200 OK", [], PAGE)
    assert noted == []


@pytest.mark.django_db
def test_answer_is_told_to_the_server_and_noted(api, noted):
    request = signed(root_key(make_account()), "iam", "CreateUser", UserName="alice")

    status, headers, content = answer_of(api, environ_of(request))

    assert status == "200 OK"
    assert dict(headers)["Content-Length"] == str(len(content))
    assert dict(headers)["x-amzn-RequestId"] == str(Event.objects.latest("id").request_id)
    ((method, code, seconds),) = noted
    assert (method, code) == ("POST", 200)
    assert 0 < seconds < 60


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("others", "status", "code"),
    [
        ({"wsgi.input": Broken()}, "400 Bad Request", "IncompleteBody"),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, "411 Length Required", "MissingContentLength"),
        ({"CONTENT_LENGTH": "x"}, "403 Forbidden", "SignatureDoesNotMatch"),
        ({"CONTENT_LENGTH": "9" * 5000}, "403 Forbidden", "SignatureDoesNotMatch"),
        ({"CONTENT_LENGTH": "-1"}, "403 Forbidden", "SignatureDoesNotMatch"),
        ({"CONTENT_LENGTH": "5"}, "403 Forbidden", "SignatureDoesNotMatch"),
        ({"wsgi.input": io.BytesIO(b"Action=")}, "403 Forbidden", "SignatureDoesNotMatch"),
        ({"REQUEST_METHOD": "PUT", "HTTP_AUTHORIZATION": "AWS"}, "405 Method Not Allowed", "MethodNotAllowed"),
    ],
)
def test_body_that_is_not_whole_is_refused(api, noted, others, status, code):
    request = signed(root_key(make_account()))

    answered, _headers, content = answer_of(api, environ_of(request, **others))

    assert (answered, noted[0][1]) == (status, int(status[:3]))
    assert f"<Code>{code}</Code>" in content.decode()


@pytest.mark.django_db
def test_nothing_is_read_beyond_the_body(api):
    request = signed(root_key(make_account()))
    following = io.BytesIO(request.body + b"POST / HTTP/1.1")

    status, _headers, _content = answer_of(api, environ_of(request, **{"wsgi.input": following}))

    assert status == "200 OK"
    assert following.read() == b"POST / HTTP/1.1"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("others", "has_proxy", "is_secure"),
    [
        ({"wsgi.url_scheme": "http"}, False, False),
        ({"wsgi.url_scheme": "https"}, False, True),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, False, False),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, True, True),
        ({"HTTP_X_FORWARDED_PROTO": "http", "wsgi.url_scheme": "https"}, True, False),
    ],
)
def test_policies_see_whether_the_transport_is_secure(api, settings, others, has_proxy, is_secure):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if has_proxy else None
    only_secure = allow("iam:ListUsers", Condition={"Bool": {"aws:SecureTransport": "true"}})
    request = signed(user_key(make_user(make_account(), statements=[only_secure])), "iam", "ListUsers")

    status, _headers, _content = answer_of(api, environ_of(request, **others))

    assert status == ("200 OK" if is_secure else "403 Forbidden")


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_every_status_has_its_words(service):
    assert set(xml._statuses(service).values()) <= responses.keys()
