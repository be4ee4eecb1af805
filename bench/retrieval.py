"""How well the help center's search finds the one text that answers a question. A task of bench/quality.py."""

from __future__ import annotations

import math
import random
import re
import statistics
import time
from collections.abc import Sequence
from typing import Any

import opencc

Row = dict[str, Any]
Metrics = dict[str, Any]

_DEEPEST = 10  # results that count
_SEED = 20261128
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CONTENT_WORD = re.compile("[A-Za-z]{4,}")
# Words of four letters and more that are in every question; a slip in one of them would cost nothing.
_IN_EVERY_QUESTION = frozenset(
    "what when where which whom whose that this these those with from does have were been".split()
)
_BARS = {
    "cmrc-zh": {"mrr": 0.96},
    "drcd-zht": {"mrr": 0.93, "simplified.mrr": 0.92},
    "xquad-en": {"mrr": 0.96, "typo_lost": 0.05},
    "bitcoinorg-en": {"mrr": 0.65, "typo_lost": 0.05},
    "bitcoinorg-zh": {"mrr": 0.56},
}


def search(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure knowledge.index on one corpus: rows with a body (id, title, body) are the articles, rows with ``relevant``
    (id, text, relevant) the questions.

    ``mrr`` is the mean of 1 ÷ the rank of the first relevant text among ten, ``hit@n`` the share with one among the
    first n; ``ms_*`` are milliseconds of one question through the search function, snippets and all. Questions in
    Traditional Chinese are asked in Simplified as well. English ones are asked again with one slip each (a letter
    more, less, other, or two swapped, at any place of a random word of four letters or more that is not in every
    question; seed fixed): ``typo_lost`` is what that costs of ``mrr``.
    """
    from trustdesk.knowledge.index import Document, Index

    articles = [row for row in rows if "body" in row]
    questions = [row for row in rows if "relevant" in row]
    corpus = rows[0]["corpus"]
    index = Index()
    start = time.perf_counter()
    index.replace(
        Document(key=place, language="", title=row["title"] or "", headings=(), body=row["body"], words=())
        for place, row in enumerate(articles)
    )
    metrics: Metrics = {"corpus": corpus, "articles": len(articles), "seconds_to_index": _spent(start, digits=2)}
    names = [row["id"] for row in articles]
    texts = [row["text"] for row in questions]
    answers = [frozenset(row["relevant"]) for row in questions]

    def ask(texts: Sequence[str]) -> Metrics:
        ranks, times = [], []
        for text, relevant in zip(texts, answers, strict=True):
            start = time.perf_counter()
            hits = index.search(text, limit=_DEEPEST).hits
            times.append((time.perf_counter() - start) * 1e3)
            ranks.append(next((rank for rank, hit in enumerate(hits, 1) if names[hit.key] in relevant), math.inf))
        if show:
            missed = [str(row["id"]) for row, rank in zip(questions, ranks, strict=True) if rank > 1]
            metrics.setdefault("wrong", missed)
        return {
            "mrr": _mean([1 / rank for rank in ranks]),
            **{f"hit@{most}": _mean([float(rank <= most) for rank in ranks]) for most in (1, _DEEPEST)},
            "ms_p50": round(statistics.median(times), 2),
            "ms_p99": round(sorted(times)[int(len(times) * 0.99)], 2),
        }

    metrics |= ask(texts)
    simplified = [opencc.OpenCC("t2s").convert(text) for text in texts]
    if sum(one != text for one, text in zip(simplified, texts, strict=True)) > len(texts) / 2:
        metrics["simplified"] = ask(simplified)
    if "".join(texts).isascii() or sum(text.isascii() for text in texts) > len(texts) / 2:
        chance = random.Random(_SEED)
        metrics["typo"] = ask([_mistyped(text, chance) for text in texts])
        metrics["typo_lost"] = round(metrics["mrr"] - metrics["typo"]["mrr"], 4)
    metrics["bars"] = {
        name: {"got": got, "bar": bar, "met": got <= bar if name == "typo_lost" else got >= bar}
        for name, bar in _BARS.get(corpus, {}).items()
        for got in [_figure(metrics, name)]
    }
    return metrics


def _mistyped(text: str, chance: random.Random) -> str:
    words = [match for match in _CONTENT_WORD.finditer(text) if match[0].lower() not in _IN_EVERY_QUESTION]
    if not words:
        return text
    chosen = chance.choice(words)
    word, letter = chosen[0], chance.choice(_LETTERS)
    at = chance.randrange(len(word))
    slips = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]]
    if at:
        slips.append(word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])
    return text[: chosen.start()] + chance.choice(slips) + text[chosen.end() :]


def _figure(metrics: Metrics, name: str) -> float:
    found: Any = metrics
    for part in name.split("."):
        found = found[part]
    return float(found)


def _mean(figures: Sequence[float]) -> float:
    return round(statistics.fmean(figures), 4)


def _spent(start: float, *, digits: int) -> float:
    return round(time.perf_counter() - start, digits)
