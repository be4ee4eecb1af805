"""Mail read where it can do no harm: in long-lived child processes, each limited in time and memory (N-17).

A bare start costs some 60 ms, so children are kept and replaced after a number of mails, or at once after a mail that
ended one. They are given no environment – it holds our keys – and cannot write files; what they answer is JSON, checked
field by field.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import orjson

from trustdesk.channels.adapters.email import confined_worker, wire
from trustdesk.channels.adapters.email.parsing import Unreadable
from trustdesk.channels.adapters.email.wire import Read

__all__ = ["Pool", "Read", "Unreadable"]

SECONDS = 30.0  # of wall time for one mail: six times the CPU it may use, for a busy machine
START_SECONDS = 30.0
MAILS = 1_000  # read by one child before it is replaced
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes of JSON
LARGEST_FILES = 200 * 1024 * 1024  # bytes of all files of a mail
_WORKER = Path(confined_worker.__file__)


class UnableToStart(Exception):
    """A child process could not be started; trying again helps once the machine has room."""


class Pool:
    """Up to `size` children that read mail. Safe to use from any number of threads: those for whom no child is free
    wait. Children start when they are first needed and end with `close` or with this process."""

    def __init__(self, *, size: int = 2) -> None:
        self._closed = False
        self._places: queue.LifoQueue[_Child | None] = queue.LifoQueue()  # the warmest child first
        for _ in range(size):
            self._places.put(None)
        self._size = size

    def read(
        self, raw: bytes, *, own_domain: str = "", loop_header: str = "", envelope_sender: str | None = None
    ) -> Read:
        """Read one mail; the options are those of `kinds.classify`.

        Raises Unreadable – ``too_complex`` where it took more than 5 s of CPU or 256 MB, ``broken`` where the child
        answered nonsense – after which the next mail is read by a fresh child; UnableToStart."""
        options = {"own_domain": own_domain, "loop_header": loop_header, "envelope_sender": envelope_sender}
        request = orjson.dumps(options)
        child = self._places.get()
        try:
            if self._closed:
                raise RuntimeError("this pool is closed")
            if child is not None and child.is_dead():
                child.end()
                child = None
            child = child or _Child()
            return child.read(struct.pack("!II", len(request), len(raw)) + request, raw)
        finally:
            if child is not None and child.is_over():
                child.end()
                child = None
            self._places.put(child)

    def close(self) -> None:
        """End all children; waits for mails being read."""
        self._closed = True
        for _ in range(self._size):
            child = self._places.get()
            if child is not None:
                child.end()
        for _ in range(self._size):
            self._places.put(None)  # whoever still waits is told that it is closed


class _Child:
    """One process, and the socket to it."""

    def __init__(self) -> None:
        self._mails = 0
        self._failed = False
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                # Isolated, writing no bytecode, and in a session of its own: a signal to our group is not for it.
                [sys.executable, "-I", "-B", str(_WORKER)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"MALLOC_ARENA_MAX": "1"},
                start_new_session=True,
            )
        except OSError as error:
            self._socket.close()
            raise UnableToStart from error
        finally:
            theirs.close()
        self._socket.settimeout(START_SECONDS)
        try:
            ready = self._taken(5, time.monotonic() + START_SECONDS)
        except (OSError, EOFError) as error:
            self.end()
            raise UnableToStart from error
        if ready != b"ready":
            self.end()
            raise UnableToStart

    def is_dead(self) -> bool:
        return self._process.poll() is not None

    def is_over(self) -> bool:
        return self._failed or self._mails >= MAILS

    def end(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def read(self, head: bytes, raw: bytes) -> Read:
        """Have one mail read. Raises Unreadable; the child is over where that was its end."""
        self._mails += 1
        deadline = time.monotonic() + SECONDS
        self._failed = True  # until it is known to have answered in full
        try:
            self._socket.settimeout(SECONDS)
            self._socket.sendall(head + raw if len(raw) < 65_536 else head)
            if len(raw) >= 65_536:
                self._socket.sendall(raw)
            (length,) = struct.unpack("!I", self._taken(4, deadline))
            if length > LARGEST_ANSWER:
                raise Unreadable("too_complex")
            plain = orjson.loads(self._taken(length, deadline))
            if isinstance(plain, dict) and "unreadable" in plain:
                code = plain["unreadable"]
                # After these the child goes on; after all others it has ended itself.
                self._failed = code not in ("empty", "too_many_parts")
                raise Unreadable(code if code in ("empty", "too_many_parts", "too_complex") else "broken")
            sizes = wire.sizes(plain)
            if sum(sizes) > LARGEST_FILES:
                raise Unreadable("too_complex")
            found = wire.unpacked(plain, [self._taken(size, deadline) for size in sizes])
        except (OSError, EOFError):  # closed, or no answer in time
            raise Unreadable("too_complex" if self._hit_a_limit() else "broken") from None
        except (wire.NotSound, orjson.JSONDecodeError):
            raise Unreadable("broken") from None
        self._failed = False
        return found

    def _hit_a_limit(self) -> bool:
        """Whether the child was ended by a signal, or is still at it; a crash of a decoder counts as well."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        code = self._process.returncode
        return code is None or code < 0 or code == 128 + signal.SIGXCPU

    def _taken(self, length: int, deadline: float) -> bytes:
        taken = bytearray(length)
        view, place = memoryview(taken), 0
        while place < length:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            count = self._socket.recv_into(view[place:])
            if not count:
                raise EOFError
            place += count
        return bytes(taken)
