"""What queries of ours ask that Django has no word for."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Field, Lookup
from django.db.models.functions import Lower
from psycopg.types.numeric import Int8

# `name__lower=…`: IAM's names are found in any case.
CharField.register_lookup(Lower)


def as_array(values: Iterable[Any]) -> list[Any]:
    """Return a list as the value of a query.

    Numbers would be sent as the smallest type that holds all of them, and the query be planned anew for each type.
    """
    return [Int8(value) if isinstance(value, int) else value for value in values]


@Field.register_lookup
class AnyOf(Lookup):
    """`name__any=[…]`: like `in`, but the list is one value of the query, whatever its length.

    So the SQL is always the same, and PostgreSQL plans it once. References are asked by their key: `user__pk__any`.
    """

    lookup_name = "any"

    def get_prep_lookup(self) -> list[Any]:
        """Return the list for the database driver, which knows lists."""
        return as_array(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the comparison and its values."""
        left, values = self.process_lhs(compiler, connection)
        column = self.lhs.output_field
        # A text must not be cut to what the column holds: it would be another one.
        kind = (column.rel_db_type(connection) or column.db_type(connection)).partition("(")[0]
        return f"{left} = ANY(%s::{kind}[])", (*values, self.rhs)
