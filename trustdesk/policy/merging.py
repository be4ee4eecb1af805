"""Whether two cases may become one, and who has to agree.

A merge puts what one side says before whoever reads the other. So it needs one customer, and that he has shown in both
cases who he is: the same account, or the same mail address that is proved to be his. One browser, or an address that was
only typed, may be used by two people: then a second pair of eyes decides. Two customers are never put together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Identity = tuple[str, str]  # kind (uid or mail) and value of what was proved


class Fate(StrEnum):
    """What becomes of the wish to merge."""

    AT_ONCE = "at_once"
    FOUR_EYES = "four_eyes"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two cases; `verified`: the identities that its customer has proved in it."""

    case: int
    customer: int
    verified: frozenset[Identity] = frozenset()
    closed: bool = False
    merged: bool = False
    spam: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of it, and why: a code for the surfaces to word."""

    fate: Fate
    because: str


def decide(*, source: Side, target: Side) -> Decision:
    """Say whether `source` may go on in `target`: at once, after a colleague has agreed, or not at all."""
    if refused := _refused(source, target):
        return Decision(Fate.REFUSED, refused)
    if source.verified & target.verified:
        return Decision(Fate.AT_ONCE, "same_identity")
    return Decision(Fate.FOUR_EYES, "not_verified")


def _refused(source: Side, target: Side) -> str:
    """Return the first reason against it that nobody can set aside; "" for none."""
    against = {
        "itself": source.case == target.case,
        "merged": source.merged,
        "target_merged": target.merged,  # where that one went to, he can go by himself
        "merge_spam": source.spam or target.spam,
        "other_customer": source.customer != target.customer,
        "target_closed": target.closed,
    }
    return next((code for code, holds in against.items() if holds), "")
