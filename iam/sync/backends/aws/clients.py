"""Clients of IAM and STS as a connection says: whose credentials, which role, where.

To make a client costs more than a hundred calls' worth of our own time, so each process keeps those it made.
"""

import json
import logging
import os
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import urllib3
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.model import OperationModel
from botocore.session import Session

from iam import sealing
from iam.models import Connection
from iam.queries.document_parts import policy_document
from iam.sync.backends.aws.errors import backend_error, malformed, told_as_backend_errors
from iam.sync.backends.base import BackendError

# botocore's own debugging writes requests and answers into the log, with the secrets in them.
logging.getLogger("botocore").setLevel(logging.INFO)

FALLBACK_SESSION_NAME = "iam-console"
CONFIG = Config(
    # The lane tries again: only it can tell what a call that failed has done.
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=5,
    read_timeout=20,
    tcp_keepalive=True,
    max_pool_connections=10,
    user_agent_extra="iam-console",
    # AWS_ENDPOINT_URL is set where people's own tools are to call this product; workers must not.
    ignore_configured_endpoint_urls=True,
)
# Credentials are done with before AWS says so: a call must not outlive them.
MARGIN = 5 * 60
# A profile's file may change; so long the old content may be used.
LIFETIME = 10 * 60
MOST_KEPT = 100
# Far above a page of what IAM's quotas allow.
LARGEST_ANSWER = 32 * 1024 * 1024
LONGEST_ANSWER_SECONDS = 60
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Made:
    client: Any
    until: float


class _Kept:
    """What was made last by this process, by what it was made for; the one unused longest goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[Any, ...], _Made] = OrderedDict()

    def find(self, key: tuple[Any, ...]) -> Any | None:
        with self._lock:
            made = self._made.get(key)
            if made is None or made.until <= time.monotonic():
                return None
            self._made.move_to_end(key)
            return made.client

    def keep(self, key: tuple[Any, ...], client: Any, seconds: float) -> None:
        with self._lock:
            self._made[key] = _Made(client, time.monotonic() + seconds)
            self._made.move_to_end(key)
            while len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)

    def forget(self, start: tuple[Any, ...]) -> None:
        with self._lock:
            for key in [key for key in self._made if key[: len(start)] == start]:
                del self._made[key]

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


_kept = _Kept()
# A forked process must not talk through its parent's sockets, nor wait for a lock that nobody holds there.
os.register_at_fork(after_in_child=_kept.clear)


class Clients:
    """The clients of one connection; all of its methods raise BackendError."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # What makes the clients of a connection others than they were.
        self._key: tuple[Any, ...] = (
            connection.pk,
            connection.account_id,
            connection.source,
            connection.profile,
            connection.access_key_id,
            bytes(connection.sealed_keys or b""),
            connection.role_arn,
            connection.external_id,
            connection.region,
            connection.endpoint_url,
            connection.passes_source_identity,
        )

    @cached_property
    def account_id(self) -> str:
        """Whose account it is."""
        return self.connection.account_id or self.identity()["Account"]

    def iam(self, actor_name: str = "") -> Any:
        """Return a client of IAM that acts with the actor's name, which CloudTrail shows."""
        return self._client("iam", session_name(actor_name))

    def sts(self, actor_name: str = "") -> Any:
        """Return a client of STS that acts as the one of IAM does."""
        return self._client("sts", session_name(actor_name))

    def identity(self) -> dict[str, str]:
        """Return who we are there: `Account`, `Arn` and `UserId`."""
        client = self.sts()
        with told_as_backend_errors():
            answer = client.get_caller_identity()
            return {name: str(answer[name]) for name in ("Account", "Arn", "UserId")}

    def forget(self) -> None:
        """Make all clients and credentials anew, as is due when AWS does not accept them any more."""
        _kept.forget(self._key)

    def _client(self, service: str, actor: str) -> Any:
        # Without a role everybody acts as the same principal.
        key = (*self._key, service, actor if self.connection.role_arn else "")
        client = _kept.find(key)
        if client is None:
            try:
                client, seconds = self._make(service, actor)
            except BotoCoreError as error:
                raise backend_error(error) from None
            except ValueError as error:
                # No URL, or keys that were sealed with another key.
                code = "InvalidConnection"
                raise BackendError(code, f"{error}", permanent=False, is_of_connection=True) from None
            _kept.keep(key, client, seconds)
        return client

    def _make(self, service: str, actor: str) -> tuple[Any, float]:
        if not self.connection.role_arn:
            session = self._session()
            if self.connection.account_id:
                sts = self._client_of(session, "sts")
                with told_as_backend_errors():
                    self._check_account(sts.get_caller_identity()["Account"])
            return self._client_of(session, service), LIFETIME
        key = (*self._key, "credentials", actor)
        assumed = _kept.find(key)
        if assumed is None:
            assumed = self._assume(actor)
            _kept.keep(key, assumed, _seconds_left(assumed))
        session = _isolated_session()
        session.set_credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
        return self._client_of(session, service), _seconds_left(assumed)

    def _assume(self, actor: str) -> dict[str, Any]:
        parameters = {"RoleArn": self.connection.role_arn, "RoleSessionName": actor}
        if self.connection.external_id:
            parameters["ExternalId"] = self.connection.external_id
        if self.connection.passes_source_identity:
            parameters["SourceIdentity"] = actor
        key = (*self._key, "assuming")
        client = _kept.find(key)
        if client is None:
            client = self._client_of(self._session(), "sts")
            _kept.keep(key, client, LIFETIME)
        try:
            with told_as_backend_errors():
                answer = client.assume_role(**parameters)
                self._check_account(answer["AssumedRoleUser"]["Arn"].split(":")[4])
                return {name: answer["Credentials"][name] for name in (*_SECRETS, "Expiration")}
        except BackendError as error:
            # Nothing of the change was sent yet, and nothing else can be.
            raise BackendError(
                error.code, error.message, permanent=False, is_of_connection=True, request_id=error.request_id
            ) from None

    def _check_account(self, found: str) -> None:
        """Raise BackendError where this leads to another account: keys, profiles and roles change behind our back."""
        if self.connection.account_id not in (None, found):
            message = f"This leads to the account {found[:12]}, and not to {self.connection.account_id}."
            raise BackendError("DifferentAccount", message, permanent=False, is_of_connection=True)

    def _session(self) -> Session:
        """Return a session with the credentials that the connection starts from."""
        connection = self.connection
        if connection.source == Connection.Source.KEYS:
            session = _isolated_session()
            keys = json.loads(sealing.unseal(connection.sealed_keys or b""))
            session.set_credentials(connection.access_key_id, keys["secret_access_key"], keys.get("session_token"))
            return session
        session = Session(profile=connection.profile or None)
        session.register_component("data_loader", _loader())
        return session

    def _client_of(self, session: Session, service: str) -> Any:
        session.unregister("after-call.iam", handlers.json_decode_policies)
        client = session.create_client(
            service,
            region_name=self.connection.region,
            endpoint_url=self.connection.endpoint_url or None,
            config=CONFIG,
        )
        client.meta.events.register("after-call.iam", _decode_policies)
        client.meta.events.register("before-send", _BoundedSession(client._endpoint.http_session))
        return client


_SECRETS = ("AccessKeyId", "SecretAccessKey", "SessionToken")


def session_name(actor_name: str) -> str:
    """Return a name as RoleSessionName and SourceIdentity may be."""
    name = re.sub(r"[^\w+=,.@-]+", "-", actor_name, flags=re.ASCII)[:64].strip("-")
    return name if len(name) > 1 else FALLBACK_SESSION_NAME


@cache
def _loader() -> Loader:
    return Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])


def _isolated_session() -> Session:
    """Return a session for keys that are given, which no profile and no file of this machine has a part in."""
    nothing = (None, None, os.devnull, None)
    session = Session(
        session_vars={"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    )
    session.register_component("data_loader", _loader())
    return session


def _seconds_left(credentials: dict[str, Any]) -> float:
    return float(credentials["Expiration"].timestamp()) - time.time() - MARGIN


def _decode_policies(parsed: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """Put policies into answers as documents have them; botocore would let pass what no table holds."""
    if model.output_shape:
        _decode(parsed, model.output_shape)


def _decode(value: Any, shape: Any) -> Any:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                value[name] = _decode(value[name], member)
    elif shape.type_name == "list":
        value[:] = [_decode(item, shape.member) for item in value]
    elif shape.name == "policyDocumentType":
        # Quoted, a document cannot start like this; not every server quotes each.
        return policy_document(value if value.lstrip().startswith("{") else unquote(value))
    return value


class _BoundedSession:
    """Sends requests through botocore's own session, and reads no more of an answer than IAM would say."""

    def __init__(self, session: URLLib3Session) -> None:
        self._session = session

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        request.stream_output = True
        response = self._session.send(request)
        body, deadline = bytearray(), time.monotonic() + LONGEST_ANSWER_SECONDS
        try:
            for chunk in response.raw.stream(CHUNK):
                body += chunk
                if len(body) > LARGEST_ANSWER or time.monotonic() > deadline:
                    response.raw.close()
                    raise malformed("it does not end")
        except urllib3.exceptions.HTTPError as error:
            message = "The connection was lost while the answer was read."
            raise BackendError(type(error).__name__, message, permanent=False, is_uncertain=True) from None
        _refuse_foreign(response.status_code, body)
        response._content = bytes(body)
        return response


def _refuse_foreign(status: int, body: bytearray) -> None:
    """Raise BackendError for errors that IAM did not write: a proxy's, a load balancer's, any server's."""
    if status < HTTPStatus.MULTIPLE_CHOICES or b"<Error" in body:
        return
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise BackendError(
        f"Http{status}",
        f"The endpoint answered with the HTTP status {status} and without an error of IAM.",
        permanent=not is_fault and status not in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS},
        is_uncertain=is_fault,
    )
