#!/usr/bin/env python3
"""Measure how well the product does a task on files of real cases, and print a JSON line (search: one a corpus).

    bench/quality.py TASK FILE…

Files hold one JSON object a line; which fields a task reads is said at its function. Nothing is learned or kept from
them. Exits 2 where a file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from retrieval import search

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


def mail_parse(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure email.parsing.read on whole mails (raw_b64, expected: subject, from as [name, address] pairs, text,
    attachments). A mail is right when subject, From, text and the number of files all are.

    White space and control characters are ignored. Where a mail holds no text but HTML, the reference's text is that
    HTML and is compared with ours as sent. Where the reference gave up on a character (U+FFFD), any will do.
    """
    from trustdesk.channels.adapters.email import parsing

    right: Counter[str] = Counter()
    wrong: list[str] = []
    for number, row in enumerate(rows):
        expected = row["expected"]
        try:
            letter = parsing.read(base64.b64decode(row["raw_b64"]))
        except parsing.Unreadable:
            wrong.append(f"{row.get('id', number)}: unreadable")
            continue
        bodies = [letter.text, letter.html] if expected["text"] == expected.get("html") else [letter.text]
        senders = [(box.name, box.address) for box in letter.senders]
        wanted = [tuple(one) for one in expected["from"]]
        checks = {
            "subject": _alike(expected["subject"] or "", letter.subject),
            "from": len(wanted) == len(senders)
            and all(
                _alike(one[0] or "", name) and _alike(one[1] or "", address)
                for one, (name, address) in zip(wanted, senders, strict=True)
            ),
            "text": any(_alike(expected["text"], body) for body in bodies),
            "files": expected["attachments"] == len(letter.files),
        }
        right.update(name for name, good in checks.items() if good)
        right["all"] += all(checks.values())
        if not all(checks.values()):
            wrong.append(f"{row.get('id', number)}: {', '.join(name for name, good in checks.items() if not good)}")
    metrics: Metrics = {name: round(right[name] / len(rows), 4) for name in ("all", "subject", "from", "text", "files")}
    metrics["bars"] = {"all": {"got": metrics["all"], "bar": 0.95, "met": metrics["all"] >= 0.95}}
    return metrics | ({"wrong": wrong} if show else {})


def _alike(expected: str, got: str) -> bool:
    first, second = (re.sub(r"[\s\x00-\x1f]+", "", text) for text in (expected, got))
    if "\ufffd" not in first:
        return first == second
    return re.fullmatch(".{1,4}?".join(map(re.escape, re.split("\ufffd+", first))), second) is not None


def reply_text(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure email.quoting.split on replies (input, expected, kind: plain or html): right when what was said equals
    what was expected, white space ignored."""
    from trustdesk.channels.adapters.email import markup, quoting

    wrong = []
    for number, row in enumerate(rows):
        text = markup.to_text(row["input"]) if row["kind"] == "html" else row["input"]
        if "".join(quoting.split(text).said.split()) != "".join(row["expected"].split()):
            wrong.append(str(row.get("id", number)))
    share = round(1 - len(wrong) / len(rows), 4)
    metrics: Metrics = {"right": share, "bars": {"right": {"got": share, "bar": 0.80, "met": share >= 0.80}}}
    return metrics | ({"wrong": wrong} if show else {})


def mail_kind(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure email.kinds.classify on whole mails (raw_b64, kind: bounce, feedback, auto or human, and of bounces
    expected: per recipient status, code, reason, hard).

    ``machine`` is the share of machine mail taken for one, whichever; ``human`` of people's mail that stays theirs, also
    where it came over a list.
    ``hard``, ``status``, ``code`` and ``reason`` are shares of the recipients of bounces whose value is given; a
    status counts when class and subject are the same (5.1), or, where the reference made the detail up (5.0.9xx), the
    class.
    """
    from trustdesk.channels.adapters.email import kinds, parsing

    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong: list[str] = []

    def count(what: str, good: bool, row: str) -> None:
        seen[what] += 1
        right[what] += good
        if not good:
            wrong.append(f"{row}: {what}")

    for number, row in enumerate(rows):
        name = str(row.get("id", number))
        raw = base64.b64decode(row["raw_b64"])
        try:
            kind = kinds.classify(parsing.read(raw), raw)
        except parsing.Unreadable:
            wrong.append(f"{name}: unreadable")
            seen["unreadable"] += 1
            continue
        if row["kind"] == "human":
            count("human", kind.name in ("person", "list"), name)
            continue
        count("machine", kind.name not in ("person", "list"), name)
        seen[f"{row['kind']} as {kind.name}"] += 1
        if row["kind"] != "bounce":
            continue
        for place, one in enumerate(row["expected"] or []):
            got = kind.failures[min(place, len(kind.failures) - 1)] if kind.failures else None
            count(f"hard:{one['reason']}", bool(got and got.hard) == one["hard"], name)
            seen["hard"] += 1
            right["hard"] += bool(got and got.hard) == one["hard"]
            if one["status"]:
                depth = 1 if one["status"].split(".")[1] == "0" else 2
                status = got.status if got else ""
                count("status", status.split(".")[:depth] == one["status"].split(".")[:depth], name)
                seen["status_exact"] += 1
                right["status_exact"] += status == one["status"]
            if one["code"]:
                count("code", got is not None and got.code == one["code"], name)
            seen["reason"] += 1
            right["reason"] += got is not None and got.reason == one["reason"]
    shares = {what: round(right[what] / seen[what], 4) for what in seen if what in right or ":" in what}
    bars = {"machine": 0.995, "human": 0.99, "hard": 0.90, "status": 0.85}
    metrics: Metrics = {
        **{what: share for what, share in shares.items() if ":" not in what},
        "as": {what: total for what, total in sorted(seen.items()) if " as " in what or what == "unreadable"},
        "bars": {
            what: {"got": shares.get(what), "bar": bar, "met": None if what not in shares else shares[what] >= bar}
            for what, bar in bars.items()
        },
    }
    return metrics | ({"hard_by_reason": {w: s for w, s in shares.items() if ":" in w}, "wrong": wrong} if show else {})


def lookalike(rows: Sequence[Row], *, show: bool) -> Metrics:
    """Measure policy.official.lookalike on hosts (host, bad, target, official), given only the official domains of all rows.

    ``recall``: of bad hosts that are called look-alikes, ``recall_without_most`` of those not aimed at the most frequent
    target; ``alarms``: genuine hosts that are called so; ``aimed``: of the caught ones, those whose target was named.
    """
    from trustdesk.policy.official import Asked, Channel, Kind, judge

    domains = sorted({row["official"] for row in rows if row["bad"]})
    channels = [Channel(Kind.SITE, domain) for domain in domains]
    most = Counter(row["target"] for row in rows if row["bad"]).most_common(1)[0][0]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    begun = time.process_time()
    for row in rows:
        verdict = judge(Asked(Kind.SITE, row["host"].lower().rstrip(".")), channels)
        caught = verdict.answer == "lookalike"
        counts["bad" if row["bad"] else "genuine"] += 1
        counts["caught" if row["bad"] else "alarms"] += caught
        if row["bad"]:
            counts["others"] += row["target"] != most
            counts["others_caught"] += caught and row["target"] != most
            counts["aimed"] += caught and verdict.like == row["official"]
        if caught != row["bad"]:
            wrong.append(row["host"])
    metrics: Metrics = {
        "bad": counts["bad"],
        "recall": round(counts["caught"] / counts["bad"], 4),
        "recall_without_most": round(counts["others_caught"] / counts["others"], 4),
        "genuine": counts["genuine"],
        "alarms": counts["alarms"],
        "aimed": round(counts["aimed"] / counts["caught"], 4),
        "ms_a_host": round((time.process_time() - begun) / len(rows) * 1e3, 2),
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
TASKS: dict[str, Callable[..., Metrics]] = {
    "mask": mask,
    "duplicates": duplicates,
    "lookalike": lookalike,
    "mail_parse": mail_parse,
    "reply_text": reply_text,
    "mail_kind": mail_kind,
    "search": search,
}
CORPUS_BY_CORPUS = {"search"}  # a line for each NAME of NAME_docs.jsonl and NAME_queries.jsonl


def main(arguments: Sequence[str]) -> int:
    """Run one task; exit 2 with a message where a file cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--show", action="store_true", help="name the rows that went wrong")
    given = parser.parse_args(arguments)
    corpora: dict[str, list[Row]] = defaultdict(list)
    try:
        for path in given.files:
            corpus = path.stem.rpartition("_")[0] if given.task in CORPUS_BY_CORPUS else ""
            for line in filter(str.strip, path.read_text("utf-8").split("\n")):
                corpora[corpus].append(json.loads(line) | ({"corpus": corpus} if corpus else {}))
    except (OSError, ValueError) as error:
        parser.error(f"cannot read the rows: {error}")
    if not corpora:
        parser.error("the files hold no rows")
    for rows in corpora.values():
        metrics = TASKS[given.task](rows, show=given.show)
        print(json.dumps({"task": given.task, "rows": len(rows)} | metrics, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
