"""Sealed secrets: what must come back in the clear is encrypted with keys that live outside the database."""

import base64
import os
import zlib
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# What Fernet encrypts comes in whole blocks of AES.
_BLOCK = 16


def keys_in(folder: Path) -> list[str]:
    """Return the keys of `sealing.keys` in the folder, newest first, making the first one where there is none.

    The file is written once, readable by its owner only; losing it loses every sealed secret.
    """
    path = folder / "sealing.keys"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = folder / f".sealing.keys.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(Fernet.generate_key().decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        # link() fails where another process was faster: whoever is first wins, and everybody reads the same key.
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text().split()


def derive_text(key: str, *, purpose: str) -> str:
    """Return a text derived from a key for one purpose (HKDF-SHA256, RFC 5869)."""
    derived = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=purpose.encode()).derive(key.encode())
    return base64.urlsafe_b64encode(derived).decode()


@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> bytes:
    """Encrypt a text with the newest key."""
    return _fernet(tuple(settings.SEALING_KEYS)).encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt what `seal` made with any of the keys. Raises ValueError where none of them fits."""
    try:
        return _fernet(tuple(settings.SEALING_KEYS)).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise ValueError("A sealed value does not open with any key of SEALING_KEYS.") from None


def seal_packed(text: str, *, smallest: int = 0) -> str:
    """Encrypt a long text in little room, for what travels in headers and messages.

    What comes out has `smallest` characters at least.
    """
    fernet = _fernet(tuple(settings.SEALING_KEYS))
    packed = zlib.compress(text.encode())
    sealed = fernet.encrypt(packed)
    if len(sealed) < smallest:
        # What follows a packed text is no part of it.
        sealed = fernet.encrypt(packed + bytes(smallest - len(sealed) + _BLOCK))
    return sealed.decode()


def unseal_packed(sealed: str, *, longest: int) -> str:
    """Open what `seal_packed` made. Raises ValueError for anything else and for a text over `longest` bytes."""
    try:
        packed = _fernet(tuple(settings.SEALING_KEYS)).decrypt(sealed.encode())
        opener = zlib.decompressobj()
        text = opener.decompress(packed, longest)
    except (InvalidToken, zlib.error):
        raise ValueError("A sealed value does not open with any key of SEALING_KEYS.") from None
    if opener.unconsumed_tail or not opener.eof:
        raise ValueError(f"A sealed value is longer than {longest} bytes.")
    return text.decode()
