"""An OpenID Connect provider of the tests: a real server with TLS, its keys, and the tokens that it gives."""

import hashlib
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from iam.federation import tokens

KEY_ID = "key-1"
KEY = tokens.new_key("ES256")


class Authority:
    """A certificate authority that issues the certificate of one server, for `localhost`."""

    def __init__(self, folder: Path) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate("Test authority", self.key, is_authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        server_key = ec.generate_private_key(ec.SECP256R1())
        self.server = self._certificate("localhost", server_key, is_authority=False)
        self.server_file = folder / "server.pem"
        self.server_file.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self.server.public_bytes(serialization.Encoding.PEM)
            + self.certificate.public_bytes(serialization.Encoding.PEM)
        )

    @property
    def thumbprint(self) -> str:
        """What AWS calls the authority's certificate."""
        return thumbprint_of(self.certificate)

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if not is_authority:
            names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def thumbprint_of(certificate: x509.Certificate) -> str:
    """Return the SHA-1 digest of a certificate."""
    return hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER), usedforsecurity=False).hexdigest()


class Issuer:
    """What the server answers, by path, which tests may change; and how often it was asked for what."""

    def __init__(self, port: int) -> None:
        self.host = f"localhost:{port}"
        self.url = f"https://{self.host}"
        self.asked: list[str] = []
        self.status = 200
        self.seconds_per_byte = 0.0
        self.keys: list[dict[str, Any]] = [tokens.jwk_of(KEY.public_key(), "ES256", KEY_ID)]
        self.configuration: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def answer(self, path: str) -> bytes:
        """Return the body for a path."""
        self.asked.append(path)
        documents = {"/.well-known/openid-configuration": self.configuration, "/keys": {"keys": self.keys}}
        return json.dumps(documents.get(path)).encode()

    def claims(self, **more: Any) -> dict[str, Any]:
        """Return claims that are as they should be, with changes; None leaves one out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": "app", "sub": "user-42", "iat": now, "exp": now + 600, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: tokens.PrivateKey = KEY, algorithm: str = "ES256", kid: str = KEY_ID, **more: Any) -> str:
        """Return a signed token."""
        return tokens.sign(self.claims(**more), key, algorithm, kid)


@contextmanager
def serving(authority: Authority) -> Iterator[Issuer]:
    """Run an issuer for a while."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = issuer.answer(self.path)
            self.send_response(issuer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not issuer.seconds_per_byte:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(issuer.seconds_per_byte)

        def log_message(self, *_args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # Clients that do not trust the server hang up: no news here.
        def handle_error(self, *_args: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_file)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        issuer = Issuer(server.server_address[1])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
