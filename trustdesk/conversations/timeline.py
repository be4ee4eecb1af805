"""The only place where a line is added to a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg

from trustdesk.conversations import statements


@dataclass(frozen=True, slots=True)
class Draft:
    """A line to be. `external_id` is the sender's own id; known ones are answered with the line they already made."""

    conversation_id: int
    inbox_id: int
    kind: str
    author: str
    visible: bool
    text: str = ""
    event: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None
    handle_id: int | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as stored; `known`: it was there before, and `reference` and `team_id` are those of its conversation."""

    conversation_id: int
    seq: int
    at: datetime
    text: str
    data: Mapping[str, Any]
    known: bool = False
    reference: str = ""
    team_id: int | None = None


def event(
    conversation_id: int,
    inbox_id: int,
    code: str,
    *,
    visible: bool,
    author: str = "system",
    agent_id: int | None = None,
    **data: Any,
) -> Draft:
    """Word an event of the timeline: a code with parameters."""
    return Draft(conversation_id, inbox_id, "event", author, visible, event=code, data=data, agent_id=agent_id)


def known(link: statements.Link, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Line]:
    """Find the lines that these (inbox, external id) already made. Ask under the row lock (`lock` does), or the answer may
    be old."""
    return _lines(_ask(link, keys)) if keys else {}


def _ask(link: statements.Link, keys: Sequence[tuple[int, str]]) -> psycopg.Cursor[Any]:
    return link.execute(statements.KNOWN, statements.columns(list(keys), 2))


def _lines(found: psycopg.Cursor[Any]) -> dict[tuple[int, str], Line]:
    return {
        (row.inbox_id, row.external_id): Line(
            row.conversation_id,
            row.seq,
            row.at,
            row.text,
            orjson.loads(row.data),
            known=True,
            reference=row.reference,
            team_id=row.team_id,
        )
        for row in found.fetchall()
    }


def append(
    link: statements.Link, drafts: Sequence[Draft], *, last_seq: dict[int, int], now: datetime
) -> list[Line]:
    """Append drafts in order, giving each conversation's next seq; `last_seq` is updated.

    The caller holds the row lock of every conversation named and has taken `last_seq` under it: that is what makes
    seq gapless. None of the drafts may be known already (see `known`).
    """
    rows, lines = [], []
    for draft in drafts:
        seq = last_seq[draft.conversation_id] = last_seq[draft.conversation_id] + 1
        lines.append(Line(draft.conversation_id, seq, now, draft.text, draft.data))
        rows.append(
            (
                draft.conversation_id,
                seq,
                draft.kind,
                draft.author,
                draft.agent_id,
                draft.handle_id,
                draft.inbox_id,
                draft.external_id,
                draft.text,
                draft.event,
                orjson.dumps(draft.data).decode(),
                draft.visible,
                now,
            )
        )
    if not rows:
        return []
    link.execute(statements.INSERT_ENTRIES, statements.columns(rows, 13))
    touched = sorted({draft.conversation_id for draft in drafts})
    link.execute(statements.ADVANCE, (touched, [last_seq[one] for one in touched], [now] * len(touched)))
    return lines


def lock(
    link: statements.Link, conversation_ids: Sequence[int], keys: Sequence[tuple[int, str]] = ()
) -> tuple[dict[int, Any], dict[tuple[int, str], Line]]:
    """Lock conversations in id order, so that two batches never wait for each other in a circle; return their rows by id,
    and the lines that `keys` (inbox, external id) already made, read once the locks are held."""
    rows = link.execute(statements.LOCK, (sorted(set(conversation_ids)),))
    found = _ask(link, keys) if keys else None
    return {row.id: row for row in rows.fetchall()}, _lines(found) if found else {}
