"""Two senders of mail, one of them honest, with all that DNS says about them; and the verdict on a mail."""

from __future__ import annotations

from functools import lru_cache

from tests.net.keys import pem
from tests.net.smtp import NOON
from tests.net.zone import Records, Zone, serve
from trustdesk.net.authenticity import Verdict, evaluate
from trustdesk.net.dkim import DkimKey
from trustdesk.net.dns import Resolver

OURS, THEIRS = "192.0.2.10", "203.0.113.66"  # where ok.test sends from, and where evil.test does
BODY = b"To: desk@desk.example\r\nSubject: Hello\r\nDate: Mon, 02 Nov 2026 12:00:00 +0000\r\n\r\nHello.\r\n"


@lru_cache(maxsize=16)
def key(name: str, selector: str = "s1") -> DkimKey:
    return DkimKey(name, selector, pem())


def world(policy_text: str = "v=DMARC1; p=reject", **more: Records) -> dict[str, Records]:
    """ok.test and evil.test both send with everything in order; `more` names take `_` for `.`."""
    zone: dict[str, Records] = {}
    for name, ip in (("ok.test", OURS), ("mail.ok.test", OURS), ("evil.test", THEIRS), ("mail.evil.test", THEIRS)):
        zone[name] = {"TXT": [f"v=spf1 ip4:{ip} -all"], "A": [ip]}
        at, text = key(name).record
        zone[at] = {"TXT": [text]}
    zone["_dmarc.ok.test"] = {"TXT": [policy_text]}
    zone["_dmarc.evil.test"] = {"TXT": ["v=DMARC1; p=none"]}
    return zone | more


def mail(sender: bytes = b"From: Alice <alice@ok.test>\r\n", *, by: str = "") -> bytes:
    content = sender + BODY
    return key(by).sign(content, now=NOON) if by else content


def judge(
    content: bytes,
    zone: Zone | None = None,
    *,
    ip: str = THEIRS,
    helo: str = "mail.evil.test",
    mail_from: str | None = "m@evil.test",
    shown: str | None = None,
    timeout: float = 2,
) -> Verdict:
    with serve(world() if zone is None else zone) as address:
        resolver = Resolver(nameservers=[address], timeout=timeout)
        return evaluate(content, ip=ip, helo=helo, mail_from=mail_from, resolver=resolver, now=NOON, shown=shown)
