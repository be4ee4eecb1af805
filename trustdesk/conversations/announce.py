"""Tell whoever watches that something changed: hints only, after commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from trustdesk.realtime.bus import bus


def changed(
    at: Mapping[int, int],
    *,
    teams: Iterable[int | None],
    queues: Iterable[int | None] = (),
    opened: Mapping[str, int] | None = None,
) -> None:
    """Hint, once the transaction has committed, that conversations (id → seq) and the lists of teams changed.

    `opened`: outside thread → id of the conversation it points at from now on.
    """
    hints = {f"case:{conversation}": str(seq) for conversation, seq in at.items()}
    hints |= {f"team:{team}": "" for team in set(teams)}
    hints |= {f"queue:{team}": "" for team in set(queues)}
    hints |= {f"thread:{thread}": str(conversation) for thread, conversation in (opened or {}).items()}
    transaction.on_commit(lambda: bus.publish(hints))
