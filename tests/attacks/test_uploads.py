"""A-02, A-03, S-10, S-15, X-05: bytes are let in for who announced them, once, and never come back as a page."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.core import signing

from tests.attacks.conftest import House
from tests.attacks.wire import Answer, Socket, exchange, get
from trustdesk.conversations import attachments


def announced(socket: Socket, body: bytes, name: str = "a.txt") -> dict[str, Any]:
    frame = {"t": "upload", "id": secrets.token_hex(8), "name": name, "size": len(body), "type": "text/plain"}
    answer = socket.ask(frame, "upload")
    assert answer["t"] == "upload", answer
    return answer


def put(house: House, url: str, ticket: str, body: bytes, *more: str) -> Answer:
    bearer = (f"Authorization: Bearer {ticket}",) if ticket else ()
    return get(house.port, url, *bearer, "Content-Type: text/plain", *more, method="PUT", body=body)


def test_an_upload_is_for_who_announced_it(house: House) -> None:
    """A-03: another visitor's ticket, token or nothing lets no bytes in, and his message cannot carry the file."""
    (anna, welcome), (boris, his) = house.chat(), house.chat()
    body = b"my statement"
    place, other = announced(anna, body), announced(boris, body)
    for ticket in (
        other["ticket"],
        str(his["token"]),
        str(welcome["token"]),
        "",
        "x",
        place["ticket"][:-3],
        other["ticket"].replace(":", "."),
    ):
        answer = put(house, place["url"], ticket, b"his  content")
        assert (answer.status, json.loads(answer.body)) == (403, {"error": "bad_ticket"})
    assert put(house, other["url"], place["ticket"], b"her  content").status == 403
    assert boris.say("with her file", files=[place["file"]])["code"] == "unknown_file"
    assert put(house, place["url"], place["ticket"], body).status == 201
    assert boris.say("with her file", files=[place["file"]])["code"] == "unknown_file"
    assert anna.say("with my file", files=[place["file"]])["t"] == "ack"
    assert boris.say("again", files=[place["file"]])["code"] == "unknown_file"
    bearer = "Authorization: Bearer {}"
    assert get(house.port, f"/chat/files/{place['file']}", bearer.format(his["token"])).status == 404
    assert get(house.port, f"/chat/files/{place['file']}").status == 404
    assert get(house.port, f"/chat/files/{place['file']}?token={welcome['token']}").status == 404, (
        "S-46: not in the address"
    )
    assert get(house.port, f"/chat/files/{place['file']}", bearer.format(place["ticket"])).status == 404
    own = get(house.port, f"/chat/files/{place['file']}", bearer.format(welcome["token"]))
    assert own.status == 200
    assert own.body == body


def test_a_ticket_works_once_and_for_a_minute(house: House, inside: None) -> None:
    """S-15: the ticket of an upload is what others have for sockets; ours takes none."""
    socket, _ = house.chat()
    place = announced(socket, b"hello")
    assert put(house, place["url"], place["ticket"], b"hello").status == 201
    again = put(house, place["url"], place["ticket"], b"other")
    assert (again.status, json.loads(again.body)) == (409, {"error": "ticket_used"})
    late = announced(socket, b"hello", "b.txt")
    key, handle, number, issued = signing.loads(late["ticket"], salt=attachments._SALT)
    old = signing.dumps([key, handle, number, issued - 61], salt=attachments._SALT)
    assert put(house, late["url"], old, b"hello").status == 403
    assert attachments.TICKET_LASTS.total_seconds() == 60
    assert put(house, late["url"], late["ticket"], b"hello").status == 201


def test_an_upload_never_shows_as_a_page(house: House) -> None:
    """S-10, X-05: opened directly, refused or served, nothing of it is HTML."""
    socket, welcome = house.chat()
    page = b"<html><script>alert(1)</script></html>"
    place = announced(socket, page)
    assert put(house, place["url"], place["ticket"], page).status == 201
    for path, header in (
        (place["url"], ""),
        (f"/chat/files/{place['file']}", f"Authorization: Bearer {welcome['token']}"),
    ):
        answer = get(house.port, path, *([header] if header else []), "Accept: text/html", "Sec-Fetch-Mode: navigate")
        assert not answer.header("Content-Type").startswith("text/html") or answer.status == 405
        assert answer.header("X-Content-Type-Options") == "nosniff"
        if answer.status == 200:
            assert answer.header("Content-Disposition").startswith("attachment")
            assert answer.header("Content-Security-Policy") == "default-src 'none'; sandbox"
            assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"


def test_an_upload_longer_than_announced_stops_at_the_announced_length(house: House) -> None:
    socket, _ = house.chat()
    place = announced(socket, b"hello")
    before = house.memory()

    def endless() -> Any:
        yield (
            f"PUT {place['url']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {place['ticket']}\r\n"
            "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        ).encode()
        for _ in range(40):
            yield b"100000\r\n" + b"a" * 2**20 + b"\r\n"

    assert exchange(house.port, endless()).status in (400, 413, 0)
    assert house.memory() - before < 40e6
    assert put(house, place["url"], place["ticket"], b"hello").status in (403, 409, 413)
