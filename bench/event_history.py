"""A page of the event history among a million events, by each filter, against the same page among a thousand."""

import json
import tempfile
from pathlib import Path

from bench.ratios import Ratio
from tests.product import Product

EVENTS = 1_000_000
AT_MOST = 2

# Runs in the environment of the product. The links are the worker's but for their hashes, which would take minutes.
# Events of pages that read are 49 in 50.
FILL = """
import json, statistics, time
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from iam.queries.event_history import Wanted, list_events

def fill(account_id, count):
    with connection.cursor() as sql:
        sql.execute('''
            INSERT INTO iam_event (event_id, account_id, at, source, name, is_read_only, user_identity, source_ip,
                user_agent, request_id, resources, error_code, error_message)
            SELECT gen_random_uuid(), %s, now() - interval '90 days' * (1 - n / %s::float), 'iam.amazonaws.com',
                CASE WHEN n %% 50 = 0 THEN 'TagUser' ELSE (ARRAY['GetUser', 'ListUsers', 'GetRole'])[1 + n %% 3] END,
                n %% 50 <> 0, jsonb_build_object('type', 'IAMUser', 'userName', 'user-' || n %% 40,
                'principalId', 'AIDA' || n %% 40), '192.0.2.1', 'bench', gen_random_uuid(),
                jsonb_build_array(jsonb_build_object('ARN', 'arn:aws:iam::' || %s || ':user/target-' || n %% 20)),
                CASE WHEN n %% 10 = 0 THEN 'AccessDenied' ELSE '' END, ''
            FROM generate_series(1, %s) AS n''', [account_id, count, account_id, count])
        sql.execute('''
            INSERT INTO iam_eventlink (event_id, account_id, sequence, hash, at, is_read_only, name, source, actor,
                principal_id, access_key_id, error_code)
            SELECT id, account_id, row_number() OVER (ORDER BY id), '', at, is_read_only, lower(name), source,
                user_identity ->> 'userName', user_identity ->> 'principalId', '', lower(error_code)
            FROM iam_event WHERE account_id = %s''', [account_id])
        sql.execute('''
            INSERT INTO iam_eventresource (event_id, account_id, type, name, at, is_read_only)
            SELECT id, account_id, 'user', split_part(resources #>> '{0,ARN}', '/', 2), at, is_read_only
            FROM iam_event WHERE account_id = %s''', [account_id])

with connection.cursor() as sql:
    sql.execute(
        "INSERT INTO iam_eventcursor VALUES ('chain', 1e9) ON CONFLICT (reader) DO UPDATE SET position = 1e9"
    )
fill('111111111111', 1000)
fill('222222222222', COUNT)
with connection.cursor() as sql:
    sql.execute("ANALYZE iam_event, iam_eventlink, iam_eventresource")
now = timezone.now()
filters = {
    "no filter": Wanted(),
    "write events": Wanted(is_read_only=False),
    "who": Wanted(actor="user-7"),
    "who, write events": Wanted(actor="user-10", is_read_only=False),
    "event name": Wanted(name="GetUser"),
    "error code": Wanted(error_code="AccessDenied"),
    "resource": Wanted(resource="target-7", resource_type="user"),
    "a day long ago": Wanted(since=now - timedelta(days=60), until=now - timedelta(days=55)),
}
measured = {}
for name, wanted in filters.items():
    times = {"111111111111": [], "222222222222": []}
    for _ in range(60):
        for account_id, taken in times.items():
            began = time.perf_counter()
            assert list_events(account_id, wanted)
            taken.append(time.perf_counter() - began)
    measured[name] = [statistics.median(taken) for taken in times.values()]
print(json.dumps(measured))
"""


def main() -> list[Ratio]:
    """Measure in one database, in turns."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        product = Product(folder / "data")
        product.start()
        product.wait()
        try:
            printed = product.manage("shell", "-v", "0", "-c", FILL.replace("COUNT", str(EVENTS)))
        finally:
            product.stop()
    measured = json.loads(printed.splitlines()[-1])
    return [
        Ratio(f"events by {filter_name}, among {EVENTS:,}", many, "among 1,000", few, AT_MOST)
        for filter_name, (few, many) in measured.items()
    ]
