"""Names made to be taken for ours: which name of ours one resembles, and how.

A name is compared word by word (a host's labels, cut at hyphens) and whole, by what it looks like (`skeleton`). How far two
names are apart is a weighted edit distance: a doubled letter or two letters changed about is the slip that swindlers count
on and costs little, another first letter costs much ("finance" is one edit from "binance" and another word).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from trustdesk.policy.official.skeleton import latin, skeleton, visible

# Ways of resembling, the plainest first.
WITHIN, LETTERS, ENDING, WORDS, TYPO = "within", "letters", "ending", "words", "typo"
_RANK: Final = {how: rank for rank, how in enumerate((WITHIN, LETTERS, ENDING, WORDS, TYPO))}

SHORTEST: Final = 4  # of a name that anything can be said of
_INSIDE: Final = 6  # … that is looked for in the middle of longer words
_ROOM: Final = 0.2  # of a name's length may be changed
_LONG, _WIDER = 10, 0.24  # … of a long one, which nothing resembles by chance
_TIGHTER: Final = 0.12  # … within longer words, where chance has more places
# Second-level names under which countries register, so that the owner of a.co.uk is not taken to be "co.uk".
_REGISTRIES: Final = frozenset("ac co com edu go gov gob in info ltd me mil ne net nom or org plc sch".split())
# A name that is itself a word of the field says nothing alone.
_ORDINARY: Final = frozenset(
    "bitcoin block blockchain chain coin coins crypto currency digital ether ethereum exchange finance ledger market"
    " money pay secure token tokens trade trading trust vault wallet wallets example localhost".split()
)
_BAIT: Final = frozenset(
    "2fa account accounts airdrop airdrops api app apps auth authenticate authorize bonus claim claims client confirm connect"
    " customer desk event events free gift giveaway help helpdesk id info invest kyc live log login logon node official online"
    " pass password portal pro promo recover recovery refund reset restore reward rewards safe safety secure security service"
    " services session sign signin signup staff supp support swap sync team unlock update validate validation validator verify"
    " verification vip wallet wallets web www anquan denglu guanfang guanwang kefu renzheng yanzheng".split()
)
_SIMILAR: Final = frozenset(
    frozenset(pair)
    for pair in "ae ao ai au eo ei eu io iu ou ce co cg eo hn hb nm nu nr uv uy vw vy lt lf gq gy pq bd bp sz kx ck mw fz".split()
)
_SEPARATORS: Final = re.compile(r"[\W_]+")
_KEYS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Name:
    """A name of ours: as it is written, and the whole it stands for (a domain, or a handle)."""

    word: str
    whole: str


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Which of ours it resembles (`Name.whole`), and how: a code of this module."""

    whole: str
    how: str


def host_resembles(host: str, domains: Sequence[str], words: Sequence[str] = ()) -> Resemblance | None:
    """Say which of our `domains` a foreign host is made to be taken for. `words`: names of ours beside those in the domains.

    `host` in Unicode or in punycode; it must not be ours.
    """
    shown = visible(decoded(host)).removeprefix("www.")
    shortest_first = sorted(domains, key=len)
    if within := next((domain for domain in shortest_first if _contains_domain(shown, domain)), ""):
        return Resemblance(within, WITHIN)
    names = _names(tuple(shortest_first), tuple(words))
    return _best((name, _host_how(shown, name)) for name in names)


def word_resembles(word: str, names: Iterable[Name]) -> Resemblance | None:
    """Say which of our names an account's name is made to be taken for; it must not be one of them."""
    shown = visible(word)
    parts = [part for part in _SEPARATORS.split(shown) if part]
    return _best((name, _how(parts, Name(_SEPARATORS.sub("", name.word), name.whole))) for name in names)


def _best(judged: Iterable[tuple[Name, str]]) -> Resemblance | None:
    found = [Resemblance(name.whole, how) for name, how in judged if how]
    return min(found, key=lambda one: _RANK[one.how], default=None)


def decoded(host: str) -> str:
    """Return a host with its punycode labels written out (RFC 3492); one that is none stays."""
    return ".".join(map(_label, host.lower().rstrip(".").split(".")))


def encoded(host: str) -> str:
    """Return a host as name servers know it: in punycode where it has other letters than a to z."""
    return ".".join(
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in host.split(".")
    )


def owner(host: str) -> str:
    """Return the part of a host that somebody registered, as near as can be said without a list of all registries."""
    labels = host.split(".")
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3 if country else -2 :])


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


@lru_cache(maxsize=64)
def _names(domains: tuple[str, ...], words: tuple[str, ...]) -> tuple[Name, ...]:
    """Return the names that our domains carry, and the others; the whole of these is a domain that holds them, or the first."""
    named = [Name(owner(domain).partition(".")[0], domain) for domain in domains]
    for word in ("".join(visible(word).split()) for word in words):
        named.append(Name(word, next((domain for domain in domains if word in domain), (*domains, word)[0])))
    return tuple({name.word: name for name in reversed(named) if len(name.word) >= SHORTEST}.values())


def _contains_domain(host: str, domain: str) -> bool:
    """Say whether a whole domain of ours stands in the left of a foreign one, with its dots or with hyphens for them."""
    plain = latin(host)
    return any(re.search(rf"(?:^|[.-]){re.escape(form)}(?:[.-])", plain) for form in (domain, domain.replace(".", "-")))


def _host_how(host: str, name: Name) -> str:
    registered = owner(host).partition(".")[0]
    body = host[: host.rindex(owner(host)) + len(registered)]
    if body == name.word:
        return "" if name.word in _ORDINARY else ENDING
    parts = [part for part in re.split(r"[.-]+", body) if part]
    return _how(parts, name) or _like_whole(host, name)


def _like_whole(host: str, name: Name) -> str:
    """Compare with a domain of ours that reads as one name with its ending, such as example.market."""
    if len(name.whole.rpartition(".")[2]) < SHORTEST:
        return ""
    mark = skeleton(name.whole.replace(".", ""))
    forms = {host, host.rpartition(".")[0], owner(host), owner(host).partition(".")[0]}
    plain = [skeleton(re.sub(r"[.-]", "", form)) for form in forms]
    if mark in plain:
        return LETTERS
    return TYPO if any(mark in form or _near(form, mark) for form in plain) else ""


def _how(parts: Sequence[str], name: Name) -> str:
    """Compare a name of several words."""
    joined = "".join(parts)
    if name.word in _ORDINARY:
        if name.word in joined:  # nothing is said by the word itself, but by what goes with it
            left = [part for part in (part.replace(name.word, "").strip("0123456789") for part in parts) if part]
            return WORDS if left and all(part in _BAIT for part in left) else ""
    elif name.word in parts or name.word == joined:
        return WORDS
    mark = skeleton(name.word)
    looks = [skeleton(part) for part in parts]
    if mark in looks or mark == skeleton(joined):
        return LETTERS
    forms = parts if len(parts) == 1 else [*parts, joined]
    if how := next((how for form in forms if (how := _inside(form, name))), ""):
        return how
    return TYPO if any(_near(skeleton(form.strip("0123456789")), mark) for form in forms) else ""


def _near(look: str, mark: str) -> bool:
    room = _room(mark)
    return _distance(look, mark, room) <= room


def _room(mark: str) -> float:
    return len(mark) * (_ROOM if len(mark) < _LONG else _WIDER)


def _inside(text: str, name: Name) -> str:
    """Look for a name in the middle of a longer word."""
    if len(name.word) > SHORTEST and name.word in text and name.word not in _ORDINARY:
        rest = text.replace(name.word, "", 1).strip("0123456789")
        return WORDS if len(name.word) >= _INSIDE or not rest or rest in _BAIT else ""
    mark, look = skeleton(name.word), skeleton(text)
    if len(mark) < _INSIDE or len(look) <= len(mark) or name.word in text:
        return ""
    if mark in look:
        return LETTERS
    room = _TIGHTER * len(mark)
    return TYPO if _nearest(look, mark, room) <= room else ""


def _nearest(text: str, mark: str, room: float) -> float:
    """Return how far the nearest stretch of a text is from a mark."""
    slack = int(room)
    best = room + 1
    for start in range(len(text)):
        for length in range(len(mark) - slack, len(mark) + slack + 2):
            if start + length <= len(text):
                best = min(best, _distance(text[start : start + length], mark, room))
    return best


@lru_cache(maxsize=65_536)
def _distance(one: str, other: str, room: float) -> float:
    """Return the weighted edit distance (Damerau, adjacent letters changed about), or more than `room` where it is farther."""
    if abs(len(one) - len(other)) * 0.4 > room:
        return room + 1
    before: list[float] = []
    row = [float(n) for n in range(len(other) + 1)]
    for i, a in enumerate(one, start=1):
        earlier, before, row = before, row, [float(i)]
        for j, b in enumerate(other, start=1):
            doubled = i > 1 and one[i - 2] == a
            dropped = j > 1 and other[j - 2] == b
            cost = min(
                before[j] + (0.4 if doubled else 1.0),
                row[j - 1] + (0.4 if dropped else 1.0),
                before[j - 1] + _exchange(a, b, first=i == 1 or j == 1),
            )
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, earlier[j - 2] + 0.6)
            row.append(cost)
        if min(row) > room:
            return room + 1
    return row[-1]


def _exchange(a: str, b: str, *, first: bool) -> float:
    if a == b:
        return 0.0
    cost = 0.6 if frozenset((a, b)) in _SIMILAR else 0.8 if _adjacent(a, b) else 1.2
    return cost + (0.5 if first else 0.0)


def _adjacent(a: str, b: str) -> bool:
    return any(a in row and b in row and abs(row.index(a) - row.index(b)) == 1 for row in _KEYS)
