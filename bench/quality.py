#!/usr/bin/env python3
"""Measure how well the product does a task on files of real cases, and print one JSON line.

    bench/quality.py TASK FILE…

Files hold one JSON object a line; which fields a task reads is said at its function. Nothing is learned or kept from
them. Exits 2 where a file cannot be read.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

Row = dict[str, Any]
Metrics = dict[str, Any]


def mask(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure policy.guard. Rows with ``secrets`` (text, secrets, kind) must lose every one of them, rows without
    (text, kind) must stay as they are. ``us_*`` are microseconds per text, the best of three runs each."""
    from trustdesk.policy import guard

    totals: Counter[str] = Counter()
    good: Counter[str] = Counter()
    named_as: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    times: list[float] = []
    for number, row in enumerate(rows):
        took = []
        for _ in range(3):
            start = time.process_time()
            masked = guard.mask(row["text"])
            took.append((time.process_time() - start) * 1e6)
        times.append(min(took))
        kind = row["kind"]
        secrets = row.get("secrets")
        group = f"{'masked' if secrets else 'changed'}:{kind}"
        totals[group] += 1
        named_as[group].update({finding.kind for finding in masked.found})
        right = not any(secret in masked.text for secret in secrets) if secrets else masked.text == row["text"]
        good[group] += right
        if not right:
            wrong.append(str(row.get("id", number)))

    def share(groups: Sequence[str], *, of_good: bool) -> float | None:
        count = sum(totals[group] for group in groups)
        hits = sum(good[group] for group in groups)
        return round((hits if of_good else count - hits) / count, 4) if count else None

    positive = [group for group in totals if group.startswith("masked:")]
    negative = [group for group in totals if group.startswith("changed:")]
    bip39 = [group for group in positive if group.startswith("masked:bip39")]
    bars = {
        "bip39": (share(bip39, of_good=True), 0.98),
        "xprv": (share(["masked:xprv"], of_good=True), 0.98),
        "wif": (share(["masked:wif"], of_good=True), 0.98),
        "hex-privkey": (share(["masked:hex-privkey"], of_good=True), 0.98),
        "changed": (share(negative, of_good=False), 0.01),
    }
    metrics: Metrics = {
        "secrets": sum(totals[group] for group in positive),
        "look_alikes": sum(totals[group] for group in negative),
        "masked": share(positive, of_good=True),
        "changed": share(negative, of_good=False),
        "bars": {
            name: {
                "got": got,
                "bar": bar,
                "met": None if got is None else (got <= bar if name == "changed" else got >= bar),
            }
            for name, (got, bar) in bars.items()
        },
        "kinds": {
            group.partition(":")[2]: {
                "rows": totals[group],
                group.partition(":")[0]: share([group], of_good=group in positive),
                "as": dict(named_as[group]),
            }
            for group in sorted(totals)
        },
        "us_mean": round(statistics.fmean(times), 2),
        "us_p50": round(statistics.median(times), 2),
        "us_p99": round(sorted(times)[int(len(times) * 0.99)], 2),
    }
    return metrics | ({"wrong": wrong} if show else {})


def duplicates(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure policy.similarity: each ticket (id, title, body, created, duplicates) asks the tickets before it.

    ``hit@n`` and ``mrr`` are of those with a known twin before them: an earlier twin among the first n, and the mean of
    1 ÷ its rank. An alarm is a ticket whose score passes the limit that one in twenty of the tickets without a known
    earlier twin pass; ``alarm_recall`` is the share of tickets whose twin itself passes it. ``ms_*`` are milliseconds
    of one question to all tickets.
    """
    from trustdesk.policy.similarity import Index

    ordered = sorted(rows, key=lambda row: _moment(row["created"]))
    places = {row["id"]: place for place, row in enumerate(ordered)}
    index = Index()
    ranks: list[float] = []
    twin_scores: list[float] = []
    alone: list[float] = []
    wrong: list[str] = []
    for place, row in enumerate(ordered):
        title, body = row["title"] or "", row["body"] or ""
        twins = {places[twin] for twin in row["duplicates"] if places.get(twin, place) < place}
        near = index.nearest(title, body, most=_DEEPEST if twins else 1)
        found = next(((rank, one.score) for rank, one in enumerate(near, 1) if one.id in twins), (math.inf, 0.0))
        if twins:
            ranks.append(found[0])
            twin_scores.append(found[1])
            wrong += [row["id"]] if found[0] > 5 else []
        else:
            alone.append(near[0].score if near else 0.0)
        index.add(place, title, body)
    if not ranks or not alone:
        sys.exit("the rows hold no twins, or nothing else")
    limit = statistics.quantiles(alone, n=20)[-1]
    times = [_milliseconds(index, row) for row in ordered[:: max(1, len(ordered) // 300)]]
    metrics: Metrics = {
        "asked": len(ranks),
        **{f"hit@{most}": _rounded(rank <= most for rank in ranks) for most in (1, 5, 20)},
        "mrr": _rounded(1 / rank for rank in ranks),
        "alarm_limit": round(limit, 4),
        "alarm_recall": _rounded(score > limit for score in twin_scores),
        "ms_p50": round(statistics.median(times), 2),
        "ms_p99": round(sorted(times)[int(len(times) * 0.99)], 2),
    }
    bars = {"hit@5": 0.74, "mrr": 0.55}
    metrics["bars"] = {
        name: {"got": metrics[name], "bar": bar, "met": metrics[name] >= bar} for name, bar in bars.items()
    }
    return metrics | ({"wrong": wrong} if show else {})


_DEEPEST = 100  # ranks beyond add less than a hundredth to the mean of 1 ÷ rank


def _moment(created: str) -> datetime:
    """Read a time as ISO 8601 or as issue trackers export it (30/Sep/21 17:20)."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return datetime.strptime(created, "%d/%b/%y %H:%M").replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(index: Any, row: Row) -> float:
    start = time.process_time()
    index.nearest(row["title"] or "", row["body"] or "")
    return (time.process_time() - start) * 1e3


def _rounded(shares: Iterable[float]) -> float:
    return round(statistics.fmean(shares), 4)


# A new task is one function above and one line here.
TASKS: dict[str, Callable[..., Metrics]] = {"mask": mask, "duplicates": duplicates}


def main(arguments: Sequence[str]) -> int:
    """Run one task; exit 2 with a message where a file cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--show", action="store_true", help="name the rows that went wrong")
    given = parser.parse_args(arguments)
    try:
        rows = [
            json.loads(line) for path in given.files for line in path.read_text("utf-8").splitlines() if line.strip()
        ]
    except (OSError, ValueError) as error:
        parser.error(f"cannot read the rows: {error}")
    if not rows:
        parser.error("the files hold no rows")
    print(
        json.dumps(
            {"task": given.task, "rows": len(rows)} | TASKS[given.task](rows, show=given.show), ensure_ascii=False
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
