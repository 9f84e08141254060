import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.operations import shapes
from iam.sync.backends.aws import clients
from iam.sync.backends.aws.clients import Clients, session_name
from iam.sync.backends.aws.errors import told_as_backend_errors
from iam.sync.backends.base import BackendError
from tests.aws_proxy import AwsProxy


@contextmanager
def answering(status: int, body: bytes):
    """A server of somebody else's that answers everything like this."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def read_from(connect):
    """Ask a server for its users; what that raises."""

    def read(url: str) -> BackendError:
        with pytest.raises(BackendError) as raised, told_as_backend_errors():
            Clients(connect(url)).iam().list_users()
        return raised.value

    return read


def test_keys_act_directly(moto, connect):
    assert Clients(connect(moto)).identity()["Account"] == "123456789012"


@pytest.mark.parametrize(
    ("actor", "name"),
    [("alice@example.com", "alice@example.com"), ("Jürgen / Müller", "J-rgen-M-ller"), ("Ж", "iam-console")],
)
def test_a_role_is_assumed_with_the_name_of_the_actor(moto, connect, role_arn, actor, name):
    found = Clients(connect(moto, role_arn=role_arn)).sts(actor).get_caller_identity()

    assert found["Arn"] == f"{role_arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/{name}"


@given(st.text())
def test_every_name_becomes_a_session_name(name):
    shapes.validate("sts", "AssumeRole", {"RoleArn": "a" * 20, "RoleSessionName": session_name(name)})


def test_what_the_role_asks_for_is_sent(moto, connect, role_arn):
    with AwsProxy(moto) as proxy:
        given = connect(proxy.url, role_arn=role_arn, external_id="external-1", passes_source_identity=True)
        Clients(given).iam("alice")

    sent = proxy.last["AssumeRole"]
    assert (sent["ExternalId"], sent["SourceIdentity"], sent["RoleSessionName"]) == ("external-1", "alice", "alice")


def test_credentials_of_an_actor_are_assumed_once(moto, connect, role_arn):
    with AwsProxy(moto) as proxy:
        connection = connect(proxy.url, role_arn=role_arn)
        for actor in ("alice", "bob", "alice"):
            Clients(connection).iam(actor).list_users()
            Clients(connection).sts(actor).get_caller_identity()

    assert proxy.calls["AssumeRole"] == 2


def test_credentials_are_assumed_again_once_they_end_or_are_forgotten(moto, connect, role_arn, monkeypatch):
    with AwsProxy(moto) as proxy:
        given = Clients(connect(proxy.url, role_arn=role_arn))
        given.iam("alice")
        given.forget()
        given.iam("alice")
        monkeypatch.setattr(clients, "MARGIN", 2 * 3600)
        given.forget()
        given.iam("alice")
        given.iam("alice")

    assert proxy.calls["AssumeRole"] == 4


def test_a_changed_connection_uses_nothing_of_the_old(moto, connect, role_arn):
    connection = connect(moto, role_arn=role_arn)
    before = Clients(connection).iam()
    connection.external_id = "another"

    assert Clients(connection).iam() is not before


def test_no_more_clients_are_kept_than_allowed(moto, connect, monkeypatch):
    monkeypatch.setattr(clients, "MOST_KEPT", 3)
    for _ in range(5):
        Clients(connect(moto)).iam()

    assert len(clients._kept._made) == 3


def test_many_threads_share_a_connection(moto, connect, role_arn):
    given = Clients(connect(moto, role_arn=role_arn))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: given.sts(f"actor-{number % 3}").get_caller_identity()["Arn"], range(24)))

    assert {arn.rpartition("/")[2] for arn in found} == {"actor-0", "actor-1", "actor-2"}


def test_settings_of_the_machine_lead_nowhere_else(moto, connect, role_arn, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    assert Clients(connect("")).iam().meta.endpoint_url == "https://iam.amazonaws.com"
    assert Clients(connect("")).sts().meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"
    assert Clients(connect(moto, role_arn=role_arn)).identity()["Account"] in role_arn


def test_the_environment_and_a_profile_give_credentials(moto, connect, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "credentials").write_text("[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    connection = connect(moto, access_key_id="", sealed_keys=None)

    found = []
    for connection.source, connection.profile in (("environment", ""), ("profile", "other")):
        found.append(Clients(connection).iam()._request_signer._credentials.access_key)

    assert found == ["AKIAIOSFODNN7EXAMPLE", "AKIAOTHER"]


@pytest.mark.parametrize(("source", "profile"), [("environment", ""), ("profile", "no-such-profile")])
def test_credentials_that_are_not_there_are_the_connections_trouble(moto, connect, monkeypatch, source, profile):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    connection = connect(moto, access_key_id="", sealed_keys=None)
    connection.source, connection.profile = source, profile

    with pytest.raises(BackendError) as raised:
        Clients(connection).identity()

    assert (raised.value.permanent, raised.value.is_of_connection) == (False, True)


@pytest.mark.parametrize(
    "fields",
    [{"endpoint_url": "no url"}, {"endpoint_url": "http://[::1"}, {"region": "no region"}, {"sealed_keys": b"else"}],
)
def test_a_connection_that_cannot_be_is_the_connections_trouble(connect, fields):
    connection = connect("")
    for name, value in fields.items():
        setattr(connection, name, value)

    with pytest.raises(BackendError) as raised:
        Clients(connection).iam()

    assert (raised.value.permanent, raised.value.is_of_connection) == (False, True)


def test_a_role_that_may_not_be_assumed_is_the_connections_trouble(connect, role_arn):
    refusal = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>No.</Message></Error></ErrorResponse>"
    with answering(403, refusal) as url, pytest.raises(BackendError) as raised:
        Clients(connect(url, role_arn=role_arn)).iam("alice")

    error = raised.value
    assert (error.code, error.message, error.permanent) == ("AccessDenied", "No.", False)
    assert (error.is_of_connection, error.is_uncertain) == (True, False)


@pytest.mark.parametrize("role_arn", ["", "arn:aws:iam::210987654321:role/console"])
def test_nothing_is_sent_to_another_account_than_the_connections(moto, connect, role_arn):
    with AwsProxy(moto) as proxy:
        given = Clients(connect(proxy.url, role_arn=role_arn, account_id="111122223333"))
        with pytest.raises(BackendError, match="DifferentAccount") as raised:
            given.iam("alice")

    assert (raised.value.permanent, raised.value.is_of_connection) == (False, True)
    assert proxy.calls.keys() <= {"AssumeRole", "GetCallerIdentity"}


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (200, b"root:x:0:0", True),
        (200, b"<a><b></a>", True),
        (200, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', True),
        (302, b"", True),
        (404, b"<html>root:x:0:0</html>", True),
        (400, b"<ErrorResponse><Error><Code>root:x:0:0", True),
        (429, b"slow down", False),
        (502, b"<!DOCTYPE html><html>Bad gateway</html>", False),
    ],
)
def test_what_another_server_answers_is_not_told(read_from, status, body, permanent):
    with answering(status, body) as url:
        error = read_from(url)

    assert error.permanent is permanent
    assert "root:x" not in f"{error}"


def test_an_answer_without_end_is_not_read(read_from, monkeypatch):
    monkeypatch.setattr(clients, "LARGEST_ANSWER", 1000)
    with answering(200, b"<a>" + b"x" * 100_000 + b"</a>") as url:
        error = read_from(url)

    assert (error.code, error.permanent) == ("MalformedAnswer", True)


@pytest.mark.parametrize(
    "text", ["%7B", '{"a": 1e999}', '{"a": NaN}', r'{"a": "\u0000"}', r'{"a": "\ud800"}', "[" * 10**5]
)
def test_policies_that_no_table_holds_stay_texts(connect, text):
    answer = f"<R><GetUserPolicyResult><PolicyDocument>{text}</PolicyDocument></GetUserPolicyResult></R>"
    with answering(200, answer.encode()) as url:
        found = Clients(connect(url)).iam().get_user_policy(UserName="a", PolicyName="b")["PolicyDocument"]

    assert found == text.replace("%7B", "{")
