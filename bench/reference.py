"""R, the measure that other figures are given as ratios to: durable transactions a second of plain psycopg.

One prepared statement inserts a case row and a message row and updates a counter; each is committed, with fsync on; two
client processes with eight asynchronous connections each; nothing else running. This file is R's only definition.

    .venv/bin/python bench/reference.py postgresql://role:password@host/database [--seconds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from threading import BrokenBarrierError
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

PROCESSES, CONNECTIONS = 2, 8
DURABLE = ("fsync", "synchronous_commit")
_START_SECONDS = 60  # for the processes to start and connect on a machine that is busy after all

_TABLES = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.cases (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, reference text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE {schema}.messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id bigint NOT NULL, body text NOT NULL,
  at timestamptz NOT NULL DEFAULT now());
CREATE TABLE {schema}.counters (id int PRIMARY KEY, n bigint NOT NULL);
INSERT INTO {schema}.counters SELECT id, 0 FROM generate_series(1, {counters}) AS id;
"""
_TRANSACTION = """
WITH opened AS (INSERT INTO {schema}.cases (reference) VALUES (%s) RETURNING id),
     said AS (INSERT INTO {schema}.messages (case_id, body) SELECT id, %s FROM opened)
UPDATE {schema}.counters SET n = n + 1 WHERE id = %s
"""
_BODY = "My withdrawal has been pending since yesterday, could you have a look please?"


class UnableToMeasure(Exception):
    """The database does not wait for the disk, so a figure from it would compare with nothing. Retrying is no use."""


def measure(dsn: str, seconds: float = 5) -> float:
    """Return R in transactions a second, measured for `seconds`.

    The role of `dsn` must be allowed to make a schema in the database; a scratch one is made and dropped again. Raises
    UnableToMeasure where fsync or synchronous_commit is not on, psycopg.Error where the database fails.
    """
    schema = f"reference_{secrets.token_hex(4)}"
    with psycopg.connect(dsn, autocommit=True) as link:
        _check_durable(link)
        tables = sql.SQL(_TABLES).format(schema=sql.Identifier(schema), counters=sql.Literal(PROCESSES * CONNECTIONS))
        link.execute(tables)
        try:
            context = multiprocessing.get_context("spawn")
            # All begin together: a client that came late would make R too small and every ratio to it too good.
            begin = context.Barrier(PROCESSES)
            with ProcessPoolExecutor(PROCESSES, context, initializer=_share, initargs=(begin,)) as pool:
                clients = [pool.submit(_client, dsn, schema, number, seconds) for number in range(PROCESSES)]
            _raise_the_cause([client.exception() for client in clients])
            rate = sum(client.result() for client in clients)
            _check_complete(link, schema)
            return rate
        finally:
            link.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def _check_durable(link: psycopg.Connection) -> None:
    for setting in DURABLE:
        row = link.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
        if row is None or row[0] != "on":
            raise UnableToMeasure(f"{setting} is {row and row[0]}, not on")


def _check_complete(link: psycopg.Connection, schema: str) -> None:
    counts = """
    SELECT (SELECT count(*) FROM {0}.cases), (SELECT count(*) FROM {0}.messages), (SELECT sum(n) FROM {0}.counters)
    """
    row = link.execute(sql.SQL(counts).format(sql.Identifier(schema))).fetchone()
    assert row is not None
    assert row[0] == row[1] == row[2], f"not every transaction did everything: {row}"


def _raise_the_cause(failures: list[BaseException | None]) -> None:
    """Raise what went wrong in a client, rather than that the other one waited for it in vain."""
    raised = [failure for failure in failures if failure is not None]
    for failure in sorted(raised, key=lambda failure: isinstance(failure, BrokenBarrierError)):
        raise failure


_begin: Barrier | None = None


def _share(begin: Barrier) -> None:
    # A barrier reaches a process only while it is started, not with its work.
    global _begin
    _begin = begin


def _client(dsn: str, schema: str, number: int, seconds: float) -> float:
    """Return the transactions a second of one client process."""
    assert _begin is not None
    try:
        return asyncio.run(_crowd(dsn, schema, number, seconds, _begin))
    except BaseException:
        _begin.abort()
        raise


async def _crowd(dsn: str, schema: str, number: int, seconds: float, begin: Barrier) -> float:
    statement = sql.SQL(_TRANSACTION).format(schema=sql.Identifier(schema)).as_bytes()
    links = [await psycopg.AsyncConnection.connect(dsn, autocommit=True) for _ in range(CONNECTIONS)]
    # Each connection counts in a row of its own: waiting for locks would measure the waiting.
    counters = range(number * CONNECTIONS + 1, (number + 1) * CONNECTIONS + 1)
    try:
        for link, counter in zip(links, counters, strict=True):
            await link.execute(statement, ("warm-up", _BODY, counter), prepare=True)
        begin.wait(_START_SECONDS)
        started = time.perf_counter()
        done = await asyncio.gather(
            *(
                _commit(link, statement, counter, started + seconds)
                for link, counter in zip(links, counters, strict=True)
            )
        )
        return sum(done) / (time.perf_counter() - started)
    finally:
        for link in links:
            await link.close()


async def _commit(link: psycopg.AsyncConnection, statement: bytes, counter: int, until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        await link.execute(statement, (f"K7M-{counter}-{done}", _BODY, counter), prepare=True)
        done += 1
    return done


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("dsn")
    options.add_argument("--seconds", type=float, default=5)
    chosen = options.parse_args()
    print(json.dumps({"reference": round(measure(chosen.dsn, chosen.seconds))}))
