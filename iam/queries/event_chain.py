"""The chain of an account's event history: what each hash covers, and the head that is kept outside the database.

docs/events.md defines both.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from iam import sealing

READER = "chain"
# What stands before the first record.
NOTHING = bytes(32)


class HistoryKeyMissingError(Exception):
    """There is no key to check the event history with."""


def canonical(value: Any) -> bytes:
    """Return JSON with keys in the order of their characters, no white space, in UTF-8 (after RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def history_key() -> bytes:
    """Return the installation's key for the history, making it where there is none."""
    return (settings.EVENTS_KEY or sealing.keys_in(settings.EVENTS_KEY_FILE)[0]).encode()


def existing_history_key() -> bytes:
    """Return the key, or raise HistoryKeyMissingError: a new one proves nothing."""
    if not settings.EVENTS_KEY and not settings.EVENTS_KEY_FILE.exists():
        raise HistoryKeyMissingError(f"There is no EVENTS_KEY, and no key in {settings.EVENTS_KEY_FILE}.")
    return history_key()


def key_id(key: bytes) -> str:
    """Return what names a key without telling it."""
    return _mac(key, b"the id of this key").hex()[:16]


def link_hash(key: bytes, account_id: str, sequence: int, previous: bytes, record: dict[str, Any]) -> bytes:
    """Return the hash of a record at its place in an account's chain."""
    return sign(key, {"account": account_id, "event": record, "previousHash": previous.hex(), "sequence": sequence})


def sign(key: bytes, value: Any) -> bytes:
    """Return the keyed hash of a JSON value."""
    return _mac(key, canonical(value))


def is_signed(key: bytes, value: Any, signature: Any) -> bool:
    """Whether a text is the keyed hash of a JSON value, in hexadecimal."""
    return isinstance(signature, str) and hmac.compare_digest(sign(key, value).hex().encode(), signature.encode())


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of an account's chain, as it is known outside the database."""

    account_id: str
    sequence: int
    hash: bytes

    def document(self, key: bytes) -> dict[str, Any]:
        """Return the head as JSON has it, signed."""
        plain = {"account": self.account_id, "hash": self.hash.hex(), "sequence": self.sequence}
        return {**plain, "signature": sign(key, {"head": plain}).hex()}

    @classmethod
    def read(cls, document: Any, key: bytes) -> "Head":
        """Return the head of a document. Raises ValueError where the signature is not ours."""
        if not isinstance(document, dict):
            raise ValueError("a head is a JSON object")
        plain = {name: value for name, value in document.items() if name != "signature"}
        if not is_signed(key, {"head": plain}, document.get("signature")):
            raise ValueError("the head was not signed with this key")
        return cls(plain["account"], plain["sequence"], bytes.fromhex(plain["hash"]))


def heads_folder() -> Path:
    """Return the folder of the heads; who can write the database must not be able to write here."""
    path: Path = settings.DATA_DIR / "events"
    return path


def head_file(account_id: str) -> Path:
    """Return the file of an account's head."""
    return heads_folder() / f"{account_id or 'no-account'}.head.json"


def find_head(account_id: str, key: bytes) -> Head | None:
    """Return the head that this machine noted, None where there is none. Raises ValueError for a forged one."""
    try:
        text = head_file(account_id).read_text()
    except FileNotFoundError:
        return None
    head = Head.read(json.loads(text), key)
    if head.account_id != account_id:
        raise ValueError("the head belongs to another account")
    return head


def noted_accounts() -> set[str]:
    """Return the accounts that have a head."""
    names = {path.name.removesuffix(".head.json") for path in heads_folder().glob("*.head.json")}
    return {"" if name == "no-account" else name for name in names if not name.startswith(".")}
