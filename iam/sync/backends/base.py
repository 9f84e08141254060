"""What a backend is: where an account's changes go, and where the account can be read back from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from iam.models import Change
from iam.queries.document_parts import Document


class BackendError(Exception):
    """Why a backend did not take a change.

    A permanent error fails the change until a person retries it; any other is tried again after a while, and nothing
    overtakes it. After an uncertain one nobody knows whether the change took place. One of the connection says nothing
    about the change: whatever is sent there next will fare the same.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        permanent: bool,
        is_uncertain: bool = False,
        is_of_connection: bool = False,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        self.is_uncertain = is_uncertain
        self.is_of_connection = is_of_connection
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One entity as the backend has it."""

    kind: str
    document: Document


class Backend(Protocol):
    """The backend of one account for one batch of its changes. All methods raise BackendError."""

    def prepare(self, changes: Sequence[Change]) -> None:
        """Read what is needed for the changes that `apply` will get, at once instead of one by one."""

    def apply(self, change: Change) -> None:
        """Bring a change to the backend; one that is there already, wholly or in part, is completed."""

    def verify(self, changes: Sequence[Change]) -> None:
        """Read applied changes back; returns once they are there to stay."""

    def fetch(self) -> Iterator[Snapshot]:
        """Read the whole account, entity by entity."""
