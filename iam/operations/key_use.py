"""Noting when, for what and from where an access key was used last."""

from django.db import connection

# One statement in a transaction of its own, which does not wait for the disk: a crash of the machine may cost the
# last fraction of a second of it. Whoever holds the key's row just now changes the key: the use is noted another time.
_NOTE = """
    WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true)),
    free AS (SELECT id FROM iam_accesskey, relaxed WHERE id = %s FOR UPDATE OF iam_accesskey SKIP LOCKED)
    UPDATE iam_accesskey SET last_used_at = now(), last_used_service = %s, last_used_region = %s
    FROM free WHERE iam_accesskey.id = free.id
"""


def record(access_key_id: str, service: str, region: str) -> None:
    """Note a use of a key; callers ask `Key.is_use_due` before, so that not every request writes."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [access_key_id, service, region])
