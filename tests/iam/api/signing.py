"""Requests as real clients sign them: botocore's signers, whose output goes to the whole application."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.test import Client
from django.utils import timezone

from iam.api.signature import Signed
from iam.models import Account
from iam.operations import shapes
from iam.operations.access_keys import new_key

HOST = "localhost:8000"


@dataclass
class Request:
    """A request on the wire, for tests to tamper with."""

    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_signed(self) -> Signed:
        """Return it as the check of signatures sees it."""
        return Signed(self.method, self.query, {name.lower(): value for name, value in self.headers.items()})

    def send(self, client: Client, **environ: Any) -> Any:
        """Send it through all of Django; `environ` is for the server's side of it."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-type"}
        return client.generic(
            self.method,
            "/",
            self.body,
            content_type=self.headers.get("Content-Type", "application/x-www-form-urlencoded"),
            QUERY_STRING=self.query,
            headers=headers,
            **environ,
        )


def root_key(account: Account) -> Credentials:
    """Return a new access key of an account's root user."""
    key, secret = new_key(account.pk, None)
    key.save(force_insert=True)
    return Credentials(key.pk, secret)


def form(service: str, action: str, **parameters: str) -> str:
    """Return the parameters of a call, encoded."""
    version = shapes.service_model(service).api_version
    return urlencode({"Action": action, "Version": version, **parameters})


def signed(
    credentials: Credentials,
    service: str = "sts",
    action: str = "GetCallerIdentity",
    *,
    region: str = "us-east-1",
    headers: dict[str, str] | None = None,
    query: str = "",
    **parameters: str,
) -> Request:
    """Return a POST with a signature in its header."""
    body = form(service, action, **parameters)
    all_headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **(headers or {})}
    url = f"http://{HOST}/" + (f"?{query}" if query else "")
    request = AWSRequest("POST", url, all_headers, body)
    auth.SigV4Auth(credentials, service, region).add_auth(request)
    return Request("POST", query, {"Host": HOST, **dict(request.headers.items())}, body.encode())


def presigned(
    credentials: Credentials,
    service: str = "sts",
    action: str = "GetCallerIdentity",
    *,
    expires: int = 60,
    **parameters: str,
) -> Request:
    """Return a GET with a signature in its query string."""
    request = AWSRequest("GET", f"http://{HOST}/?{form(service, action, **parameters)}")
    auth.SigV4QueryAuth(credentials, service, "us-east-1", expires=expires).add_auth(request)
    return Request("GET", urlsplit(request.url).query, {"Host": HOST})


def clock_off_by(monkeypatch, difference: timedelta) -> None:
    """Let clients sign as if it were another time."""
    then = timezone.now().replace(tzinfo=None) + difference
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then)
