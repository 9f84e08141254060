"""The local backend: an account as files, one canonical JSON document per entity.

The files are a picture of the tables: applying a change writes the present documents of the entities it names, so
applying twice, or after later changes, does no harm and always ends in the same files.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from iam.models import Account, Change
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import canonical, documents_of, name_of
from iam.sync.backends import git
from iam.sync.backends.base import BackendError, Snapshot

FOLDERS = {
    "user": "users",
    "group": "groups",
    "role": "roles",
    "instance-profile": "instance-profiles",
    "policy": "policies",
    "oidc-provider": "oidc-providers",
    "saml-provider": "saml-providers",
    "mfa": "mfa-devices",
    "server-certificate": "server-certificates",
}
# Far above what IAM's quotas allow one entity to hold.
LARGEST_FILE = 16 * 1024 * 1024
LONGEST_NAME = 200
MALFORMED = "MalformedDocument"
# What others refer to comes first.
_IN_ORDER = ("account", "policy", "group", "mfa", "user", "role")


def folder_of(account_id: str) -> Path:
    """Return the folder that holds an account's files."""
    return settings.DATA_DIR / "accounts" / account_id


class LocalBackend:
    """The files of one account."""

    def __init__(self, account: Account, folder: Path | None = None) -> None:
        self.account_id = account.pk
        self.folder = folder or folder_of(account.pk)
        self._contents: dict[Key, bytes | None] = {}
        self._written_in: set[Path] = set()

    def prepare(self, changes: Sequence[Change]) -> None:
        """Render the documents of all entities that the changes name, in one snapshot."""
        documents = documents_of(self.account_id, _entities(changes))
        self._contents = {key: canonical(document) if document else None for key, document in documents.items()}

    def apply(self, change: Change) -> None:
        """Write the present document of each entity that the change names, or delete its file."""
        for key in _keys([change]):
            self._write(self.path_of(key), self._contents[key])

    def verify(self, changes: Sequence[Change]) -> None:
        """Make what was written last, and read it back."""
        with _told_as_backend_errors(self.folder):
            for folder in sorted(self._written_in):
                _sync_folder(folder)
        self._written_in.clear()
        for key in _keys(changes):
            path = self.path_of(key)
            if self._read(path) != self._contents[key]:
                raise BackendError("NotVerified", f"{path} is not what was written.", permanent=False)
        if settings.LOCAL_BACKEND_GIT:
            self._commit(changes)

    def fetch(self) -> Iterator[Snapshot]:
        """Read every file of the account, ordered by kind and name."""
        account_file = self.path_of(("account", self.account_id))
        if account_file.exists():
            yield self._snapshot("account", account_file)
        for kind, name in FOLDERS.items():
            for path in sorted((self.folder / name).glob("*.json")):
                yield self._snapshot(kind, path)

    def fetch_some(
        self, after: tuple[int, str], size: int
    ) -> Iterator[tuple[tuple[int, str], Snapshot | BackendError]]:
        """Read some files beyond a place; each comes with its own place, or why it is no document.

        Entities that others refer to come first.
        """
        kinds = dict.fromkeys([*_IN_ORDER, *FOLDERS])
        found = [
            ((number, path.name), kind, path)
            for number, kind in enumerate(kinds)
            for path in sorted((self.folder / FOLDERS.get(kind, ".")).glob("*.json"))
            if (number, path.name) > after
        ]
        for place, kind, path in found[:size]:
            try:
                yield place, self._snapshot(kind, path)
            except BackendError as error:
                if not error.permanent:
                    raise
                yield place, error

    def find(self, key: Key) -> Document | None:
        """Return an entity as its file has it, None where there is no file."""
        path = self.path_of(key)
        return self._snapshot(key[0], path).document if path.exists() else None

    def path_of(self, key: Key) -> Path:
        """Return an entity's file. The key is in lower case, so file systems that ignore case are no trouble either."""
        kind, name = key
        if kind == "account":
            return self.folder / "account.json"
        return self.folder / FOLDERS[kind] / f"{_file_name(name)}.json"

    def _write(self, path: Path, content: bytes | None) -> None:
        with _told_as_backend_errors(path):
            if content is None:
                path.unlink(missing_ok=True)
            elif self._read(path) != content:
                self._make(path.parent)
                _replace(path, content)
            # Also where the file was as it should be: a worker that died may not have made its folder durable.
            if path.parent.exists():
                self._written_in.add(path.parent)

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            self._written_in.add(folder.parent)

    def _read(self, path: Path) -> bytes | None:
        """Return a file's content, None where there is no file."""
        with _told_as_backend_errors(path):
            try:
                with path.open("rb") as file:
                    return file.read(LARGEST_FILE + 1)
            except FileNotFoundError:
                return None

    def _snapshot(self, kind: str, path: Path) -> Snapshot:
        content = self._read(path) or b""
        try:
            document = json.loads(content) if len(content) <= LARGEST_FILE else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise BackendError(MALFORMED, f"{path} does not hold a JSON document.", permanent=True)
        name = name_of(kind, document)
        if self.path_of(key_of(kind, name)) != path or (kind == "account" and name != self.account_id):
            raise BackendError(MALFORMED, f"{path} holds a document of something else.", permanent=True)
        return Snapshot(kind, document)

    def _commit(self, changes: Sequence[Change]) -> None:
        """Commit the changes to git, one commit per change set, with who acted as author."""
        by_change_set: dict[git.Commit, list[Change]] = {}
        for change in changes:
            details = change.change_set
            commit = git.Commit(
                str(details.pk), details.title, details.actor_name, details.actor_arn, details.created_at
            )
            by_change_set.setdefault(commit, []).append(change)
        for commit, its_changes in by_change_set.items():
            paths = [self.path_of(key).relative_to(self.folder) for key in _keys(its_changes)]
            git.record(self.folder, commit, paths)


def _file_name(name: str) -> str:
    """Return a name as a file may have it, without the suffix that keeps `.` and `..` from being what they are.

    Only URLs of providers and paths of MFA devices have characters that a file name must not have, and may be too long
    for one.
    """
    quoted = quote(name, safe="+=,@")
    if len(quoted) <= LONGEST_NAME:
        return quoted
    return f"{quoted[: LONGEST_NAME - 65]}~{hashlib.sha256(name.encode()).hexdigest()}"


def _entities(changes: Sequence[Change]) -> list[tuple[str, str]]:
    return [(kind, name) for change in changes for kind, name in change.entities]


def _keys(changes: Sequence[Change]) -> list[Key]:
    return list(dict.fromkeys(key_of(kind, name) for kind, name in _entities(changes)))


@contextmanager
def _told_as_backend_errors(path: Path) -> Iterator[None]:
    """Every trouble with files may pass: a disk has space again, a mount comes back, an administrator mends rights."""
    try:
        yield
    except OSError as error:
        raise BackendError(
            type(error).__name__, f"{error.filename or path}: {error.strerror or error}.", permanent=False
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that readers, and a crash at any moment, see the old content or the new, never a part."""
    # One worker at a time writes an account's files, so one name is enough; a crash leaves it to the next writer.
    fresh = path.parent / ".writing"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
