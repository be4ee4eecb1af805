"""The place where journeys happen: the real server, the real worker and a database of their own, and ways to arrange it.

Playwright never shares a thread with the ORM: whatever touches the database runs in the town hall, a thread of its own.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import translation

from tests import world
from tests.processes import Process
from tests.staff import people
from trustdesk.channels import mailbox
from trustdesk.channels.mailbox import Letter
from trustdesk.config import database
from trustdesk.conversations import requests
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.exchange import demo as exchange
from trustdesk.exchange.sessions import read_keys
from trustdesk.realtime import jobs
from trustdesk.seams import clock
from trustdesk.staff.models import Agent
from trustdesk.staff.permissions import Seat

WATCH = "Watch"  # always on shift and never at a desk, so that deposits and accounts are staffed, and wait
PATIENCE = 15.0  # seconds anything may take on a busy machine before it counts as broken
T = TypeVar("T")


@dataclass
class Person:
    """An agent with what is needed to sign in; `secret` is that of the authenticator app, "" for a demo login."""

    seat: Seat
    mail: str
    name: str
    password: str
    secret: str


@dataclass
class Town:
    """One running Trustdesk. `hall` is the thread that may use the ORM."""

    url: str
    database: str
    var: Path
    processes: tuple[Process, ...]
    hall: ThreadPoolExecutor

    def do(self, act: Callable[[], T]) -> T:
        """Run something that uses the ORM, and return its result."""
        return self.hall.submit(act).result(timeout=60)

    def hire(self, name: str, *teams: str, on_shift: bool = True, capacity: int = 4, demo: bool = False,
             languages: tuple[str, ...] = ("en", "zh-hans")) -> Person:
        """Take on an agent: with an authenticator app, or (demo) with a password alone."""

        def hire() -> tuple[Seat, str, str]:
            unique = f"{name}-{secrets.token_hex(3)}"
            seat = world.agent(unique, *teams, on_shift=on_shift, capacity=capacity, languages=list(languages))
            person = Agent.objects.get(pk=seat.agent_id)
            person.display_name, person.public_name, person.is_demo = f"{name} Surname", name, demo
            person.set_password(people.PASSWORD)
            person.save(update_fields=["display_name", "public_name", "password", "is_demo"])
            return seat, person.email, "" if demo else people.give_totp(person)

        seat, mail, secret = self.do(hire)
        return Person(seat, mail, f"{name} Surname", people.PASSWORD, secret)

    def clear(self) -> None:
        """End all shifts and all chats: nobody of an earlier journey gives or gets anything in this one."""

        def clear() -> None:
            Agent.objects.exclude(public_name=WATCH).update(available=False)
            for case in Conversation.objects.exclude(status="closed").values_list("pk", flat=True):
                requests.end(conversation_id=case, now=clock.now())

        self.do(clear)

    def output(self) -> str:
        """Return what server and worker have printed so far."""
        return "\n".join(process.output() for process in self.processes)

    def stranger(self, *texts: str, topic: str = "deposit_missing") -> str:
        """Let somebody else write in; return the case number."""
        visitor = secrets.token_hex(8)

        def write() -> str:
            received = world.chat(*texts, visitor=visitor, topic=topic, now=clock.now())
            jobs.defer("conversations.assign")
            return received.reference

        return self.do(write)

    def pass_the_time(self, job: str) -> None:
        """Let what was put off become due now, instead of waiting for it; raises AssertionError where nothing was."""

        def bring_forward() -> int:
            with connections["default"].cursor() as cursor:
                cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = %s AND status = 'todo'", (job,))
                return int(cursor.rowcount)

        assert self.do(bring_forward) > 0, f"nothing was put off: {job}"
        self.do(lambda: jobs.defer("conversations.assign"))  # any job wakes the worker

    def texts(self, reference: str) -> list[tuple[str, str]]:
        """Return kind and text of every message and note of a case, in the order of its timeline."""

        def read() -> list[tuple[str, str]]:
            rows = Entry.objects.filter(conversation__reference=reference).exclude(kind="event")
            return [(row.kind, row.text) for row in rows.order_by("seq")]

        return self.do(read)

    def letters(self, to: str, *, subject: str = "") -> list[Letter]:
        """List what was mailed to an address, newest first."""
        return [one for one in mailbox.read(self.var / "mail") if to in one.to and subject in one.subject]

    def letter(self, to: str, *, having: str = "", besides: frozenset[str] = frozenset()) -> Letter:
        """Wait for a letter to this address that says something and was not there before."""
        return eventually(lambda: next(
            (one for one in self.letters(to) if having in one.text and one.name not in besides), None))

    def code_for(self, uid: str, *, besides: frozenset[str] = frozenset()) -> str:
        """Read the newest code from a demo customer's mail, as he would."""
        mail = next(one.mail for one in exchange.CUSTOMERS if one.uid == uid)
        found = eventually(lambda: re.search(r"\b\d{6}\b", self.letter(mail, besides=besides).text))
        return found[0]

    def session(self, uid: str) -> str:
        """Sign a session as the exchange would for its customer."""
        key = next(key for key in read_keys(settings.EXCHANGE_SESSION_KEY) if key.algorithm == "HS256")
        return exchange.sign_session(uid, now=datetime.now(UTC), key=key, audience=settings.EXCHANGE_AUDIENCE)

    def factor(self, uid: str) -> str:
        """Read the customer's authenticator app."""
        return exchange.current_code(uid, now=datetime.now(UTC))


def open_hall(url: str) -> ThreadPoolExecutor:
    """Start the thread that uses the ORM, on the database at `url`, without touching anybody else's connection."""
    hall = ThreadPoolExecutor(max_workers=1, thread_name_prefix="town-hall")

    def move_in() -> None:
        entry = deepcopy(connections["default"].settings_dict)
        entry.update({key: value for key, value in database.django_settings(url=url, pool_size=0).items() if key.isupper()})
        connections["default"] = DatabaseWrapper(entry, "default")
        world.fresh()

    hall.submit(move_in).result(timeout=30)
    return hall


def close_hall(hall: ThreadPoolExecutor) -> None:
    """Close the connection and end the thread."""
    hall.submit(lambda: connections["default"].close()).result(timeout=30)
    hall.shutdown()


def eventually(found: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
    """Ask until there is an answer; raises AssertionError when none comes. For what happens outside a browser."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return answer


def words(text: str, locale: str) -> str:
    """Say a text of ours in a language, as the pages would; the text itself where it is not translated."""
    with translation.override(locale):
        return translation.gettext(text)
