"""The wire of the IMAP client (RFC 9051 and 3501): lines, literals and answers, each bounded in size and in time.

Written here because the ready-made clients rest on `imaplib`, which reads any literal a server announces into memory,
knows no limit for a whole command, and takes a connection that was cut in IDLE for one on which nothing happens."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_SLICE = 0.25  # seconds between two looks at whether to go on
_LONGEST_LINE = 4_000_000  # bytes; an answer to SEARCH is one line
_MOST_LITERALS = 50  # of one response; we ask for one
_LITERAL = re.compile(rb"~?\{([0-9]{1,12})\+?\}$")
_LINE = re.compile(rb"(?P<tag>\*|[A-Z][0-9]+) (?:(?P<number>[0-9]{1,10}) )?(?P<name>[A-Za-z0-9.-]+)(?: (?P<rest>.*))?", re.DOTALL)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DATE = re.compile(r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)
_STATUS = (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH")
_CODE = re.compile(rb"\[([A-Za-z0-9-]+)(?: ([^\]]*))?\]")
_TOKEN = re.compile(rb' *(?:(?P<mark>[()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<atom>(?:[^ ()"\[]|\[[^\]]*\])+))', re.DOTALL)


class ImapFailed(Exception):
    """Something that did not work at the mail server.

    `reason` is a code: ``address_…``, ``dns``, ``connect``, ``tls``, ``certificate``, ``no_starttls``, ``timeout``,
    ``cut``, ``bye``, ``protocol``, ``too_large``, ``auth``, ``oauth_…``, ``later``, ``folder``, ``no_uids``,
    ``uidvalidity``, ``read_only``, ``refused``. `permanent` says that it stays so until a person changes something,
    here or there."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class Stopped(Exception):
    """Raised out of a wait: whoever asked does not want to go on."""


@dataclass(frozen=True)
class Response:
    """One response of the server. `name` is in upper case; `code` and `argument` are those in square brackets
    (``[UIDNEXT 4392]``); `texts` and `literals` alternate, beginning with a text."""

    tag: bytes
    name: bytes
    number: int
    code: bytes
    argument: bytes
    texts: tuple[bytes, ...]
    literals: tuple[bytes, ...]

    def items(self) -> dict[bytes, bytes]:
        """Read the answer to FETCH: item names in upper case, with the values that are strings or numbers, not NIL. Raises
        ImapFailed (``protocol``)."""
        tokens = self._tokens()
        if next(tokens, None) != (b"(", False):
            raise ImapFailed("protocol", permanent=False)
        found: dict[bytes, bytes] = {}
        depth, name = 1, b""
        for token, is_string in tokens:
            if not is_string and token in (b"(", b")"):
                depth += 1 if token == b"(" else -1
                if depth == 1:
                    name = b""  # a list was the value: none that we asked for
                if depth == 0:
                    return found
            elif depth == 1 and not name:
                name = token.upper()
            elif depth == 1:
                if is_string or token != b"NIL":
                    found[name] = token
                name = b""
        raise ImapFailed("protocol", permanent=False)

    def _tokens(self) -> Iterator[tuple[bytes, bool]]:
        for index, text in enumerate(self.texts):
            at = 0
            while at < len(text.rstrip(b" ")):
                found = _TOKEN.match(text, at)
                if not found:
                    raise ImapFailed("protocol", permanent=False)
                at = found.end()
                quoted = found["quoted"]
                if quoted is not None:
                    yield re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL), True
                else:
                    yield found["mark"] or found["atom"], False
            if index < len(self.literals):
                yield self.literals[index], True


class Wire:
    """One connection. `timeout` seconds may pass without a byte, `total` with waiting for one command. `tick` is called
    several times a second while waiting; once it says False, the wait ends with Stopped."""

    def __init__(self, sock: socket.socket, *, timeout: float, total: float, tick: Callable[[], bool]) -> None:
        self._sock = sock
        self._timeout = timeout
        self._total = total
        self._tick = tick
        self._left = total
        self._buffer = bytearray()
        self._number = 0

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on inside TLS. What came in the clear behind the server's OK would be taken for an answer of the secured
        server (CVE-2021-33515 and its kin), so there must be none. Raises ssl.SSLError, OSError, ImapFailed."""
        if self._buffer:
            raise ImapFailed("tls", permanent=False)
        self._sock.settimeout(self._timeout)
        self._sock = context.wrap_socket(self._sock, server_hostname=host)

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def command(self, line: bytes) -> bytes:
        """Send a command, begin to count its time, and return its tag."""
        self._number += 1
        tag = b"T%d" % self._number
        self._left = self._total
        self.send(tag + b" " + line + b"\r\n")
        return tag

    def send(self, data: bytes) -> None:
        """Send bytes; raises ImapFailed (``cut``, ``timeout``)."""
        try:
            self._sock.settimeout(self._timeout)
            self._sock.sendall(data)
        except TimeoutError:
            raise ImapFailed("timeout", permanent=False) from None
        except OSError:
            raise ImapFailed("cut", permanent=False) from None

    def wait(self, seconds: float) -> bool:
        """Say whether something comes within so many seconds. Waiting of this kind costs the command no time."""
        deadline = time.monotonic() + seconds
        while not self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._receive(min(left, _SLICE))
        return True

    def response(self, *, largest: int = 100_000) -> Response:
        """Read one response whose literals have at most `largest` bytes. A continuation (``+``) has the tag ``+``.
        Raises ImapFailed (``cut``, ``timeout``, ``protocol``, ``too_large``) or Stopped."""
        line = self._line()
        if line.startswith(b"+"):
            return Response(b"+", b"", 0, b"", b"", (line[2:],), ())
        found = _LINE.fullmatch(line)
        if not found:
            raise ImapFailed("protocol", permanent=False)
        name = found["name"].upper()
        rest = found["rest"] or b""
        if name in _STATUS:  # what follows is for people, whatever it ends in
            code = _CODE.match(rest)
            return Response(
                found["tag"], name, 0, code[1].upper() if code else b"", (code[2] or b"") if code else b"", (rest,), ()
            )
        texts: list[bytes] = []
        literals: list[bytes] = []
        while size := _LITERAL.search(rest):
            if int(size[1]) > largest or len(literals) == _MOST_LITERALS:
                raise ImapFailed("too_large", permanent=False)
            texts.append(rest[: size.start()])
            literals.append(self._exactly(int(size[1])))
            rest = self._line()
        return Response(found["tag"], name, int(found["number"] or 0), b"", b"", (*texts, rest), tuple(literals))

    def _line(self) -> bytes:
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > _LONGEST_LINE:
                raise ImapFailed("too_large", permanent=False)
            self._need()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._need()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _need(self) -> None:
        """Wait for the next bytes within what is left of the command's time."""
        until = time.monotonic() + min(self._timeout, self._left)
        while True:
            started = time.monotonic()
            if started >= until:
                raise ImapFailed("timeout", permanent=False)
            arrived = self._receive(min(_SLICE, until - started))
            self._left -= time.monotonic() - started
            if arrived:
                return

    def _receive(self, seconds: float) -> bool:
        """Read what there is, waiting for it no longer than so many seconds; says whether anything came."""
        if not self._tick():
            raise Stopped
        try:
            self._sock.settimeout(max(seconds, 0.001))
            data = self._sock.recv(65_536)
        except TimeoutError:
            return False
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            raise ImapFailed("cut", permanent=False) from None
        if not data:
            raise ImapFailed("cut", permanent=False)
        self._buffer += data
        return True


def sequence_set(uids: Sequence[int]) -> bytes:
    """Write UIDs as a sequence set, runs as ranges: a command line is short (RFC 2683, 3.2.1.5)."""
    parts: list[list[int]] = []
    for uid in uids:
        if parts and uid == parts[-1][1] + 1:
            parts[-1][1] = uid
        else:
            parts.append([uid, uid])
    return b",".join(b"%d:%d" % (first, last) if last > first else b"%d" % first for first, last in parts)


def integer(items: dict[bytes, bytes], name: bytes) -> int:
    """Read a number of an answer to FETCH; 0 where there is none."""
    value = items.get(name, b"")
    return int(value) if value.isdigit() and len(value) < 20 else 0


def internal_date(items: dict[bytes, bytes]) -> datetime | None:
    """Read INTERNALDATE of an answer to FETCH; None where there is none or it is nonsense."""
    found = _DATE.fullmatch(items.get(b"INTERNALDATE", b"").decode("ascii", "replace"))
    if not found or found[2].title() not in _MONTHS:
        return None
    try:
        away = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == "-" else 1)
        day, year, hour, minute, second = (int(found[n]) for n in (1, 3, 4, 5, 6))
        return datetime(year, _MONTHS.index(found[2].title()) + 1, day, hour, minute, second, tzinfo=timezone(away))
    except ValueError:
        return None


def quoted(text: str) -> bytes:
    """Write a quoted string; raises UnicodeEncodeError for what has none."""
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", text.replace("\r", "").replace("\n", "").encode("ascii")) + b'"'


def folder_name(name: str) -> str:
    """Write a folder's name in modified UTF-7 (RFC 3501, 5.1.3)."""

    def shift(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        return "&" + base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"&|[^\x20-\x7e]+", shift, name)
