"""Senders that are in the middle of a mail and go on with it a byte a second (bench/tarpit.py), until standard input ends.

A process of their own, with one thread: within the measuring one they would take its time, and be measured themselves.

    python bench/dripping.py PORT HOW_MANY RECIPIENT
"""

from __future__ import annotations

import itertools
import select
import socket
import sys


def main() -> None:
    """Say "ready" once all have begun, and in the end how many are still welcome."""
    port, count, recipient = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    peers = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(count)]
    for line in ("EHLO slow.example", "MAIL FROM:<a@slow.example>", f"RCPT TO:<{recipient}>", "DATA"):
        for peer in peers:
            _hear(peer)
            peer.sendall(f"{line}\r\n".encode())
    for peer in peers:
        _hear(peer)
        peer.sendall(b"Subject: ")
        peer.setblocking(False)
    print("ready", flush=True)
    for peer in itertools.cycle(peers):  # one after the other: all at once would be a load of another kind
        if select.select([sys.stdin], [], [], 1 / count)[0]:
            break
        peer.send(b"x")
    print(sum(map(_welcome, peers)), flush=True)


def _hear(peer: socket.socket) -> None:
    """Read one reply to its last line (RFC 5321, 4.2.1)."""
    heard = b""
    while not (heard.endswith(b"\r\n") and heard.split(b"\r\n")[-2][3:4] == b" "):
        piece = peer.recv(4096)
        if not piece:
            raise EOFError
        heard += piece


def _welcome(peer: socket.socket) -> bool:
    try:
        peer.recv(4096)
        return False
    except BlockingIOError:  # neither a word nor the end
        return True


if __name__ == "__main__":
    main()
