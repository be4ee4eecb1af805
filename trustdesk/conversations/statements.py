"""The hot statements: each handles a whole batch at once, whatever its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg.rows import namedtuple_row

RESOLVE = """
SELECT k.n - 1 AS n, h.id AS handle_id, h.customer_id, cu.tier, t.id AS thread_id, t.conversation_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS k (inbox, external, kind, value, n)
LEFT JOIN customers_handle h ON h.kind = k.kind AND h.value = k.value
LEFT JOIN customers_customer cu ON cu.id = h.customer_id
LEFT JOIN conversations_thread t ON t.inbox_id = k.inbox AND t.external = k.external
"""

SEEN = """
SELECT h.kind, h.value FROM unnest(%s::text[], %s::text[]) AS k (kind, value)
JOIN customers_handle h ON h.kind = k.kind AND h.value = k.value
"""

# NO KEY: an entry's foreign-key check elsewhere must not wait for us.
LOCK = """
SELECT id, reference, customer_id, inbox_id, type_id, team_id, assignee_id, status, locale, last_seq, queued_at,
       proof_level, proof_until, waiting_since, answer_to, answer_proved, priority, spam_at, merged_into_id
FROM conversations_conversation WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""

# LIMIT keeps the look into the index for each key: a plan kept from when the table was small would read all of it.
KNOWN = """
SELECT e.*, c.reference, c.team_id
FROM unnest(%s::bigint[], %s::text[]) AS k (inbox, external)
CROSS JOIN LATERAL (
  SELECT inbox_id, external_id, conversation_id, seq, at, text, data FROM conversations_entry
  WHERE inbox_id = k.inbox AND external_id = k.external LIMIT 1
) e
JOIN conversations_conversation c ON c.id = e.conversation_id
"""

INSERT_ENTRIES = """
INSERT INTO conversations_entry
  (conversation_id, seq, kind, author, agent_id, handle_id, inbox_id, external_id, text, event, data, visible, at)
SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
                     %s::text[], %s::text[], %s::jsonb[], %s::bool[], %s::timestamptz[])
"""

ADVANCE = """
UPDATE conversations_conversation c
SET last_seq = v.seq, updated_at = CASE WHEN v.at > c.updated_at + interval '5 seconds' THEN v.at ELSE c.updated_at END
FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS v (id, seq, at) WHERE c.id = v.id
"""

# A customer's message: he waits from now on, if he was not already waiting.
CUSTOMER_SPOKE = """
UPDATE conversations_conversation c
SET waiting_since = coalesce(c.waiting_since, v.at), status = v.status,
    resolved_at = CASE WHEN v.status = 'resolved' THEN c.resolved_at END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS v (id, at, status) WHERE c.id = v.id
"""

AGENT_SPOKE = """
UPDATE conversations_conversation c
SET waiting_since = NULL, answered_at = coalesce(c.answered_at, v.at),
    assignee_id = coalesce(c.assignee_id, v.agent), status = CASE WHEN c.status = 'waiting' THEN 'open' ELSE c.status END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS v (id, at, agent) WHERE c.id = v.id
"""

INSERT_CUSTOMERS = """
INSERT INTO customers_customer (name, locale, tier, created_at)
SELECT name, locale, '', at FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) WITH ORDINALITY AS v (name, locale, at, n)
ORDER BY n RETURNING id
"""

INSERT_HANDLES = """
INSERT INTO customers_handle (customer_id, kind, value, proof, proved_at, created_at)
SELECT customer, kind, value, proof, proved_at, at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[], %s::timestamptz[])
  WITH ORDINALITY AS v (customer, kind, value, proof, proved_at, at, n)
ORDER BY n RETURNING id
"""

INSERT_CONVERSATIONS = """
INSERT INTO conversations_conversation
  (reference, customer_id, inbox_id, type_id, team_id, status, priority, subject, locale, follows_id, queued_at, waiting_since,
   last_seq, customer_seq, agent_seq, rating_comment, answer_to, answer_proved, spam_at, proof_level, proof_how, created_at, updated_at)
SELECT reference, customer, inbox, type, team, 'waiting', priority, subject, locale, follows, queued_at, at,
       0, 0, 0, '', answer_to, answer_proved, spam_at, 0, '', at, at
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::bigint[],
            %s::timestamptz[], %s::text[], %s::bool[], %s::timestamptz[], %s::timestamptz[])
  WITH ORDINALITY AS v (reference, customer, inbox, type, team, priority, subject, locale, follows, queued_at, answer_to,
                        answer_proved, spam_at, at, n)
ORDER BY n RETURNING id
"""

POINT_THREADS = """
INSERT INTO conversations_thread (inbox_id, external, conversation_id)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])
"""

REPOINT_THREADS = """
UPDATE conversations_thread t SET conversation_id = v.conversation
FROM unnest(%s::bigint[], %s::bigint[]) AS v (id, conversation) WHERE t.id = v.id
"""

INSERT_EVIDENCE = """
INSERT INTO conversations_evidence (conversation_id, seq, kind, value, chain, coin, at)
SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT DO NOTHING
"""

INSERT_MAIL_PARTS = """
INSERT INTO conversations_mailpart
  (conversation_id, seq, sender, verdict, message_id, "to", cc, quoted, html, refused_files, payload_id)
SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], %s::text[], %s::text[],
                     %s::jsonb[], %s::bigint[])
"""

RAISE_PRIORITY = """
UPDATE conversations_conversation SET priority = 0 WHERE id = ANY(%s)
"""

INSERT_PROMISES = """
INSERT INTO conversations_promise (conversation_id, type_code, low, high, learned, made_at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::bool[], %s::timestamptz[])
"""

RAISE_PROOF = """
UPDATE conversations_conversation c SET proof_level = v.level, proof_until = v.until, proof_how = v.how
FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[]) AS v (id, level, until, how) WHERE c.id = v.id
"""

UPLOADED = """
SELECT a.key, h.kind, h.value FROM conversations_attachment a JOIN customers_handle h ON h.id = a.handle_id
WHERE a.key = ANY(%s) AND a.entry_id IS NULL AND a.state IN ('ready', 'held')
"""

CLAIM_UPLOADS = """
UPDATE conversations_attachment a SET conversation_id = e.conversation_id, entry_id = e.id
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::int[]) AS v (key, handle, conversation, seq)
JOIN conversations_entry e ON e.conversation_id = v.conversation AND e.seq = v.seq
WHERE a.key = v.key AND a.handle_id = v.handle AND a.entry_id IS NULL AND a.state IN ('ready', 'held')
RETURNING a.key
"""


class Link:
    """Django's connection, inside its transaction, for the statements of this module.

    Django's own cursor writes parameters into the text of a statement; here PostgreSQL keeps it prepared.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self.jobs: list[Callable[[], None]] = []  # to be queued at the end of the block, within its transaction

    def execute(self, statement: LiteralString, parameters: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Send a statement; rows come as named tuples. In a pipeline it has run once its rows are fetched, or at the end."""
        cursor = psycopg.Cursor(self._raw, row_factory=namedtuple_row)
        return cursor.execute(statement, parameters, prepare=True)


@contextmanager
def link(*, pipelined: bool = False) -> Iterator[Link]:
    """Open a link. `pipelined`: statements go out together and are waited for only where their rows are fetched; an
    error of one that returns none may show as late as at the end of the block."""
    connection.ensure_connection()
    raw = connection.connection
    one = Link(raw)
    with connection.wrap_database_errors, raw.pipeline() if pipelined else nullcontext():
        yield one
    for defer in one.jobs:
        defer()


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[str]:
    """Turn rows into the column arrays that unnest takes; `width` for when there are no rows.

    Written out as PostgreSQL reads arrays: at a fifth of what the driver takes for lists, and of one type whatever is in
    them, so that each statement is prepared once.
    """
    return [f"{{{','.join(map(_element, column))}}}" for column in zip(*rows, strict=True)] if rows else ["{}"] * width


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    if isinstance(value, int):  # true and false are some, too
        return str(value) if isinstance(value, bool) else str(int(value))
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    raise TypeError(f"no column holds a {type(value).__name__}")
