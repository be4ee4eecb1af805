"""How urgent a case is when it opens, and when its customer says more: `policy.priority` on what the batch holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from trustdesk.policy import alarm as words_of_alarm
from trustdesk.policy import evidence, priority
from trustdesk.policy.priority import Verdict
from trustdesk.policy.proof import Proof

# Worth a dollar each, so that an amount can be judged without a market.
_DOLLARS = frozenset("USD USDT USDC DAI FDUSD TUSD USDE PYUSD".split())
_LOSS = ("loss_now", "yes")  # the box of the form for break-ins


def judge(
    *,
    type_priority: int,
    tier: str,
    words: str,
    facts: Iterable[evidence.Fact],
    fields: Sequence[tuple[str, str]],
    proof: Proof,
) -> Verdict:
    """Judge a case that opens now; `words` and `fields` as stored, past the guard."""
    return priority.judge(
        priority.Case(type_priority, tier, _dollars(facts), timedelta(0), words, proof, loss_now=_LOSS in fields)
    )


def reasons(verdict: Verdict) -> list[dict[str, Any]]:
    """Return why, as an event keeps it; the type's own share is told by who chose it."""
    return [{"code": one.code, "params": dict(one.params)} for one in verdict.because if one.code != "type"]


def alarm(words: str) -> list[dict[str, Any]]:
    """Return the reason to put a case that is under way into the emergency lane, or nothing."""
    said = words_of_alarm.find(words)
    return [{"code": said.code, "params": {"said": said.words}}] if said else []


def _dollars(facts: Iterable[evidence.Fact]) -> Decimal | None:
    """Return the largest amount that is named in dollars."""
    found = []
    for fact in facts:
        if fact.kind == "amount" and fact.coin.upper() in _DOLLARS:
            try:
                found.append(Decimal(fact.value))
            except InvalidOperation:
                continue
    return max(found, default=None)
