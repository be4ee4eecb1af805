"""How urgent a case is, and why: its type, who asks, about how much, for how long already, and what the words say.

0 is the emergency lane, for money that is being taken while we read; 1 to 4 are the queue. Only the type of a request
and words (or the ticked box) that say so open the lane: no amount and no tier buys a place before a theft. Everything
else makes a case a step more urgent and never less, so a customer cannot lose by telling more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from trustdesk.policy import alarm
from trustdesk.policy.proof import Proof

EMERGENCY = "emergency"  # the lane of priority 0
LOWEST = 4


@dataclass(frozen=True)
class Scale:
    """What makes a case a step more urgent. Tiers by name in lower case and how many steps; amounts in US dollars and
    ages, each one step, reached or passed."""

    tiers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({"vip": 1, "institution": 1}))
    amounts: tuple[Decimal, ...] = (Decimal(10_000), Decimal(100_000))
    ages: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=3))


DEFAULT = Scale()


@dataclass(frozen=True)
class Case:
    """What is known of a case. ``age`` since the customer waits; ``words`` title and text, already guarded;
    ``loss_now``: the customer ticked that money is leaving right now."""

    type_priority: int  # 0 to 4, of the request type
    tier: str
    amount_usd: Decimal | None
    age: timedelta
    words: str
    proof: Proof
    loss_now: bool = False


@dataclass(frozen=True)
class Reason:
    """One reason, for the timeline. Codes: ``type`` (priority), ``tier`` (tier), ``amount`` (usd, from), ``age`` (hours,
    from), ``loss_now``, and for words ``being_taken``, ``was_taken``, ``not_authorised`` (said: the customer's words)."""

    code: str
    params: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """``priority`` 0 (now) to 4; ``lane`` is `EMERGENCY` with priority 0, else empty."""

    priority: int
    lane: str
    because: tuple[Reason, ...]


def judge(case: Case, *, scale: Scale = DEFAULT) -> Verdict:
    """Return how urgent a case is, with every reason that counted, the type's first.

    A tier counts only where the customer showed to be that customer (anyone can type a number); an amount that nobody
    proved counts one step at most.
    """
    priority = min(LOWEST, max(0, case.type_priority))
    because = [Reason("type", {"priority": str(priority)})]
    emergency = [Reason("loss_now", {})] if case.loss_now else []
    if said := alarm.find(case.words):
        emergency.append(Reason(said.code, {"said": said.words}))
    raised = list(_raised(case, scale))
    steps = sum(step for step, _ in raised)
    because += emergency + [reason for _, reason in raised]
    if emergency:
        priority = 0
    elif priority:
        priority = max(1, priority - steps)
    return Verdict(priority=priority, lane="" if priority else EMERGENCY, because=tuple(because))


def _raised(case: Case, scale: Scale) -> Iterator[tuple[int, Reason]]:
    steps = scale.tiers.get(case.tier.strip().lower(), 0)
    if steps > 0 and case.proof >= Proof.SESSION:
        yield steps, Reason("tier", {"tier": case.tier.strip()})
    usd = case.amount_usd
    passed = [amount for amount in sorted(scale.amounts) if usd is not None and usd.is_finite() and usd >= amount]
    if passed:
        steps = len(passed) if case.proof >= Proof.SESSION else 1
        yield steps, Reason("amount", {"usd": f"{usd:.0f}", "from": f"{passed[-1]:.0f}"})
    waited = [age for age in sorted(scale.ages) if case.age >= age]
    if waited:
        hours = [str(int(age / timedelta(hours=1))) for age in (case.age, waited[-1])]
        yield len(waited), Reason("age", {"hours": hours[0], "from": hours[1]})
