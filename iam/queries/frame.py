"""Reading what stands around every page, in one statement: open changes, and how the reader likes the tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from iam.principals import Principal

# Counting stops here: the numbers are for people.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class MirrorRecord:
    """That an account is one in AWS: since when the mirror is like it, None while the first import goes on.

    `error` is why AWS is not spoken to just now, empty where it is.
    """

    as_of: datetime | None
    is_read_only: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """Preferences by area, how many changes of the account are on their way or failed, and whether its backend differs.

    The two counts together end at `MOST_COUNTED`. `mirror` is None but in an AWS account; `has_entrances` says whether
    the account of the person who signed in manages any.
    """

    preferences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    moving: int = 0
    failed: int = 0
    mirror: MirrorRecord | None = None
    has_entrances: bool = False
    is_drifting: bool = False


# Written out: every page begins with it, and as querysets it takes Django longer to compile than PostgreSQL to answer.
# The states are those of the partial index of open changes.
_STATEMENT = """
    SELECT
        (SELECT jsonb_object_agg(area, values) FROM iam_preference
         WHERE account_id = %(account)s AND principal_id = %(id)s),
        count(*) FILTER (WHERE state <> 'failed'),
        count(*) FILTER (WHERE state = 'failed'),
        (SELECT is_read_only FROM iam_connection WHERE account_id = %(account)s),
        (SELECT error_code FROM iam_connection WHERE account_id = %(account)s),
        (SELECT max(finished_at) FROM iam_inventory WHERE account_id = %(account)s AND state = 'done'),
        EXISTS (SELECT FROM iam_connection WHERE owner_id = %(home)s AND account_id IS NOT NULL),
        EXISTS (SELECT FROM iam_drift WHERE account_id = %(account)s AND NOT is_ignored)
    FROM (
        SELECT state FROM iam_change
        WHERE account_id = %(account)s AND state IN ('pending', 'applying', 'applied', 'failed')
        LIMIT %(most)s
    ) AS open
"""


def read_frame(principal: Principal, home: str = "") -> FrameRecord:
    """Return the frame of a principal's pages; the changes are those of everybody in the account.

    `home` is the account of the person who signed in, where that is another one.
    """
    with connection.cursor() as cursor:
        parameters: dict[str, str | int] = {
            "account": principal.account_id,
            "id": principal.unique_id,
            "most": MOST_COUNTED,
            "home": home or principal.account_id,
        }
        cursor.execute(_STATEMENT, parameters)
        preferences, moving, failed, is_read_only, error, as_of, has_entrances, is_drifting = cursor.fetchone()
    mirror = MirrorRecord(as_of, is_read_only, error or "") if principal.is_in_mirror else None
    known = json.loads(preferences) if preferences else {}
    return FrameRecord(known, moving, failed, mirror, has_entrances, is_drifting)
