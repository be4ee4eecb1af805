"""When a case is taken back from the agent who has it, so that no customer waits for somebody who is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Longer than what loses nobody: a desk is noted every 20 seconds, a page that lost its connection, or whose server was
# killed, tries again after half a minute at most, and a laptop takes some seconds to find its network. Shorter than the
# two minutes after which people believe that a chat is dead.
GRACE = timedelta(seconds=90)


class Because(StrEnum):
    """Why a case is taken back."""

    AWAY = "away"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class Held:
    """A case that is not over, in an agent's hands."""

    chat: bool
    waiting_since: datetime | None  # its customer has been waiting for an answer since; None: he is not
    given_at: datetime | None  # it was given to this agent; None: not on record


@dataclass(frozen=True)
class Holder:
    """The agent who has it."""

    active: bool
    seen_at: datetime | None  # last time that a page of his desk was open; None: never


def taken_back(held: Held, holder: Holder, *, watched_since: datetime | None, now: datetime) -> Because | None:
    """Say why the case goes back to its team; None: it stays where it is.

    From who no longer works here everything does, at once. From who is away a chat does whose customer waits, after `GRACE`;
    other cases are answered within hours, and their agent comes back. Nobody was away while nobody looked: absence counts from
    `watched_since`, since when desks have been watched without a break (None: they are not now). Nor before he was
    given the case: a lead who hands it to somebody not yet there is not overruled within seconds.
    """
    if not holder.active:
        return Because.DEACTIVATED
    if not held.chat or held.waiting_since is None or watched_since is None:
        return None
    known = (watched_since, holder.seen_at, held.given_at)
    return Because.AWAY if now - max(one for one in known if one is not None) >= GRACE else None
