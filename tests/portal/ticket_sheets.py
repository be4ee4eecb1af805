"""Filling in the ticket form as a browser without scripts would, and reading the page that comes back."""

from __future__ import annotations

import html
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.conversations import pictures
from tests.world import NOON
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor

DEPOSIT = "/tickets/new/deposit_missing/"
TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"
ADDRESS = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"
PHRASE = "abandon " * 11 + "about"
FIELDS = {"f.coin": "ETH", "f.network": "ERC20", "f.tx_id": TX, "f.amount": "0.5"}
LIN = visitors.identified(uid="10000100", mail="lin.wei@mail.example", now=NOON)


def signed_in(visitor: Visitor = LIN) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.cookies[visitors.COOKIE] = visitors.token(visitor)
    return client


def hidden(page: str) -> dict[str, Any]:
    """The fields a page carries without showing them; the files are a list."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    files = re.findall(r'name="file" value="([^"]+)" checked', page)
    return {name: html.unescape(value) for name, value in found.items()} | {
        "file": [html.unescape(one) for one in files]
    }


def look(client: Client, address: str = DEPOSIT) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, page: str, address: str = DEPOSIT, **typed: Any) -> HttpResponse:
    """Fill the form of a page in and send it, as a browser would."""
    fields = FIELDS | {"text": "It left my wallet two hours ago.", "mail": "anna@mail.example"}
    return client.post(address, hidden(page) | fields | typed)  # type: ignore[return-value]


def send(client: Client, **typed: Any) -> HttpResponse:
    return post(client, look(client), **typed)


def beside(page: str, key: str) -> str:
    """What is said beside a field, as text."""
    found = re.search(rf'id="{re.escape(key)}-says">(.*?)</div>', page, re.DOTALL)
    assert found, key
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip()


def value(page: str, name: str) -> str:
    """What stands in a field."""
    found = re.search(rf'name="{re.escape(name)}"(?: \w+="[^"]*")*? value="([^"]*)"', page) or re.search(
        rf'name="{re.escape(name)}"[^>]*>([^<]*)</textarea>', page
    )
    assert found, name
    return html.unescape(found[1])


def picture(name: str = "shot.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pictures.png(), content_type="image/png")
