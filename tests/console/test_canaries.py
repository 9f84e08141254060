"""Secrets that go through the whole product turn up nowhere: database, broker, files, logs, pages, error reports."""

import base64
import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.embedded.processes import wait_until
from iam.operations import mfa_codes
from tests.certificates import make_certificate
from tests.factories import make_account
from tests.product import NewAccount, Product

# Everything that the database and the broker hold, as text; bytes as PostgreSQL writes them.
DUMP = """
import json, redis
from django.conf import settings
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
        for (row,) in cursor.fetchall():
            print(table, row)
broker = redis.Redis.from_url(settings.REDIS_URL)
for key in broker.scan_iter():
    print("broker", key, broker.dump(key))
"""


class Browser:
    """A person's browser without script: it follows forms as HTML has them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.pages: list[str] = []

    def get(self, path: str) -> str:
        response = self.session.get(self.url + path if path.startswith("/") else path, timeout=60)
        self.pages.append(response.text)
        return response.text

    def post(self, path: str, page: str, **fields: str) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        url = self.url + path if path.startswith("/") else path
        return self.session.post(url, data={"csrfmiddlewaretoken": token[1], **fields}, timeout=60)


@pytest.fixture
def account(stack: Product) -> NewAccount:
    """An account whose root password is found nowhere else."""
    return stack.new_account(root_password=canary())


def canary() -> str:
    """Return a secret of a form that passwords have to have."""
    return f"Canary-{secrets.token_hex(12)}"


def api_secrets(stack: Product, account: NewAccount) -> Iterator[str]:
    """Have the API make and take every sort of secret, and yield each."""

    def client(service: str, key_id: str, secret: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{stack.port}",
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    iam = client("iam", account.access_key_id, account.secret_access_key)
    yield account.secret_access_key
    first, second = canary(), canary()
    iam.create_user(UserName="alice")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    iam.create_login_profile(UserName="alice", Password=first)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    client("iam", key["AccessKeyId"], key["SecretAccessKey"]).change_password(OldPassword=first, NewPassword=second)
    yield from (first, second, key["SecretAccessKey"])
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    yield seed
    step = mfa_codes.step_at(timezone.now())
    codes = [mfa_codes.code_at(seed, number) for number in (step - 1, step)]
    iam.enable_mfa_device(
        UserName="alice",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=codes[0],
        AuthenticationCode2=codes[1],
    )
    credential = iam.create_service_specific_credential(UserName="alice", ServiceName="codecommit.amazonaws.com")
    yield credential["ServiceSpecificCredential"]["ServicePassword"]
    made = make_certificate()
    iam.upload_server_certificate(ServerCertificateName="web", CertificateBody=made.pem, PrivateKey=made.key_pem)
    yield made.key_pem.splitlines()[3]
    session = client("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_session_token()["Credentials"]
    yield from (session["SecretAccessKey"], session["SessionToken"])


def console_secrets(browser: Browser, account: NewAccount) -> Iterator[str]:
    """Sign in as root, hand a password over, and type secrets where they do not belong; yield each."""
    door = browser.get("/signin/root/")
    wrong, typed_as_name = canary(), canary()
    browser.post("/signin/root/", door, email=account.root_email)
    page = browser.get("/signin/root/password/")
    browser.post("/signin/root/password/", page, password=wrong)
    browser.post("/signin/root/password/", page, password=account.root_password)
    cookie = browser.session.cookies["iam-session"]
    assert cookie
    yield from (wrong, account.root_password, cookie)
    stranger = Browser(browser.url)
    page = stranger.get(account.sign_in_url)
    stranger.post(account.sign_in_url, page, account=account.account_id, user=typed_as_name, password=wrong)
    yield typed_as_name
    custom = canary()
    page = browser.get("/users/details/alice/console-access/")
    shown = browser.post(
        "/users/details/alice/console-access/", page, access="enable", method="custom", password=custom
    ).text
    yield custom
    word = re.search(r'name="file" value="([^"]+)"', shown)
    assert word, shown
    made = browser.post("/handovers/create/", shown, file=word[1], lifetime="3600").text
    token = re.search(r"/handover/([\w-]{43})/", made)
    assert token, made
    yield token[1]
    Browser(browser.url).get(f"/handover/{token[1]}/")


def spellings(secret: str) -> Iterator[str]:
    """Yield how a secret would look as it is, in a bytea, in a URL, in base64, wherever it begins."""
    raw = secret.encode()
    yield secret
    yield raw.hex()
    yield requests.utils.quote(secret, safe="")
    for shift in range(3):
        # What does not depend on the neighbours in the base64 text.
        yield base64.b64encode(bytes(shift) + raw).decode()[4:-4]


def test_secrets_turn_up_nowhere(stack: Product, account: NewAccount) -> None:
    browser = Browser(stack.url)
    canaries = [*api_secrets(stack, account), *console_secrets(browser, account)]
    for path in ("/", "/users/", "/users/details/alice/security-credentials/", "/changes/", "/handovers/", "/account/"):
        browser.get(path)
    files = stack.data_dir / "accounts"
    user = files / account.account_id / "users" / "alice.json"
    assert wait_until(user.exists, 60)

    kept = {
        "database and broker": stack.manage("shell", "-v", "0", "-c", DUMP),
        "files": "\n".join(path.read_text() for path in files.rglob("*.json")),
        "terminal": stack.output,
        "logs": "\n".join(path.read_text() for path in (stack.data_dir / "log").iterdir()),
        "metrics": requests.get(f"{stack.url}/metrics", timeout=60).text,
        "later pages": "\n".join(browser.pages),
    }

    assert account.account_id in kept["database and broker"]
    assert "CreateLoginProfile" in kept["database and broker"]
    assert "/handover/<str:token>/" in kept["logs"]
    assert "CreateLoginProfile" in kept["metrics"]
    found = [
        (place, index)
        for place, text in kept.items()
        for index, secret in enumerate(canaries)
        if any(spelling in text for spelling in spellings(secret))
    ]
    assert found == []


@pytest.mark.django_db
def test_fault_of_ours_reports_no_secret(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    account, password = make_account(), canary()

    def fail(*arguments: Any) -> None:
        raise RuntimeError("A fault of ours")

    monkeypatch.setattr("iam.operations.signin.sign_in_user", fail, raising=True)
    client = Client(raise_request_exception=False)
    url = reverse("signin:account", args=[account.pk])
    response = client.post(url, {"account": account.pk, "user": "alice", "password": password})

    assert response.status_code == 500
    assert "A fault of ours" in caplog.text
    assert password not in caplog.text
    assert password not in response.content.decode()
    assert password not in json.dumps([str(record.__dict__) for record in caplog.records])
