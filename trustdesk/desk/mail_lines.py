"""What stands under a line that came as mail, worded for the page. Addresses are masked as everywhere, but for our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from trustdesk.channels import addresses
from trustdesk.conversations.queries import Line, Mail, Sending
from trustdesk.customers.identify import masked_mail
from trustdesk.desk import mail_wording, writing

TONES = {"proved": "success", "claimed": "warning", "failed": "danger"}
_ICONS = {"proved": "shield-check", "claimed": "shield", "failed": "alert"}
_OUTSIDE_ICONS = {"third_party": "users", "automatic": "settings", "side": "mail"}
_MOST = 8  # addresses of one field


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail beside its text. `verdict` is a word, `why` what it means, `tone` and `icon` how it is shown."""

    sender: str
    verdict: str
    why: str
    tone: str
    icon: str
    to: str
    cc: str
    quoted: SafeString
    refused: tuple[tuple[str, str], ...]  # name, why
    as_sent: bool
    too_large: bool
    pictures: int
    original: bool


@dataclass(frozen=True, slots=True)
class Outside:
    """Who, other than customer and colleagues, a line is from; or whom (`asked`) a colleague asked with it."""

    address: str
    word: str
    what: str
    icon: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing we sent, ready to be shown."""

    recipient: str
    purpose: str
    state: str
    tone: str
    reason: str
    failed: bool
    sending: Sending


def letter(mail: Mail) -> Letter:
    """Word a mail."""
    word, why = mail_wording.verdict(mail.verdict)
    return Letter(
        sender=address(mail.sender),
        verdict=word,
        why=why,
        tone=TONES.get(mail.verdict, "warning"),
        icon=_ICONS.get(mail.verdict, "shield"),
        to=_listed(mail.to),
        cc=_listed(mail.cc),
        quoted=writing.rich(mail.quoted),
        refused=tuple((name, mail_wording.refused_file(code)) for name, code in mail.refused),
        as_sent=mail.as_sent,
        too_large=mail.too_large,
        pictures=mail.pictures,
        original=mail.original,
    )


def outside(line: Line) -> Outside | None:
    """Say who a note is from that no colleague wrote, or which department a colleague asked with it; None for any other."""
    why, asked = str(line.data.get("why", "")), str(line.data.get("to", ""))
    if line.kind != "note" or not (line.author == "customer" or (why == "side" and asked)):
        return None
    word, what = mail_wording.outside(why)
    # A department's address was typed by a colleague: there is nothing about it to protect.
    plain = str(line.data.get("from", "")) if why == "side" else address(str(line.data.get("from", "")))
    return Outside(
        asked if line.author == "agent" else plain, word, what, _OUTSIDE_ICONS.get(why, "users"), line.author == "agent"
    )


def sent(one: Sending) -> Sent:
    """Word something we sent."""
    return Sent(
        recipient=one.recipient if one.purpose == "side" else masked_mail(one.recipient),
        purpose=mail_wording.purpose(one.purpose),
        state=mail_wording.delivery(one.state),
        tone=mail_wording.delivery_tone(one.state),
        reason=mail_wording.reason(one.reason),
        failed=one.failed,
        sending=one,
    )


def address(written: str) -> str:
    """Show an address: ours as it is published, without what makes it one recipient's, and everybody else's masked."""
    plain = parseaddr(written)[1] or written
    route = addresses.route(plain)
    return route.ours.address if route is not None else masked_mail(plain)


def _listed(written: Sequence[str]) -> str:
    shown = [address(one) for one in written[:_MOST]]
    more = len(written) - len(shown)
    words = gettext(", ").join(dict.fromkeys(one for one in shown if one))
    return gettext("%(addresses)s and %(more)s more") % {"addresses": words, "more": more} if more > 0 else words
