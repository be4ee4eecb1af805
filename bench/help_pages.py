"""Reading the help center: article pages from what is kept and made anew, through the real server.

    .venv/bin/python bench/help_pages.py [--seconds 10] [--readers 8] [--folder FOLDER | --articles N]

Prints one JSON line per measurement. Server, database and readers share the machine. The articles are the starting pack's,
a folder's, or made up; each reader keeps one connection alive and asks for one page after the other, packed, in an order of its
own. To be made anew for every reader a page is asked for after somebody has published: a figure that changes is enough.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from tickets import Connection, connections
from world import World, world

from articles import write_folder  # isort: skip  # world has put the project on the path

ROUND = 1_000  # pages at most that one round asks for
BARS = {"kept": 25.0, "made": 150.0}  # p99, milliseconds


async def addresses(made: World) -> list[str]:
    """List all articles, from the sitemap."""
    async with connections(made, 1) as (connection,):
        found = re.findall(r"<loc>https?://[^/]+(/help/[^<]+)</loc>", (await connection.ask("GET", "/help/sitemap.xml")).body.decode())
    return [path for path in found if path.count("/") > 4]


async def reading(
    made: World, paths: list[str], *, readers: int, seconds: float, before: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Let readers read for some seconds; `before` is done again and again while they do."""
    times: list[float] = []
    seen: Counter[int] = Counter()
    sizes: list[int] = []
    end = time.perf_counter() + seconds

    async def reader(connection: Connection, chance: random.Random) -> None:
        while (at := time.perf_counter()) < end:
            answer = await connection.ask("GET", chance.choice(paths), Accept_Encoding="gzip")
            times.append(time.perf_counter() - at)
            seen[answer.status] += 1
            sizes.append(len(answer.body))

    async def publishing() -> None:
        while before is not None and time.perf_counter() < end:
            await asyncio.to_thread(before)
            await asyncio.sleep(1.0)

    async with connections(made, readers) as opened:
        chances = (random.Random(n) for n in range(readers))
        await asyncio.gather(publishing(), *map(reader, opened, chances))
    cuts = statistics.quantiles(times, n=1000)
    return {
        "pages_per_second": round(len(times) / seconds),
        "p50_ms": round(cuts[499] * 1000, 2),
        "p99_ms": round(cuts[989] * 1000, 2),
        "statuses": dict(seen),
        "median_bytes": round(statistics.median(sizes)),
    }


async def alone(made: World, paths: list[str], publish: Callable[[], None], *, readers: int) -> dict[str, Any]:
    """Ask for every page (of many, some) once after something was published, so that none is kept; drawings and sizes of pictures exist."""
    await asyncio.to_thread(publish)
    await asyncio.sleep(1.2)  # the server looks once a second
    begun = time.perf_counter()
    times = await asked_once(made, random.Random(len(paths)).sample(paths, min(len(paths), ROUND)), readers=readers)
    cuts = statistics.quantiles(times, n=100)
    return {
        "pages_per_second": round(len(times) / (time.perf_counter() - begun)),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
    }


async def asked_once(made: World, paths: list[str], *, readers: int) -> list[float]:
    """Ask for each of these pages once; return the seconds each took."""
    left, times = list(paths), []

    async def reader(connection: Connection) -> None:
        while left:
            path, at = left.pop(), time.perf_counter()
            await connection.ask("GET", path, Accept_Encoding="gzip")
            times.append(time.perf_counter() - at)

    async with connections(made, readers) as opened:
        await asyncio.gather(*map(reader, opened))
    return times


def say(what: str, **figures: Any) -> None:
    """Print one measurement."""
    print(json.dumps({"what": what, **figures}), flush=True)


def publisher() -> Callable[[], None]:
    """Return what makes the server believe that something was published."""
    from django.db import connection

    def publish() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO knowledge_figure (key, about, about_zh, value, value_zh) VALUES ('bench', '', '', %s, '')"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (str(time.time_ns()),),
            )

    return publish


async def run(made: World, options: argparse.Namespace) -> None:
    """Measure it all."""
    paths = await addresses(made)
    async with connections(made, 1) as (connection,):  # a server makes its search index when it starts
        assert (await connection.ask("GET", "/help/en/search?q=deposit")).status == 200
    for _ in range(2):  # sizes of pictures are made by the first who asks
        await reading(made, paths, readers=options.readers, seconds=3)
    publish = publisher()
    say("articles", count=len(paths), readers=options.readers)
    figures = [await alone(made, paths, publish, readers=options.readers) for _ in range(5)]
    worst = max(figures, key=lambda one: float(one["p99_ms"]))
    middle = statistics.median(float(one["p99_ms"]) for one in figures)
    say("made anew, every page once, the worst of five rounds", **worst, p99_ms_in_the_middle=middle, bar_ms=BARS["made"])
    some = random.Random(1).sample(paths, min(len(paths), ROUND))
    await asked_once(made, some, readers=options.readers)
    say("from what is kept", **await reading(made, some, readers=options.readers, seconds=options.seconds), bar_ms=BARS["kept"])
    busy = await reading(made, paths, readers=options.readers, seconds=options.seconds, before=publish)
    say("while somebody publishes every second", **busy)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--folder", default="", help="a folder of Markdown instead of the starting pack")
    parser.add_argument("--articles", type=int, default=0, help="so many made-up ones instead")
    options = parser.parse_args()
    with world() as made, TemporaryDirectory() as made_up:
        if options.articles:
            write_folder(Path(made_up), options.articles)
            options.folder = made_up
        made.manage("help_import", *([options.folder] if options.folder else []), "--examples")
        with made.serving():
            uvloop.run(run(made, options))


if __name__ == "__main__":
    main()
