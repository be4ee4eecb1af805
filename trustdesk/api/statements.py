"""What requests ask of the interface's own tables: statements that PostgreSQL keeps prepared, most of them for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg.rows import namedtuple_row

FIND = """
SELECT id, name, secret_hash, scopes, per_minute, expires_at, revoked_at, last_used_at FROM api_apitoken WHERE prefix = %s
"""

# Those of a batch whose tokens are good at this moment, and what was answered before to requests with these keys.
GOOD = """
SELECT id FROM api_apitoken WHERE id = ANY(%s) AND revoked_at IS NULL AND expires_at > %s
"""

# LIMIT keeps the look into the index for each key: a plan kept from when the table was small would read all of it.
ANSWERED = """
SELECT r.* FROM unnest(%s::bigint[], %s::text[]) AS k (token, key)
CROSS JOIN LATERAL (
  SELECT token_id, key_hash, body_hash, status, answer FROM api_answeredrequest
  WHERE token_id = k.token AND key_hash = k.key AND status IS NOT NULL LIMIT 1
) r
"""

# A row without an answer is of an earlier release, which wrote it before the work was done.
ANSWER = """
INSERT INTO api_answeredrequest AS r (token_id, key_hash, body_hash, status, answer, created_at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::timestamptz[])
ON CONFLICT (token_id, key_hash) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer
  WHERE r.status IS NULL
RETURNING token_id
"""

OPENED = """
INSERT INTO api_openedcase (caller, reference, handle_kind, handle, created_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]) ON CONFLICT DO NOTHING
"""


def one(statement: LiteralString, parameters: Sequence[Any]) -> Any:
    """Run a statement; returns its first row with named fields, None where there is none. Raises errors of django.db."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection, row_factory=namedtuple_row)
        return cursor.execute(statement, parameters, prepare=True).fetchone()
