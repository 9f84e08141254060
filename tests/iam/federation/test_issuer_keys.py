"""Asking an issuer for its keys, from a real server with TLS."""

import contextlib
import socket
import time
from threading import Thread

import pytest
from django.core.cache import caches

from iam.errors import IamError
from iam.federation import fetching, issuer_keys, tokens
from iam.federation.fetching import Unreachable, Untrusted, fetch_object
from iam.federation.issuer_keys import keys_for
from tests.iam.federation.issuer import KEY_ID, thumbprint_of


def keys(issuer, kid=KEY_ID, thumbprints=()):
    return keys_for(tokens.read(issuer.token(kid=kid)), issuer.url, thumbprints)


def refusal(issuer, **details) -> IamError:
    with pytest.raises(IamError) as caught:
        keys(issuer, **details)
    return caught.value


def test_keys_are_asked_for_once(issuer):
    assert keys(issuer) == keys(issuer) == issuer.keys

    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_unknown_key_is_asked_for_again_but_not_at_once(issuer, monkeypatch):
    keys(issuer)
    keys(issuer, kid="key-2")
    assert issuer.asked.count("/keys") == 1

    monkeypatch.setattr(issuer_keys, "PAUSE_SECONDS", 0)
    caches["issuer-keys"].clear()
    keys(issuer)
    issuer.keys[0]["kid"] = "key-2"

    assert keys(issuer, kid="key-2") == issuer.keys
    assert issuer.asked.count("/keys") == 3


def test_server_without_known_authority_is_not_believed(issuer, settings):
    settings.OIDC_CA_FILE = ""

    assert refusal(issuer).code == "InvalidIdentityToken"
    assert issuer.asked == []


@pytest.mark.parametrize("which", ["authority", "server"])
def test_thumbprint_of_a_certificate_in_the_chain_suffices(issuer, authority, settings, which):
    settings.OIDC_CA_FILE = ""
    certificate = authority.certificate if which == "authority" else authority.server

    assert keys(issuer, thumbprints=["0" * 40, thumbprint_of(certificate).upper()]) == issuer.keys


def test_thumbprint_does_not_excuse_another_host(issuer, authority, settings):
    settings.OIDC_CA_FILE = ""
    settings.OIDC_INTERNAL_HOSTS = ["127.0.0.2:" + issuer.host.split(":")[1], "ip6-localhost"]
    url = issuer.url.replace("localhost", "127.0.0.2")

    with pytest.raises((Untrusted, Unreachable)):
        fetch_object(url, [authority.thumbprint])


def test_other_thumbprints_do_not_fit(issuer, settings):
    settings.OIDC_CA_FILE = ""

    assert refusal(issuer, thumbprints=["0" * 40]).code == "InvalidIdentityToken"


@pytest.mark.parametrize("allowed", [[], ["localhost"]])
def test_private_addresses_need_leave(issuer, settings, allowed):
    settings.OIDC_INTERNAL_HOSTS = allowed

    if allowed:
        assert keys(issuer) == issuer.keys
    else:
        assert refusal(issuer).code == "InvalidIdentityToken"
        assert issuer.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "fe80::1%eth0",
        "224.0.0.1",
        "0.0.0.0",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not fetching._is_public(address)


def test_public_addresses():
    assert fetching._is_public("93.184.216.34")
    assert fetching._is_public("2606:2800:220:1::1")


@pytest.mark.parametrize("url", ["http://localhost/", "https:///x", "https://a@localhost/", "https://localhost:x/"])
def test_urls_that_are_never_asked(url):
    with pytest.raises(Untrusted):
        fetch_object(url, [])


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://localhost/keys"},
        {"jwks_uri": "https://10.0.0.1/keys"},
    ],
)
def test_configuration_must_be_the_issuers(issuer, change):
    issuer.configuration |= change

    assert refusal(issuer).code == "InvalidIdentityToken"


@pytest.mark.parametrize("answer", [None, "x", [{"kid": str(number)} for number in range(201)]])
def test_keys_must_be_keys(issuer, answer):
    issuer.keys = answer

    assert refusal(issuer).code == "InvalidIdentityToken"


def test_answers_are_bounded(issuer):
    issuer.keys = [{"kid": "x" * fetching.LARGEST}]

    assert refusal(issuer).code == "InvalidIdentityToken"


@pytest.mark.parametrize(("status", "code"), [(302, "InvalidIdentityToken"), (503, "IDPCommunicationError")])
def test_failures_are_told_apart_and_remembered(issuer, status, code):
    issuer.status = status

    assert refusal(issuer).code == refusal(issuer).code == code
    assert len(issuer.asked) == 1


def test_server_that_is_away_is_unreachable(issuer, settings):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"localhost:{unused.getsockname()[1]}"
        settings.OIDC_INTERNAL_HOSTS = [host]

        with pytest.raises(Unreachable):
            fetch_object(f"https://{host}/", [])


def test_server_that_drips_its_handshake_is_not_waited_for(settings, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"localhost:{listening.getsockname()[1]}"
        settings.OIDC_INTERNAL_HOSTS = [host]
        server = Thread(target=drip_handshake, args=(listening,))
        server.start()
        began = time.monotonic()

        with pytest.raises(Unreachable):
            fetch_object(f"https://{host}/", [])

        assert time.monotonic() - began < 30
        server.join()


def drip_handshake(listening: socket.socket) -> None:
    """Send the head of a long record of TLS, then a byte ten times a second, as long as somebody listens."""
    connection, _ = listening.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"\x16\x03\x03\x40\x00")
        for _ in range(600):
            time.sleep(0.1)
            connection.sendall(b"\x02")


def test_server_that_drips_is_not_waited_for(issuer, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    issuer.seconds_per_byte = 0.1
    # Far longer than the test would wait.
    issuer.keys *= 10
    began = time.monotonic()

    with pytest.raises((Unreachable, Untrusted)):
        fetch_object(f"{issuer.url}/keys", [])

    assert time.monotonic() - began < 30
