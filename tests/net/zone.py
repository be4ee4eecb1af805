"""A small authoritative name server on loopback, for a zone that a test writes down (UDP and TCP, dnspython)."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

SERVFAIL: Final = "SERVFAIL"  # in place of records: the server fails
SILENT: Final = "SILENT"  # in place of records: no answer ever comes

# A name's records by kind, in zone file form (TXT as plain text of any length), or one of the two troubles for all.
# A kind may be in trouble too. A CNAME is followed within the zone. Tests may change the zone while it is served.
Records = Mapping[str, list[str] | str] | str
Zone = Mapping[str, Records]


@contextmanager
def serve(zone: Zone, *, ttl: int = 300, asked: list[tuple[str, str]] | None = None) -> Iterator[str]:
    """Serve a zone and give the address, `127.0.0.1:port`. `asked` collects (name, kind) of every question."""
    for _ in range(20):  # the same port has to be free for both
        tcp = _Tcp(("127.0.0.1", 0), _OverTcp)
        try:
            udp = _Udp(tcp.server_address, _OverUdp)
            break
        except OSError:
            tcp.server_close()
    else:
        raise OSError("no port free for both UDP and TCP")
    servers = (tcp, udp)
    for server in servers:
        server.served = _Served(zone, ttl, asked)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"127.0.0.1:{tcp.server_address[1]}"
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@dataclass(frozen=True)
class _Served:
    zone: Zone
    ttl: int
    asked: list[tuple[str, str]] | None


class _Tcp(socketserver.ThreadingTCPServer):
    served: _Served
    daemon_threads = True
    allow_reuse_address = True


class _Udp(socketserver.ThreadingUDPServer):
    served: _Served
    daemon_threads = True


class _OverUdp(socketserver.BaseRequestHandler):
    server: _Udp

    def handle(self) -> None:
        data, sock = self.request
        reply = _reply(data, self.server.served, most=1232)
        if reply is not None:
            sock.sendto(reply, self.client_address)


class _OverTcp(socketserver.StreamRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        size = int.from_bytes(self.rfile.read(2), "big")
        reply = _reply(self.rfile.read(size), self.server.served, most=65_535) if size else None
        if reply is None:
            time.sleep(0.1)
        else:
            self.wfile.write(len(reply).to_bytes(2, "big") + reply)


def _reply(data: bytes, served: _Served, *, most: int) -> bytes | None:
    query = dns.message.from_wire(data)
    question = query.question[0]
    name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
    if served.asked is not None:
        served.asked.append((name, kind))
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    trouble = _fill(reply, served.zone, name, kind, ttl=served.ttl)
    if trouble == SILENT:
        return None
    if trouble == SERVFAIL:
        reply.set_rcode(dns.rcode.SERVFAIL)
    wire = reply.to_wire(max_size=65_535)
    if len(wire) > most:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
        wire = reply.to_wire()
    return wire


def _fill(
    reply: dns.message.Message, zone: Zone, name: str, kind: str, *, ttl: int
) -> Literal["", "SERVFAIL", "SILENT"]:
    for _ in range(10):
        records = zone.get(name)
        if records is None:
            if not any(other.endswith(f".{name}") for other in zone):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            return ""
        found = records if isinstance(records, str) else records.get(kind, records.get("CNAME", []))
        if found in (SERVFAIL, SILENT):
            return found  # type: ignore[return-value]
        assert not isinstance(found, str), found
        alias = not isinstance(records, str) and kind not in records and "CNAME" in records
        if found:
            shown = "CNAME" if alias else kind
            texts = [_quoted(text) for text in found] if shown == "TXT" else found
            reply.answer.append(dns.rrset.from_text_list(f"{name}.", ttl, "IN", shown, texts))
        if not alias:
            return ""
        name = found[0].rstrip(".").lower()
    return SERVFAIL


def _quoted(text: str) -> str:
    """A TXT record holds strings of at most 255 bytes."""
    data = text.encode("utf-8")
    pieces = [data[at : at + 255] for at in range(0, len(data), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{byte:03d}" for byte in piece) + '"' for piece in pieces)


def closed_port() -> str:
    """An address where nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
