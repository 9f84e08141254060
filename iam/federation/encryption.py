"""Decrypting what a SAML provider encrypted for us (XML Encryption 1.1, sections 5.2 and 5.5).

RSA with padding of PKCS #1 v1.5 is not read: it lets strangers find out what is encrypted. For the same reason every
failure is told in the same words.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from lxml import etree

from iam.federation import xml

_ENC = xml.ENCRYPTION
_ENC11 = "http://www.w3.org/2009/xmlenc11#"
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = {
    f"{xml.SIGNATURE}sha1": hashes.SHA1(),  # noqa: S303 - in OAEP it need not resist collisions
    f"{_ENC}sha256": hashes.SHA256(),
    f"{_ENC}sha512": hashes.SHA512(),
}
_MASKS: Mapping[str, hashes.HashAlgorithm] = {
    f"{_ENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303
    f"{_ENC11}mgf1sha256": hashes.SHA256(),
    f"{_ENC11}mgf1sha512": hashes.SHA512(),
}


class NotDecrypted(ValueError):
    """No key opens what was encrypted, or it is damaged."""


def _cbc(key: bytes, content: bytes) -> bytes:
    decryptor = Cipher(AES(key), CBC(content[:16])).decryptor()
    plain = decryptor.update(content[16:]) + decryptor.finalize()
    if not plain or not 0 < plain[-1] <= 16:
        raise ValueError("padding")
    return plain[: -plain[-1]]


def _gcm(key: bytes, content: bytes) -> bytes:
    return AESGCM(key).decrypt(content[:12], content[12:], None)


# By algorithm: the size of its keys in bytes, and how it is undone.
_CIPHERS: Mapping[str, tuple[int, Callable[[bytes, bytes], bytes]]] = {
    f"{_ENC}aes128-cbc": (16, _cbc),
    f"{_ENC}aes192-cbc": (24, _cbc),
    f"{_ENC}aes256-cbc": (32, _cbc),
    f"{_ENC11}aes128-gcm": (16, _gcm),
    f"{_ENC11}aes192-gcm": (24, _gcm),
    f"{_ENC11}aes256-gcm": (32, _gcm),
}


def decrypt(element: etree._Element, keys: Sequence[RSAPrivateKey]) -> etree._Element:
    """Return the element inside an `EncryptedAssertion`, with whichever key opens it. Raises NotDecrypted."""
    data = xml.find(element, "xenc:EncryptedData")
    encrypted_key = xml.find(element, ".//xenc:EncryptedKey")
    if data is None or encrypted_key is None:
        raise NotDecrypted("Nothing is encrypted.")
    size, undo = _CIPHERS.get(_algorithm(data), (0, _cbc))
    for key in keys if size else ():
        try:
            session_key = key.decrypt(_content(encrypted_key), _oaep(encrypted_key))
            if len(session_key) == size:
                return xml.parse(undo(session_key, _content(data)))
        except (ValueError, InvalidTag):
            continue
    raise NotDecrypted("The assertion could not be decrypted.")


def _algorithm(element: etree._Element) -> str:
    method = xml.find(element, "xenc:EncryptionMethod")
    return method.get("Algorithm", "") if method is not None else ""


def _content(element: etree._Element) -> bytes:
    text = xml.text_of(xml.find(element, "xenc:CipherData/xenc:CipherValue"))
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _oaep(encrypted_key: etree._Element) -> padding.OAEP:
    """Return the padding that an encrypted key says it has. Raises ValueError."""
    algorithm = _algorithm(encrypted_key)
    if algorithm not in (f"{_ENC}rsa-oaep-mgf1p", f"{_ENC11}rsa-oaep"):
        raise ValueError(f"{algorithm} is not read")
    digest = xml.find(encrypted_key, "xenc:EncryptionMethod/ds:DigestMethod")
    mask = xml.find(encrypted_key, f"xenc:EncryptionMethod/{{{_ENC11}}}MGF")
    try:
        return padding.OAEP(
            mgf=padding.MGF1(_MASKS[mask.get("Algorithm", "") if mask is not None else f"{_ENC11}mgf1sha1"]),
            algorithm=_DIGESTS[digest.get("Algorithm", "") if digest is not None else f"{xml.SIGNATURE}sha1"],
            label=None,
        )
    except KeyError as error:
        raise ValueError(f"{error} is not read") from None
