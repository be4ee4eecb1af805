"""Measure the help center's search at many articles: how fast it answers, what it holds, how long it takes to build.

    .venv/bin/python bench/search.py [FOLDER] [--articles 10000] [--questions 2000]

prints JSON lines. Articles are made up from a fixed seed (half Chinese, half English), or are the files of a folder.
The search function needs no database, so its figures stand beside a fixed piece of plain Python, not beside R: what
tells a slow machine, or a busy one, from slow code.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from articles import Maker, articles_of

from trustdesk.knowledge.index import Index

Metrics = dict[str, Any]

_SYNONYMS = [("提现", "提币", "withdrawal", "cash out"), ("充值", "充币", "deposit"), ("两步验证", "2FA", "two factor")]
_BARS = {"p99_ms": 10.0, "queries_per_second": 1_000}


def engine(given: argparse.Namespace) -> Metrics:
    """Measure the search function alone: one process, one thread, ten hits with snippets a question."""
    maker = Maker()
    before = _resident()
    documents = articles_of(given.folder, most=given.articles) if given.folder else list(maker.articles(given.articles))
    index = Index()
    start = time.perf_counter()
    index.replace(documents, synonyms=_SYNONYMS)
    built = time.perf_counter() - start
    changed = _median_ms([lambda one=one: index.update(put=[one]) for one in documents[:: len(documents) // 5 or 1]])
    characters = sum(len(one.title) + len(one.body) for one in documents)
    gc.collect()
    grown = _resident() - before
    questions = list(maker.questions(given.questions, articles=len(documents)))
    times: defaultdict[str, list[float]] = defaultdict(list)
    found = 0
    busy = time.process_time()
    for kind, text, languages in questions:
        start = time.perf_counter()
        found += bool(index.search(text, languages=languages, as_typed=kind == "typed").hits)
        times[kind].append((time.perf_counter() - start) * 1e3)
    busy = time.process_time() - busy
    everything = [one for kind in times.values() for one in kind]
    metrics: Metrics = {
        "articles": len(documents),
        "million_characters": round(characters / 1e6, 1),
        "index_seconds": round(built, 1),
        "update_ms": round(changed, 1),
        "memory_mb": round(grown / 1e6),
        "questions": len(questions),
        "found": round(found / len(questions), 3),
        "p50_ms": round(statistics.median(everything), 2),
        "p99_ms": _p99(everything),
        "queries_per_second": round(len(everything) * 1e3 / sum(everything)),
        "processor_ms": round(busy * 1e3 / len(questions), 2),
        "kinds": {
            kind: {"p50_ms": round(statistics.median(of), 2), "p99_ms": _p99(of)} for kind, of in sorted(times.items())
        },
        "reference_ms": round(_median_ms([_reference] * 20), 2),
    }
    metrics["bars"] = {
        name: {
            "got": metrics[name],
            "bar": bar,
            "met": metrics[name] <= bar if name.endswith("ms") else metrics[name] >= bar,
        }
        for name, bar in _BARS.items()
    }
    return metrics


def _reference() -> int:
    return sum(len(str(number)) for number in range(20_000))


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def _p99(times: Sequence[float]) -> float:
    return round(sorted(times)[int(len(times) * 0.99)], 2)


def _median_ms(works: Sequence[Any]) -> float:
    took = []
    for work in works:
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)


# A new part is one function above and one line here.
PARTS = {"engine": engine}


def main() -> None:
    """Run every part and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="articles as files, in place of made-up ones")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=2_000)
    parser.add_argument("--part", choices=sorted(PARTS), help="only this one")
    given = parser.parse_args()
    for name, part in PARTS.items():
        if given.part in (None, name):
            print(json.dumps({"bench": f"search {name}"} | part(given), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
