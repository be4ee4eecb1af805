"""The door in front of the emergency lane: it spares time, and must never spare an alarm."""

import random

import pytest

from trustdesk.policy import alarm
from trustdesk.policy.alarm_phrases import PHRASES


def test_no_alarm_waits_behind_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts without the words of an alarm are not read closely; that must never make a difference."""
    chance = random.Random(20)
    texts = [_worded(chance) for _ in range(2_000)]
    found = [alarm.find(text) for text in texts]
    assert sum(one is not None for one in found) > 1_000
    monkeypatch.setattr(alarm, "_possible", lambda words: True)
    assert [alarm.find(text) for text in texts] == found


def _worded(chance: random.Random) -> str:
    """Say one of the phrases, with some of the ways people write it."""
    said: list[str] = []
    for written in chance.choice([phrase for tag in alarm._ALARMS for phrase in PHRASES[tag]]).split():
        part = alarm._part(written)
        runs = [" ".join(run) for some in part.runs.values() for run in some]
        if (part.words or runs) and not (part.optional and chance.random() < 0.5):
            said.append(chance.choice(sorted([*part.words, *runs])))
    text = " ".join(said)
    for plain, short in (("did not", "didn’t"), ("i am", "i'm"), ("i have", "ive"), ("account", "acct"), ("is ", "'s ")):
        text = text.replace(plain, chance.choice((plain, short)))
    return chance.choice((text, text.upper(), f"hello, {text} 2 hours"))
