"""An IMAP server that says exactly what a test wants: the strange, the broken and the hostile."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answers = dict[str, "bytes | list[bytes] | Callable[[Talk, bytes], None]"]


class Talk:
    """One connection, server side."""

    def __init__(self, peer: socket.socket, asked: list[str]) -> None:
        self.peer = peer
        self.asked = asked
        self._left = b""

    def line(self) -> bytes:
        """Read a line; raises ConnectionError when the client has gone."""
        while b"\r\n" not in self._left:
            more = self.peer.recv(65536)
            if not more:
                raise ConnectionError
            self._left += more
        line, _, self._left = self._left.partition(b"\r\n")
        self.asked.append(line.decode())
        return line

    def say(self, data: bytes) -> None:
        self.peer.sendall(data)


class Scripted:
    """`answers` maps the beginning of a command (without its tag) to what is said before ``<tag> OK``, to a list of such
    (one for each time, the last for ever), or to a function; an answer that has ``TAG`` in it is sent as it is."""

    def __init__(self, answers: Answers, *, greeting: bytes = b"* OK ready\r\n") -> None:
        self._answers = {**_PLAIN, **answers}
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peers: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        self.asked: list[str] = []
        self.visits = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def count(self, command: str) -> int:
        """Return how often a command was given."""
        return sum(bool(re.fullmatch(rf"T\d+ {re.escape(command)}.*", line)) for line in self.asked)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            self.visits += 1
            self._peers.append(peer)
            threading.Thread(target=self._talk, args=(Talk(peer, self.asked),), daemon=True).start()

    def _talk(self, talk: Talk) -> None:
        with talk.peer:
            try:
                talk.say(self._greeting)
                while True:
                    tag, _, command = talk.line().partition(b" ")
                    self._answer(talk, tag, command)
            except OSError:
                return  # one of the two has hung up

    def _answer(self, talk: Talk, tag: bytes, command: bytes) -> None:
        fitting = [key for key in self._answers if command.decode().startswith(key)]
        answer = self._answers[max(fitting, key=len)] if fitting else b""
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer(talk, tag)
        else:
            talk.say(answer.replace(b"TAG", tag) if b"TAG" in answer else answer + tag + b" OK done\r\n")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            peer.close()
        self._thread.join()


_PLAIN: Answers = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
    "EXAMINE": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n",
    "UID SEARCH UID 1:3": b"* SEARCH 1 2 3\r\n",
    "UID SEARCH": b"* SEARCH\r\n",
    "UID FETCH 1:3 (UID RFC822.SIZE)": b"".join(b"* %d FETCH (UID %d RFC822.SIZE 10)\r\n" % (n, n) for n in (1, 2, 3)),
    "UID FETCH 1:3 (UID INTERNALDATE": b"".join(
        b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n) for n in (1, 2, 3)
    ),
}


@contextmanager
def scripted(answers: Answers, *, greeting: bytes = b"* OK ready\r\n") -> Iterator[Scripted]:
    server = Scripted(answers, greeting=greeting)
    try:
        yield server
    finally:
        server.close()
