"""What every request asks of the interface's own tables: one statement each, which PostgreSQL keeps prepared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg.rows import namedtuple_row

FIND = """
SELECT id, name, secret_hash, scopes, per_minute, expires_at, revoked_at, last_used_at FROM api_apitoken WHERE prefix = %s
"""

BEGIN = """
INSERT INTO api_answeredrequest (token_id, key_hash, body_hash, answer, created_at) VALUES (%s, %s, %s, '', %s)
ON CONFLICT DO NOTHING RETURNING id
"""

BEGUN = """
SELECT id, body_hash, status, answer FROM api_answeredrequest WHERE token_id = %s AND key_hash = %s
"""

# A reference that is null opens nothing; an id that is null is no request's.
FINISH = """
WITH opened AS (
  INSERT INTO api_openedcase (caller, reference, handle_kind, handle, created_at)
  SELECT caller, reference, kind, value, at
  FROM (VALUES (%s::text, %s::text, %s::text, %s::text, %s::timestamptz)) AS v (caller, reference, kind, value, at)
  WHERE reference IS NOT NULL ON CONFLICT DO NOTHING
)
UPDATE api_answeredrequest SET status = %s, answer = %s WHERE id = %s AND status IS NULL RETURNING id
"""


def one(statement: LiteralString, parameters: Sequence[Any]) -> Any:
    """Run a statement; returns its first row with named fields, None where there is none. Raises errors of django.db."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection, row_factory=namedtuple_row)
        return cursor.execute(statement, parameters, prepare=True).fetchone()
