"""Sealed secrets: what must come back in the clear is encrypted with keys that live outside the database."""

import base64
import fcntl
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# What Fernet encrypts comes in whole blocks of AES.
_BLOCK = 16


def keys_in(path: Path) -> list[str]:
    """Return the keys of a file, newest first, making the file with a first key where there is none.

    It is readable by its owner only; losing it loses every sealed secret.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = _write_beside(path, [new_key()])
        # link() fails where another process was faster: whoever is first wins, and everybody reads the same key.
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        fresh.unlink()
    return path.read_text().split()


def write_keys(path: Path, keys: Sequence[str]) -> None:
    """Replace the keys of a file at once; whoever seals next uses the first of them."""
    _write_beside(path, keys).rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Let nobody else who asks replace the keys of a file meanwhile."""
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_beside(path: Path, keys: Sequence[str]) -> Path:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{key}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def new_key() -> str:
    """Return a key that nothing was sealed with."""
    return Fernet.generate_key().decode()


def current_keys() -> tuple[str, ...]:
    """Return the keys that count now, newest first: those of the settings, else those of the file.

    The file is looked at each time, so that a rotation reaches processes that run.
    """
    if settings.SEALING_KEYS:
        return tuple(settings.SEALING_KEYS)
    status = settings.SEALING_KEYS_FILE.stat()
    return _read(settings.SEALING_KEYS_FILE, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, _inode: int, _modified: int) -> tuple[str, ...]:
    return tuple(path.read_text().split())


def derive_text(key: str, *, purpose: str) -> str:
    """Return a text derived from a key for one purpose (HKDF-SHA256, RFC 5869)."""
    derived = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=purpose.encode()).derive(key.encode())
    return base64.urlsafe_b64encode(derived).decode()


@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> bytes:
    """Encrypt a text with the newest key."""
    return _fernet(current_keys()).encrypt(text.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt what `seal` made with any of the keys. Raises ValueError where none of them fits."""
    try:
        return _fernet(current_keys()).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise ValueError("A sealed value does not open with any of the sealing keys.") from None


def seal_with(word: str, text: str) -> bytes:
    """Encrypt a text so that opening it takes a word, long and random, as well as one of the keys."""
    return seal(_of_word(word).encrypt(text.encode()).decode())


def unseal_with(word: str, sealed: bytes | memoryview) -> str:
    """Decrypt what `seal_with` made. Raises ValueError where the word is another one, or no key fits."""
    try:
        return _of_word(word).decrypt(unseal(sealed).encode()).decode()
    except InvalidToken:
        raise ValueError("A sealed value does not open with this word.") from None


def _of_word(word: str) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"sealed with a word").derive(word.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def is_newest(sealed: bytes | memoryview) -> bool:
    """Whether the newest key sealed this."""
    try:
        _fernet(current_keys()[:1]).decrypt(bytes(sealed))
    except InvalidToken:
        return False
    return True


def seal_packed(text: str, *, smallest: int = 0) -> str:
    """Encrypt a long text in little room, for what travels in headers and messages.

    What comes out has `smallest` characters at least.
    """
    fernet = _fernet(current_keys())
    packed = zlib.compress(text.encode())
    sealed = fernet.encrypt(packed)
    if len(sealed) < smallest:
        # What follows a packed text is no part of it.
        sealed = fernet.encrypt(packed + bytes(smallest - len(sealed) + _BLOCK))
    return sealed.decode()


def unseal_packed(sealed: str, *, longest: int) -> str:
    """Open what `seal_packed` made. Raises ValueError for anything else and for a text over `longest` bytes."""
    try:
        packed = _fernet(current_keys()).decrypt(sealed.encode())
        opener = zlib.decompressobj()
        text = opener.decompress(packed, longest)
    except (InvalidToken, zlib.error):
        raise ValueError("A sealed value does not open with any of the sealing keys.") from None
    if opener.unconsumed_tail or not opener.eof:
        raise ValueError(f"A sealed value is longer than {longest} bytes.")
    return text.decode()
