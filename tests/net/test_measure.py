"""The guard against a public collection of attack addresses, where one is at hand (N-01).

Set TRUSTDESK_CORPORA to a folder that holds `ssrf.jsonl`, one object a line: {"url": …, "private": true | false}.
"""

from __future__ import annotations

import ipaddress
import json
import os
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tests.net.servers import listener
from trustdesk.net.addresses import AddressRefused, Guard, is_public, parse
from trustdesk.net.http import Http, HttpFailed, Limits

ONCE = Limits(attempts=1)


def _rows() -> list[dict[str, Any]]:
    folder = os.environ.get("TRUSTDESK_CORPORA", "")
    file = Path(folder) / "ssrf.jsonl"
    if not folder or not file.is_file():
        pytest.skip("TRUSTDESK_CORPORA names no folder with ssrf.jsonl: the collection is not part of this repository")
    return [json.loads(line) for line in file.read_text().splitlines()]


class Recorder(httpcore.NetworkBackend):
    """A network that notes where one wanted to go and lets nobody through."""

    def __init__(self) -> None:
        self.visited: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        self.visited.append(host)
        raise httpcore.ConnectError("recorded")


def _ask(http: Http, url: str) -> str:
    with pytest.raises(HttpFailed) as failed:
        http.get(url)
    return failed.value.reason


def test_no_address_reaches_the_inside_even_when_every_name_leads_there() -> None:
    rows = _rows()
    with listener() as canary:
        network = Recorder()
        http = Http(guard=Guard(resolve=lambda host, port: ["127.0.0.1"]), limits=ONCE, network=network)
        for row in rows:
            _ask(http, row["url"])
        assert canary.visits == 0
    assert [ip for ip in network.visited if not is_public(ipaddress.ip_address(ip))] == []


def test_no_private_number_is_connected_to_and_no_public_address_is_refused() -> None:
    rows = _rows()
    network = Recorder()
    http = Http(guard=Guard(resolve=lambda host, port: ["93.184.216.34"]), limits=ONCE, network=network)
    reasons = {row["url"]: _ask(http, row["url"]) for row in rows}
    assert [ip for ip in network.visited if not is_public(ipaddress.ip_address(ip))] == []
    # What is refused must be wrong by itself: a special number, an odd spelling, another scheme. A public one is none.
    refused = [url for url, reason in reasons.items() if reason != "connect"]
    wrongly = [url for url in refused if _looks_public(url)]
    print(json.dumps({"rows": len(rows), "refused": len(refused), "wrongly_refused": len(wrongly)}))  # noqa: T201
    assert wrongly == []


def _looks_public(url: str) -> bool:
    """A plain http(s) address of a name or a public number."""
    try:
        host = parse(url).host
        return is_public(ipaddress.ip_address(host))
    except AddressRefused:
        return url.isascii() and url.startswith(("http://www.", "https://")) and not set("@\\[]${}") & set(url)
    except ValueError:
        return True
