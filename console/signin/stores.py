"""The table of browser sessions, by digests: what stands in it, or in a copy of it, lets nobody in."""

import hashlib

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone


def _digest(key: str) -> str:
    # As much of it as the column takes; the key itself has no more.
    return hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's, under the digest of the key that the browser has."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        key = self.session_key or ""
        found = self.model.objects.filter(session_key=_digest(key), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(_digest(session_key))

    def create_model_instance(self, data: dict[str, object]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_digest(key))
