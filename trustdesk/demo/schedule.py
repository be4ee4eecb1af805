"""When everything in the demo world happens: fourteen days that end now, with quiet nights, rushes and a queue.

Nothing here is stored or random from one run to the next: the same cases always get the same two weeks.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from trustdesk.demo.screenplay import Play, Step, fill, invented

DAYS = 13.8  # a little less than the estimate looks back
SHORT = 130  # short chats beside the written cases
AT_DESK = 2  # agents of a team who take chats at one time
LONGEST_WAIT = timedelta(minutes=13)
_SEED = 20_26
_RUSH_HOURS = (1, 2, 3, 12, 13, 14)  # UTC: morning and evening in Asia
_CALM_HOURS = (0, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 18, 20, 22)
_COMMENTS = {
    "en": ("Quick and clear.", "Thanks, sorted in a minute.", "", "", "Friendly, and knew the answer.", ""),
    "zh-hans": ("回复很快，讲得清楚。", "", "解决了，谢谢。", "", "态度好，很专业。", ""),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: `play` is the place of the case in the list that was scheduled."""

    at: datetime
    play: int
    step: Step


def acts(plays: Sequence[Play], *, teams: Mapping[str, str], now: datetime) -> list[Act]:
    """Give every line of every case its moment, the oldest first; `teams`: which team a topic goes to."""
    random = Random(_SEED)
    drafts = []
    for number, play in enumerate(plays):
        offsets = _offsets(play, Random(f"{_SEED} {play.key}"))
        end = now - timedelta(hours=play.ago if play.ago is not None else _ago(play, random))
        drafts.append((end - offsets[-1], number, offsets))
    waits = _waits(plays, drafts, teams)
    made = [
        act
        for arrived, number, offsets in drafts
        for act in _timed(plays[number], number, arrived, offsets, waits.get(number))
    ]
    return sorted(made, key=lambda act: act.at)


def short_plays(
    texts: Sequence[tuple[str, str, str, tuple[str, ...]]], *, teams: Mapping[str, str], now: datetime
) -> list[Play]:
    """Make the chats of everyday business out of the written ones: the same questions, other coins, most in rushes."""
    random = Random(_SEED + 1)
    by_team = {team: [text for text in texts if teams[text[1]] == team] for team in {teams[text[1]] for text in texts}}
    made = []
    for number, (ago, place) in enumerate(_moments(now, random)):
        fitting = by_team[sorted(by_team)[place % len(by_team)]]
        locale, topic, agent, lines = fitting[number % len(fitting)]
        values = {name: random.choice(choices) for name, choices in _VALUES.items()} | invented(f"short {number}")
        steps = [Step("agent" if turn % 2 else "customer", fill(line, values)) for turn, line in enumerate(lines)]
        steps.append(Step("end") if random.random() < 0.55 else Step("resolve"))
        if random.random() < 0.5:
            score = random.choices((5, 4, 3, 2), (60, 28, 9, 3))[0]
            steps.append(Step("rate", f"{score} {random.choice(_COMMENTS[locale]) if score > 3 else ''}".strip()))
        uid = str(118_200 + 7 * number) if random.random() < 0.45 else ""
        made.append(Play(f"short-{number}", locale, topic, agent, tuple(steps), uid=uid, ago=ago))
    return made


_VALUES = {
    "coin": ("BTC", "ETH", "SOL", "XRP", "TON", "DOGE", "LTC", "ADA"),
    "pair": ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "TON/USDT", "LINK/USDT"),
    "amount": ("120", "350", "85", "1,000", "640", "2,400", "55"),
    "country": ("Singapore", "Malaysia", "Thailand", "Germany", "Portugal"),
}


def _moments(now: datetime, random: Random) -> list[tuple[float, int]]:
    """Choose how many hours ago each short chat ended, and a number for its team: those of a rush have the same."""
    moments: list[tuple[float, int]] = []
    while len(moments) < SHORT:
        rush = random.random() < 0.3
        hour = random.choice(_RUSH_HOURS if rush else _CALM_HOURS)
        day = now.replace(hour=hour, minute=random.randrange(60), second=random.randrange(60)) - timedelta(
            days=random.randrange(14)
        )
        ago, team = (now - day) / timedelta(hours=1), random.randrange(6)
        for _ in range(random.randint(5, 9) if rush else 1):
            moment = ago - random.uniform(0, 0.12)
            if 0.7 < moment < DAYS * 24 - 1 and len(moments) < SHORT:
                moments.append((moment, team))
    return moments


def _ago(play: Play, random: Random) -> float:
    """Choose how many hours ago the last line was, by how the case stands."""
    low, high = {
        "waiting": (0.04, 0.35),
        "open": (0.3, 2.5),
        "pending": (1.5, 30),
        "resolved": (1, 320),
        "closed": (1, 325),
    }[play.outcome]
    return random.uniform(low, high)


def _offsets(play: Play, random: Random) -> list[timedelta]:
    """Say when each line comes, counted from the first, if nobody waited for an agent."""
    at, offsets = timedelta(0), []
    for number, step in enumerate(play.steps):
        if step.kind == "later":
            at += timedelta(hours=float(step.text))
        elif number:
            at += timedelta(seconds=_pause(step, random))
        offsets.append(at)
    return offsets


def _pause(step: Step, random: Random) -> float:
    typing = len(step.text) * (0.3 if step.text.isascii() else 0.9)
    base = {
        "customer": 18,
        "agent": 14,
        "note": 25,
        "assign": 30,
        "ask_proof": 12,
        "prove": 55,
        "pend": 20,
        "resolve": 45,
        "end": 30,
        "rate": 25,
    }.get(step.kind, 15)
    return base * random.uniform(0.6, 1.7) + min(typing, 110)


def _waits(
    plays: Sequence[Play], drafts: Sequence[tuple[datetime, int, list[timedelta]]], teams: Mapping[str, str]
) -> dict[int, timedelta]:
    """Let the chats of each team queue for its agents, first come, first served; waits by place of the case."""
    waits: dict[int, timedelta] = {}
    free: dict[str, list[datetime]] = {}
    for arrived, number, offsets in sorted(drafts):
        if not plays[number].taken:
            continue
        random = Random(f"{_SEED} wait {plays[number].key}")
        desks = free.setdefault(teams[plays[number].topic], [arrived] * AT_DESK)
        next_free = heapq.heappop(desks)
        started = max(
            arrived + timedelta(seconds=random.uniform(8, 55)), next_free + timedelta(seconds=random.uniform(4, 20))
        )
        started = min(started, arrived + LONGEST_WAIT)
        busy = min(offsets[-1], timedelta(minutes=random.uniform(2.5, 5)))
        heapq.heappush(desks, max(started, next_free) + busy)
        waits[number] = started - arrived
    return waits


def _timed(
    play: Play, number: int, arrived: datetime, offsets: list[timedelta], wait: timedelta | None
) -> Iterator[Act]:
    """Yield the lines of one case: those of the agent, and all after them, move back by the wait for one."""
    late, taken = timedelta(0), False
    for step, offset in zip(play.steps, offsets, strict=True):
        if not taken and wait is not None and step.kind not in ("customer", "mail", "away", "later"):
            taken, late = True, max(timedelta(0), wait - offset)
            yield Act(arrived + offset + late, number, Step("take"))
        if step.kind != "later":
            yield Act(arrived + offset + late + timedelta(milliseconds=1), number, replace(step))
