"""What keeps an entity from being deleted: IAM never cascades."""

from typing import Any

from django.db.models import Exists, Model, OuterRef

from iam.models.statements import Statement
from iam.operations.entities import delete_conflict
from iam.operations.kinds import Kind


class Holdings:
    """What the entities of a kind may hold, in the order in which IAM looks.

    Each is a table, its reference to the entity, and what AWS asks for in the refusal. All are looked at in one query.
    """

    def __init__(self, kind: Kind[Any], *holdings: tuple[type[Model], str, str]) -> None:
        self._kind = kind
        self._holdings = holdings
        self._held = Statement(
            lambda pk: kind.model._default_manager.filter(pk=pk).values_list(
                *(Exists(table._default_manager.filter(**{owner: OuterRef("pk")})) for table, owner, _ in holdings)
            ),
            int,
        )

    def refuse(self, row: Any) -> None:
        """Raise IamError DeleteConflict while an entity, whose row is held, holds one of them."""
        (held,) = self._held.rows(row.pk)
        for is_held, (_, _, reason) in zip(held, self._holdings, strict=True):
            if is_held:
                raise delete_conflict(self._kind, reason)
