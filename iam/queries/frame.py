"""Reading what stands around every page, in one statement: open changes, and how the reader likes the tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from iam.principals import Principal

# Counting stops here: the numbers are for people.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """Preferences by area, and how many changes of the account are on their way or failed.

    The two counts together end at `MOST_COUNTED`.
    """

    preferences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    moving: int = 0
    failed: int = 0


# Written out: every page begins with it, and as querysets it takes Django longer to compile than PostgreSQL to answer.
# The states are those of the partial index of open changes.
_STATEMENT = """
    SELECT
        (SELECT jsonb_object_agg(area, values) FROM iam_preference
         WHERE account_id = %(account)s AND principal_id = %(id)s),
        count(*) FILTER (WHERE state <> 'failed'),
        count(*) FILTER (WHERE state = 'failed')
    FROM (
        SELECT state FROM iam_change
        WHERE account_id = %(account)s AND state IN ('pending', 'applying', 'applied', 'failed')
        LIMIT %(most)s
    ) AS open
"""


def read_frame(principal: Principal) -> FrameRecord:
    """Return the frame of a principal's pages; the changes are those of everybody in the account."""
    with connection.cursor() as cursor:
        parameters: dict[str, str | int] = {
            "account": principal.account_id,
            "id": principal.unique_id,
            "most": MOST_COUNTED,
        }
        cursor.execute(_STATEMENT, parameters)
        preferences, moving, failed = cursor.fetchone()
    return FrameRecord(json.loads(preferences) if preferences else {}, moving, failed)
