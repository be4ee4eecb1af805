"""Tell whoever watches that something changed: hints only, after commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from trustdesk.realtime.bus import bus


def changed(at: Mapping[int, int], *, teams: Iterable[int | None], queues: Iterable[int | None] = ()) -> None:
    """Hint, once the transaction has committed, that conversations (id → seq) and the lists of teams changed."""
    hints = {f"case:{conversation}": str(seq) for conversation, seq in at.items()}
    hints |= {f"team:{team}": "" for team in set(teams)}
    hints |= {f"queue:{team}": "" for team in set(queues)}
    transaction.on_commit(lambda: bus.publish(hints))
