"""Articles to offer before somebody asks people. Nothing is better than something that does not fit: an article about
another matter tells the reader that nobody listens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from trustdesk.knowledge import analysis, library, search
from trustdesk.knowledge.library import Library, Node
from trustdesk.policy import guard

LONGEST: Final = 4_000  # characters of a message that are read
_LOOKED_AT: Final = 20  # articles of a search: an editor's word may bring one further up

# Both were measured on the starting pack: see tests/knowledge/test_suggest.py. A score grows with the logarithm of how many
# articles there are, so the floor does, too: below it lies what shares no more than a common word with the question.
_FLOOR: Final = 1.6
_FLOOR_NAMED: Final = 1.1  # where an article is named with all that the question tells
_BESIDE_THE_BEST: Final = 0.5  # of the best article's score
_OF_THIS_FORM: Final = 1.3  # an editor has said that it belongs to this matter
# Of so many telling words of the question at least one has to be among those that an article is named with.
_TOLD_FOR_ONE: Final = 6

_PLACEHOLDER: Final = re.compile(r"\[••• [a-z_]{3,20}\]")
# Addresses, transaction ids, order numbers: they say which, not what.
_NUMBERED: Final = re.compile(
    r"https?://\S+|\S+@\S+|\b[0-9A-Za-z]{20,}\b|\b(?=[0-9A-Za-z_-]*\d{4})[0-9A-Za-z_-]{5,}\b|\b\d+\b"
)
# A greeting, an impatience, the wish for a person: none of them says what it is about.
_SMALL_TALK: Final = frozenset(
    "hello hi hey yo there good morning afternoon evening day dear sir madam team thanks thank thx please pls ok okay yes no "
    "yeah sure well just now still again anybody anyone somebody someone nobody agent human person real people operator "
    "representative staff support service customer help assist assistance need want wanna like speak talk chat call contact "
    "connect answer respond reply wait waiting test testing hear see know tell say ask question questions problem problems "
    "issue issues thing something anything urgent asap quick quickly fast bro man guys friend lol haha hmm doing going old "
    "name new one two three four five today time get got go come try tried a an the this that these those of to in on at for from "
    "by with as and or but else if is are was were be been being am do does did done has have had can could will would shall should "
    "may might must i me my we us our you your he she him his her they them their it its what whats which who whom whose when "
    "where wheres why how here so than then not no dont doesnt cant wont isnt im ive".split()
)
_SMALL_TALK_CHINESE: Final = re.compile(
    "您好|你好|在吗|在么|在不在|有人吗|有人在吗|有没有人|请问|想问一下|问一下|咨询一下|谢谢|多谢|感谢|麻烦|辛苦|人工|客服|机器人|转接|转"
    "|早上好|上午好|中午好|下午好|晚上好|今天|现在|好的|好吧|测试|哈+|嘿|嗨|喂|快点|尽快|赶紧|赶快|回复|回答|帮忙|帮我|帮助|帮|问题|名字"
    "|什么|怎么|怎样|为什么|如何|[的了是吗呢吧啊呀在和与我你他她它们这那哪谁想要请会能有没不就都也还很太]"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article that may answer. `url`: its address on this host."""

    id: int
    title: str
    summary: str
    url: str
    language: str


def suggest(text: str, *, language: str, limit: int = 3, request_type: str = "") -> tuple[Suggestion, ...]:
    """Return published articles that may answer what somebody writes, the best first; nothing where none fits.

    `request_type`: code of the form it is written in, whose articles come first. Any text may be given; none raises.
    """
    asked = _without_numbers(text)
    said = frozenset(_telling(asked))
    if not said or limit < 1:
        return ()
    tells = len(said) > 1 or asked == " ".join(text.split())  # "order 20251128": the word says no more than the number
    found = search.find(asked, language=language, limit=_LOOKED_AT)
    shelf = library.current()
    meant = said | frozenset(_telling(found.corrected)) | _alike(asked, shelf)
    fitting: list[tuple[float, Node]] = []
    for one in found.results:
        named = _named(one.node, shelf)
        score = one.score * (_OF_THIS_FORM if request_type and one.node.request_type == request_type else 1)
        least = (_FLOOR_NAMED if said <= named and tells else _FLOOR) * math.log1p(len(shelf.nodes))
        if score >= least and len(meant & named) * _TOLD_FOR_ONE >= len(said):
            fitting.append((score, one.node))
    fitting.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(_shown(node, shelf) for score, node in fitting[:limit] if score >= fitting[0][0] * _BESIDE_THE_BEST)


def published(ids: Iterable[int], *, among: Library) -> tuple[Suggestion, ...]:
    """Return those of these articles that readers can open, in this order, each once."""
    nodes = (among.nodes.get(id) for id in dict.fromkeys(ids))
    return tuple(_shown(node, among) for node in nodes if node is not None and node.article)


def in_language(ids: Iterable[int], *, among: Library, language: str) -> tuple[Suggestion, ...]:
    """Return these articles as `published` does, each in the reader's language where it exists in it."""
    nodes = (among.nodes.get(id) for id in ids)
    keys = dict.fromkeys(node.key for node in nodes if node is not None and node.article)
    return tuple(_shown(node, among) for key in keys if (node := among.by_key(key, language)) is not None)


def _without_numbers(text: str) -> str:
    masked = guard.mask(text[:LONGEST].replace("\0", " ")).text
    return " ".join(_NUMBERED.sub(" ", _PLACEHOLDER.sub(" ", masked)).split())[: search.LONGEST]


def _telling(text: str) -> Iterator[str]:
    """Yield the terms of a text that say what it is about."""
    for piece, run, _ in analysis.pieces(analysis.fold(text)):
        if run:
            yield from (
                term for part in _SMALL_TALK_CHINESE.split(piece) if len(part) > 1 for term in analysis.pairs(part)
            )
        elif len(piece) > 1 and piece.replace("'", "") not in _SMALL_TALK:
            yield from analysis.word_terms(piece)


def _alike(asked: str, shelf: Library) -> frozenset[str]:
    """Return the terms of words that mean the same as one in the question."""
    text = f" {analysis.fold(asked)} "
    groups = ([analysis.fold(word) for word in group] for group in shelf.synonyms)
    return frozenset(
        term
        for group in groups
        if any((f" {word} " if word.isascii() else word) in text for word in group)
        for word in group
        for term in _telling(word)
    )


def _named(node: Node, shelf: Library) -> frozenset[str]:
    """Return the terms of what an article is called, says of itself, and is to be found by."""
    names = "\n".join(
        (shelf.fill(node.title, node.language), shelf.fill(node.summary, node.language), *node.search_words)
    )
    return frozenset(analysis.terms(analysis.fold(names)))


def _shown(node: Node, shelf: Library) -> Suggestion:
    return Suggestion(
        node.id, shelf.fill(node.title, node.language), shelf.fill(node.summary, node.language), node.url, node.language
    )
