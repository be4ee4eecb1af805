"""Tickets filed for tests, and what was mailed about them."""

from __future__ import annotations

from typing import Any

from trustdesk.channels.models import Delivery
from trustdesk.conversations import requests, tickets
from trustdesk.customers.visitors import Visitor
from trustdesk.seams import clock
from trustdesk.staff.models import Team

TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"


def file(visitor: Visitor, text: str = "It left my wallet two hours ago.", **more: Any) -> tickets.Opened:
    """Fill the form for a missing deposit in."""
    given = {"coin": "ETH", "network": "evm", "tx_id": TX, "amount": "0.5"} | more.pop("given", {})
    mail = more.pop("mail", "" if visitor.proved else "anna@mail.example")
    return requests.open_case(
        visitor=visitor,
        code=more.pop("code", "how_to"),
        given=more.pop("answers", given if more.pop("full", False) else {}),
        text=text,
        mail=mail,
        locale="en",
        now=clock.now(),
        **more,
    )


def letters() -> list[Delivery]:
    return list(Delivery.objects.order_by("pk"))


def teams() -> list[str]:
    return list(Team.objects.values_list("slug", flat=True))


def received(opened: tickets.Opened) -> Any:
    return type("Case", (), {"conversation_id": opened.id})()
