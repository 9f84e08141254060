"""Access keys that have signed requests to this process, so that a signature can be checked before anything is read.

Kept are derived keys, which are good for a day, a region and a service (IAM User Guide, "AWS Signature Version 4 for
API requests"). Whether an access key counts is not known from here.
"""

import threading
from dataclasses import dataclass, field, replace

from iam.api.signature import Signature
from iam.models.readings import Seen

_MOST = 5_000
# In characters: users may have policies of many thousands.
_LONGEST_SEEN = 4_000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What does not change of an access key: whose it is, the secret, and what was derived from that.

    `seen` is what was read for its last call that may tell something about the next one.
    """

    account_id: str
    sealed_secret: bytes
    signing_key: bytes = field(repr=False)
    seen: Seen | None = field(default=None, repr=False)


# In the order in which they were met.
_known: dict[tuple[str, str], KnownKey] = {}
_lock = threading.Lock()


def find(signature: Signature) -> KnownKey | None:
    """Return what is known of the access key that a request names, for the scope that it names."""
    return _known.get((signature.access_key_id, signature.scope))


def note(signature: Signature, key: KnownKey) -> None:
    """Keep what a signature that is true was checked with."""
    if key.seen and key.seen.length > _LONGEST_SEEN:
        key = replace(key, seen=None)
    with _lock:
        _known.pop((signature.access_key_id, signature.scope), None)
        _known[signature.access_key_id, signature.scope] = key
        if len(_known) > _MOST:
            del _known[next(iter(_known))]


def forget(signature: Signature) -> None:
    """Forget an access key that does not count any more."""
    with _lock:
        _known.pop((signature.access_key_id, signature.scope), None)
