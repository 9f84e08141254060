"""Asking the server of an identity provider, which may be anybody's, for a small JSON document by HTTPS.

The address comes from outside, so this is where a server is kept from being made to call its own network: only public
addresses on the usual port are asked, unless the host is named by OIDC_INTERNAL_HOSTS; the address that was judged is
the one that is connected to; redirects are not followed; and size and time are bounded.
"""

import hashlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from iam.federation.tokens import BadToken, read_object

SECONDS = 5
LARGEST = 512 * 1024
# Networks whose addresses stand for IPv4 addresses, which may be private ones.
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class Unreachable(Exception):
    """The server did not answer; trying again later may help."""


class Untrusted(Exception):
    """The server is not one to ask, or its answer is not one to believe."""


def fetch_object(url: str, thumbprints: Sequence[str]) -> dict[str, Any]:
    """Return the JSON object at a URL.

    The server's certificate must come from a known authority (the system's and those of OIDC_CA_FILE), or a
    certificate in its chain must have one of the thumbprints. Raises Unreachable, Untrusted.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        raise Untrusted("The URL is malformed.") from None
    if parts.scheme != "https" or not host or parts.username is not None:
        raise Untrusted("The URL is not one of HTTPS.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        address = _address(host, port)
        try:
            content = _get(host, port, address, path, _known_authorities())
        except ssl.SSLCertVerificationError:
            content = _get(host, port, address, path, _pinned(host, port, address, thumbprints))
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(str(error)) from None
    except (OSError, HTTPException) as error:
        raise Unreachable(str(error)) from None
    try:
        return read_object(content)
    except BadToken as error:
        raise Untrusted(str(error)) from None


def _address(host: str, port: int) -> str:
    """Return an address of a host that may be asked. Raises Untrusted, OSError where the host is unknown."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError:
        raise Untrusted("The host name is malformed.") from None
    is_internal = not {host, f"{host}:{port}"}.isdisjoint(settings.OIDC_INTERNAL_HOSTS)
    if not is_internal and (port != 443 or not all(map(_is_public, found))):
        raise Untrusted(f"{host} is no public server.")
    return found[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    is_translated = any(address in network for network in _TRANSLATED if network.version == address.version)
    return address.is_global and not address.is_multicast and not is_translated


def _known_authorities() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.OIDC_CA_FILE:
        context.load_verify_locations(cafile=settings.OIDC_CA_FILE)
    return context


def _pinned(host: str, port: int, address: str, thumbprints: Sequence[str]) -> ssl.SSLContext:
    """Return a context that trusts just that certificate of the server's chain which has one of the thumbprints."""
    wanted = {thumbprint.lower() for thumbprint in thumbprints}
    for certificate in _chain(host, port, address) if wanted else ():
        # SHA-1 is what AWS's thumbprints are; it is no weakness as long as nobody finds a second pre-image.
        if hashlib.sha1(certificate, usedforsecurity=False).hexdigest() in wanted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=certificate)
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            return context
    raise Untrusted("The server's certificate is not from a known authority, and no thumbprint fits it.")


def _chain(host: str, port: int, address: str) -> list[bytes]:
    """Return the certificates that a server shows, in DER. They prove nothing yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        _dialled(address, port) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        # Python makes this public in 3.13.
        shown = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
        return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in shown or ()]


@contextmanager
def _dialled(address: str, port: int) -> Iterator[socket.socket]:
    """Return a connection that is hung up after a while, whatever goes on in it. Raises OSError.

    A server that sends a byte now and then, be it of its part in the handshake, would never run into a timeout.
    """
    plain = socket.create_connection((address, port), timeout=SECONDS)
    # TLS takes the socket over; its double still reaches the connection.
    double = plain.dup()
    timer = Timer(SECONDS, _hang_up, (double,))
    timer.daemon = True
    timer.start()
    try:
        yield plain
    finally:
        timer.cancel()
        double.close()
        plain.close()


def _hang_up(connection: socket.socket) -> None:
    # It may be over already.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _get(host: str, port: int, address: str, path: str, context: ssl.SSLContext) -> bytes:
    """Return the body of a plain success. Raises OSError, HTTPException, Untrusted."""
    with _dialled(address, port) as plain:
        connection = HTTPSConnection(host, port)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        try:
            connection.request("GET", path, headers={"Accept": "application/json", "User-Agent": "iam-console"})
            with connection.getresponse() as response:
                if response.status >= 500:
                    raise HTTPException(f"The server answered {response.status}.")
                if response.status != 200:
                    raise Untrusted(f"The server answered {response.status}.")
                content = response.read(LARGEST + 1)
        finally:
            connection.close()
    if len(content) > LARGEST:
        raise Untrusted("The answer is too large.")
    return content
