"""Foreign keys are checked at once, in transactions that need not ask for it then."""

from time import sleep
from typing import Any

from django.db import OperationalError, migrations

_LATE_OR_NOT = """
SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
WHERE contype = 'f' AND condeferrable AND condeferred <> %s AND connamespace = current_schema()::regnamespace
"""
_ATTEMPTS = 60


def check_at_once(_apps: Any, schema_editor: Any) -> None:
    _alter_each(schema_editor.connection, "IMMEDIATE")


def check_at_the_end(_apps: Any, schema_editor: Any) -> None:
    _alter_each(schema_editor.connection, "DEFERRED")


def _alter_each(connection: Any, when: str) -> None:
    """Alter one constraint after the other: together they would lock most tables, against whoever reads two of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
        cursor.execute(_LATE_OR_NOT, [when == "DEFERRED"])
        for table, name in cursor.fetchall():
            _alter(cursor, f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY {when}")
        cursor.execute("RESET lock_timeout")


def _alter(cursor: Any, statement: str) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            cursor.execute(statement)
        except OperationalError:
            if attempt == _ATTEMPTS:
                raise
            sleep(1)
        else:
            return


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("iam", "0028_aws_policies_by_name")]

    operations = [migrations.RunPython(check_at_once, check_at_the_end)]
