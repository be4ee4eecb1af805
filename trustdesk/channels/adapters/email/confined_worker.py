"""Read mails one after the other: run as a script, in a process of its own, by `confined`.

Speaks over the socket that is its standard input. A request is 4 bytes, the length of a JSON object (own_domain,
loop_header, envelope_sender), 4 bytes, the length of the mail, and both; an answer is 4 bytes, the length of a JSON
object (`wire.packed`, or {"unreadable": code}), the object, and the contents of the files one after the other.

It limits itself before it looks at a single byte, and again for each mail: a decoder that is tricked into running for
ever, eating memory or crashing takes only this process with it. Of the project it loads the few modules that read mail
and none of what their package offers the rest: no settings, no network, no Django.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import sys
import types
from pathlib import Path

CPU_SECONDS = 5  # of one mail
MEMORY = 256 * 1024 * 1024  # bytes of address space
LIFETIME = 1_800  # CPU seconds in all, should anything stop the other clock
_HERE = Path(__file__).resolve().parent
_PACKAGE = "trustdesk.channels.adapters.email"


def limit() -> None:
    """Take from this process what reading mail does not need."""
    for what, most in (
        (resource.RLIMIT_CPU, LIFETIME),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),  # it cannot write a file
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(5)  # mail may wait, chats may not


def load() -> None:
    """Make the modules beside this one importable without running their packages' own code."""
    folder, name = _HERE, _PACKAGE
    while name:
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
        folder, name = folder.parent, name.rpartition(".")[0]


def serve(connection: socket.socket) -> None:
    """Answer requests until the other side closes."""
    import orjson

    from trustdesk.channels.adapters.email import kinds, parsing, quoting, wire

    connection.sendall(b"ready")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # from here on nothing hostile reaches a log
    while head := _received(connection, 8):
        options_length, length = struct.unpack("!II", head)
        options = orjson.loads(_received(connection, options_length))
        raw = _received(connection, length)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)  # its signal ends the process wherever it is
        contents: list[bytes] = []
        last = False
        try:
            letter = parsing.read(raw)
            kind = kinds.classify(letter, raw, **options)
            plain, contents = wire.packed(wire.Read(letter, kind, quoting.split(letter.text)))
            answer = orjson.dumps(plain)
        except parsing.Unreadable as failure:
            answer = orjson.dumps({"unreadable": failure.code})
        except (MemoryError, RecursionError):
            answer, last = b'{"unreadable":"too_complex"}', True
        except Exception:  # noqa: BLE001  whatever it is, it is this mail's: the raw bytes are kept and staff see it
            answer, last = b'{"unreadable":"broken"}', True
        if last:
            contents = []
        connection.sendall(struct.pack("!I", len(answer)) + answer)
        for content in contents:
            connection.sendall(content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if last:
            return


def _received(connection: socket.socket, length: int) -> bytes:
    """Read exactly so many bytes; b"" where the other side has closed."""
    taken = bytearray(length)
    view, place = memoryview(taken), 0
    while place < length:
        count = connection.recv_into(view[place:])
        if not count:
            return b""
        place += count
    return bytes(taken)


if __name__ == "__main__":
    limit()
    load()
    serve(socket.socket(fileno=0))
    os._exit(0)  # nothing of a mail gets to run in finalizers
