"""What the database role of the web server may do: everything but rewrite the event history or own a table."""

from django.apps import apps
from django.db import connection, transaction
from psycopg import sql

from iam.errors import IamError
from iam.models import Event, EventChain, EventCursor, EventLink, EventResource

# Workers and commands write these, or nobody does.
_READ_ONLY = (EventChain, EventCursor, EventLink, EventResource)


@transaction.atomic
def grant_web(role: str) -> None:
    """Give a role its rights on our tables, and take all others; to be repeated when tables have been migrated.

    Events can be inserted, and only with the number that the sequence gives. Raises IamError NoSuchEntity, or
    InvalidInput for a role that owns the tables or is a member of the one that does.
    """
    _check(role)
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
    read_only = {*(model._meta.db_table for model in _READ_ONLY), Event._meta.db_table}
    columns = [field.attname for field in Event._meta.concrete_fields if not field.primary_key]
    name = sql.Identifier(role)
    statements = [
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT INSERT, UPDATE, DELETE ON {} TO {}").format(
            _names(sorted(table for table in tables if table not in read_only)), name
        ),
        sql.SQL("GRANT INSERT ({}) ON iam_event TO {}").format(_names(columns), name),
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _names(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _check(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        if found is None:
            raise IamError("NoSuchEntity", f"The database role {role} cannot be found.")
        cursor.execute("SELECT pg_has_role(%s, relowner, 'MEMBER') FROM pg_class WHERE relname = 'iam_event'", [role])
        owner = cursor.fetchone()
    if found[0] or (owner and owner[0]):
        raise IamError("InvalidInput", f"The database role {role} owns the tables: nothing can be kept from it.")
