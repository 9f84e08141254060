"""Whose credentials a request was signed with."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from iam import sealing
from iam.models.readings import Reading, Seen
from iam.operations import key_use, session_tokens, sts
from iam.principals import Principal, PrincipalType, Source
from iam.queries import principals

_KEY_ID = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A principal and what its requests are signed with: an access key, or the secret of temporary credentials.

    `seen` is what was read for that, where later calls may be judged by it.
    """

    principal: Principal
    key: principals.Key | None = None
    temporary_secret: str = ""
    is_role_use_due: bool = False
    seen: Seen | None = None

    @property
    def secret(self) -> str:
        """The secret key."""
        return sealing.unseal(self.key.sealed_secret) if self.key else self.temporary_secret

    def is_use_due(self, service: str, region: str) -> bool:
        """Whether `note_use` has something to note."""
        return self.is_role_use_due or (self.key is not None and self.key.is_use_due(service, region))

    def note_use(self, service: str, region: str) -> None:
        """Note when and for what the credentials were used, where that was not noted lately."""
        if self.key and self.key.is_use_due(service, region):
            key_use.record(self.key.id, service, region)
        if self.is_role_use_due and self.principal.session:
            sts.record_role_use(self.principal.session, region)


def find(
    access_key_id: str,
    session_token: str | None,
    source: Source,
    reads: Sequence[Reading] = (),
    *,
    is_kept: bool = False,
) -> Credentials:
    """Return the credentials behind a key, as they are at this moment; `reads` go with the reading of an access key.

    With `is_kept` that comes as `seen`, too. Raises IamError InvalidClientTokenId for a key that is unknown, inactive
    or without its token, ExpiredToken.
    """
    if not _KEY_ID.fullmatch(access_key_id):
        raise session_tokens.invalid()
    if session_token is not None:
        return _temporary(access_key_id, session_token, source)
    seen = None
    if is_kept:
        read_at = timezone.now()
        seen = principals.see_key(access_key_id, reads)
        found = principals.seen_key(seen, source=source, read_at=read_at, is_past=False) if seen else None
    else:
        found = principals.find_key(access_key_id, source=source, reads=reads)
    # A key without its secret is one of an account in AWS, or was restored: nobody has signed with it here.
    if found is None or not found[1].sealed_secret:
        raise session_tokens.invalid()
    return Credentials(*found, seen=seen)


def as_seen(seen: Seen, source: Source) -> Credentials:
    """Return the credentials that were seen by an earlier call, which may be past."""
    return Credentials(*principals.seen_key(seen, source=source, read_at=timezone.now(), is_past=True), seen=seen)


def _temporary(access_key_id: str, session_token: str, source: Source) -> Credentials:
    held = session_tokens.read(session_token, source, access_key_id=access_key_id)
    principal = held.principal
    if principal.type is not PrincipalType.ROLE_SESSION or principal.session is None:
        return Credentials(principal, temporary_secret=held.secret_access_key)
    role = principals.find_role_account(principal)
    if role is None:
        raise session_tokens.invalid()
    return Credentials(principal, temporary_secret=held.secret_access_key, is_role_use_due=role.is_use_due)
